package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// Osbuild are the parameters of an image that osbuild builds, each as JSON.
type Osbuild struct {
	Name      json.RawMessage `json:"name"`
	Version   json.RawMessage `json:"version"`
	Distro    json.RawMessage `json:"distro"`
	ImageType json.RawMessage `json:"image_type"`
	Target    json.RawMessage `json:"target"`
	Arches    json.RawMessage `json:"arches"`
	Opts      json.RawMessage `json:"opts"`
}

// StartOsbuild has such an image made, by builders with Koji's plugin. Its options
// are those of that plugin and nothing else.
func (f *Flow) StartOsbuild(ctx context.Context, tx *db.Tx, by account.Actor, o Osbuild, a Asked) (*task.Task, error) {
	const op = "flow.StartOsbuild"
	var params []any
	for _, p := range []struct {
		name string
		text json.RawMessage
	}{{"name", o.Name}, {"version", o.Version}, {"distro", o.Distro}, {"image_type", o.ImageType}, {"target", o.Target}, {"arches", o.Arches}, {"opts", o.Opts}} {
		var v any
		if len(p.text) > 0 {
			if err := json.Unmarshal(p.text, &v); err != nil {
				return nil, kura.Errorf(op, kura.Invalid, "%s: %w", p.name, err)
			}
		}
		param := any(p.text)
		if list, ok := v.([]any); ok && p.name == "image_type" && len(list) == 1 { // as it was once written
			v, param = list[0], list[0]
		}
		if err := osbuildShapes[p.name](v); err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "%s: %w", p.name, err)
		}
		params = append(params, param)
	}
	return f.foreign(ctx, tx, by, "osbuildImage", a.or(imageChannel), params...)
}

// typeName is what a value of JSON is.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "a struct"
}

// shape checks what a value consists of.
type shape func(v any) error

func isText(v any) error {
	if _, ok := v.(string); !ok {
		return fmt.Errorf("want a string, got %s", typeName(v))
	}
	return nil
}

func isTruth(v any) error {
	if _, ok := v.(bool); !ok {
		return fmt.Errorf("want a boolean, got %s", typeName(v))
	}
	return nil
}

func isStruct(v any) error {
	if _, ok := v.(map[string]any); !ok {
		return fmt.Errorf("want a struct, got %s", typeName(v))
	}
	return nil
}

func many(least int, each shape) shape {
	return func(v any) error {
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("want a list, got %s", typeName(v))
		}
		if len(list) < least {
			return fmt.Errorf("want at least %d, got %d", least, len(list))
		}
		for i, e := range list {
			if err := each(e); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
}

// fields is a struct of these and no others; those with a star must be there.
func fields(of map[string]shape) shape {
	known := map[string]shape{}
	var needed []string
	for name, s := range of {
		if name[0] == '*' {
			name = name[1:]
			needed = append(needed, name)
		}
		known[name] = s
	}
	slices.Sort(needed)
	return func(v any) error {
		if err := isStruct(v); err != nil {
			return err
		}
		m, _ := v.(map[string]any)
		for _, name := range needed {
			if _, ok := m[name]; !ok {
				return fmt.Errorf("%s is required", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			s, ok := known[name]
			if !ok {
				return fmt.Errorf("there is no option %.100q", name)
			}
			if err := s(m[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
}

func anyOf(of ...shape) shape {
	return func(v any) error {
		var last error
		for _, s := range of {
			if last = s(v); last == nil {
				return nil
			}
		}
		return fmt.Errorf("it is none of the kinds there are (%w)", last)
	}
}

// osbuildShapes are the parameters of osbuildImage.
var osbuildShapes = map[string]shape{
	"name": isText, "version": isText, "distro": isText, "image_type": isText, "target": isText, "arches": many(1, isText),
	"opts": fields(map[string]shape{
		"repo":           many(0, anyOf(isText, fields(map[string]shape{"*baseurl": isText, "package_sets": many(0, isText)}))),
		"release":        isText,
		"skip_tag":       isTruth,
		"customizations": isStruct,
		"ostree":         fields(map[string]shape{"parent": isText, "ref": isText, "url": isText}),
		"upload_options": anyOf(
			fields(map[string]shape{"*region": isText, "*share_with_accounts": many(0, isText), "snapshot_name": isText}), // AWS EC2
			fields(map[string]shape{"*region": isText}), // AWS S3
			fields(map[string]shape{"*tenant_id": isText, "*subscription_id": isText, "*resource_group": isText, "location": isText, "image_name": isText}),
			fields(map[string]shape{"*region": isText, "bucket": isText, "image_name": isText, "share_with_accounts": many(0, isText)}), // GCP
			fields(map[string]shape{"name": isText, "tag": isText}),                                                                     // a container registry
		),
	}),
}
