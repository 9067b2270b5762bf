package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// imageChannel is where images are built.
const imageChannel = "image"

// Arches are the architectures that a text or a list of texts names, each once
// and in a spelling that is allowed. With none it gives nil.
func Arches(names ...string) ([]string, error) {
	text := strings.Join(names, " ")
	checked, err := tag.Arches(&text, true)
	if err != nil || checked == nil {
		return nil, err
	}
	return strings.Fields(*checked), nil
}

// Live is an image that is made from a kickstart file.
type Live struct {
	Kind          string // livecd, appliance or livemedia: each has its permission, and its channel
	Name, Version string
	Arch          json.RawMessage
	Target        tag.Ref
	Kickstart     string
	Opts          json.RawMessage
}

// StartLive has such an image made.
func (f *Flow) StartLive(ctx context.Context, tx *db.Tx, by account.Actor, l Live, a Asked) (*task.Task, error) {
	const op = "flow.StartLive"
	if !slices.Contains([]string{"livecd", "appliance", "livemedia"}, l.Kind) {
		return nil, kura.Errorf(op, kura.Invalid, "Unrecognized image type: %s", l.Kind)
	}
	if err := account.Perm(l.Kind).Allow(by); err != nil {
		return nil, err
	}
	if l.Kind == "livemedia" { // its children are of an arch
		a.Arch = "noarch"
	}
	a.Channel = l.Kind
	return f.foreign(ctx, tx, by, l.Kind, a, l.Name, l.Version, l.Arch, asSaid(l.Target), l.Kickstart, l.Opts)
}

// StartIndirection has an image made of another one.
func (f *Flow) StartIndirection(ctx context.Context, tx *db.Tx, by account.Actor, opts json.RawMessage, a Asked) (*task.Task, error) {
	const op = "flow.StartIndirection"
	var has map[string]json.RawMessage
	if err := json.Unmarshal(orNone(opts), &has); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "the options of an image of another image are no object: %w", err)
	}
	if has["scratch"] == nil && has["indirection_template_url"] == nil {
		return nil, kura.Errorf(op, kura.Denied, "Non-scratch builds must provide url for the indirection template: the option indirection_template_url")
	}
	return f.foreign(ctx, tx, by, "indirectionimage", a.or(imageChannel), orNone(opts))
}

// Image is one that is installed from a tree.
type Image struct {
	Name, Version string
	Arches        json.RawMessage
	Target        tag.Ref
	Tree          string
	Opts          json.RawMessage
}

// StartImage has such an image made.
func (f *Flow) StartImage(ctx context.Context, tx *db.Tx, by account.Actor, i Image, a Asked) (*task.Task, error) {
	return f.foreign(ctx, tx, by, "image", a.or(imageChannel), i.Name, i.Version, i.Arches, asSaid(i.Target), i.Tree, i.Opts)
}

// Kiwi is an image that KIWI builds of a description. What is empty is not
// passed on.
type Kiwi struct {
	Target              tag.Ref  `json:"-"`
	Arches              []string `json:"-"`
	URL                 string   `json:"-"` // of the repository with the description
	Path                string   `json:"-"` // of the description in it
	OptionalArches      []string `json:"optional_arches,omitempty"`
	Profile             string   `json:"profile,omitempty"`
	Version             string   `json:"version,omitempty"`
	Release             string   `json:"release,omitempty"`
	Releasever          string   `json:"repo_releasever,omitempty"`
	BundleName          string   `json:"result_bundle_name_format,omitempty"`
	Type                string   `json:"type,omitempty"`
	Repos               []any    `json:"repos,omitempty"`
	TypeAttr            []any    `json:"type_attr,omitempty"`
	Scratch             bool     `json:"scratch,omitempty"`
	Prepare             bool     `json:"make_prep,omitempty"`
	WithBuildrootsRepos bool     `json:"use_buildroot_repo,omitempty"`
}

// StartKiwi has such an image made.
func (f *Flow) StartKiwi(ctx context.Context, tx *db.Tx, by account.Actor, k Kiwi, a Asked) (*task.Task, error) {
	if k.Arches == nil { // none named are those of the tag
		return nil, kura.Errorf("flow.StartKiwi", kura.Invalid, "No arches supplied")
	}
	if _, err := tag.GetTarget(ctx, tx, k.Target, 0); err != nil {
		return nil, err
	}
	return f.foreign(ctx, tx, by, "kiwiBuild", a.or(imageChannel), asSaid(k.Target), k.Arches, k.URL, k.Path, k)
}

// DriverDisk is an image of packages with drivers.
type DriverDisk struct {
	Name, Version string
	Arches        json.RawMessage
	Target        tag.Ref
	Packages      json.RawMessage
	Opts          DriverDiskOpts
}

// DriverDiskOpts are all the options there are.
type DriverDiskOpts struct {
	Scratch        bool            `json:"scratch"`
	AllDeps        bool            `json:"alldeps"`
	SCM            *string         `json:"scmurl"`
	OptionalArches json.RawMessage `json:"optional_arches"`
}

// StartDriverDisk has such an image made.
func (f *Flow) StartDriverDisk(ctx context.Context, tx *db.Tx, by account.Actor, d DriverDisk, a Asked) (*task.Task, error) {
	return f.foreign(ctx, tx, by, "dudBuild", a.or(imageChannel), d.Name, d.Version, d.Arches, asSaid(d.Target), d.Packages, d.Opts)
}
