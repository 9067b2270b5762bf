package koji

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// Requests and results of tasks are kept as JSON, which has no bytes and no
// dates. These are kept as objects with one member of these names; a struct of
// a client that looks like one of them is kept inside a third.
const (
	boxBytes  = "__base64__"
	boxDate   = "__datetime__"
	boxStruct = "__struct__"
)

// maxDepth bounds nesting on the way in; XML-RPC's reader has a bound of its own.
const maxDepth = 200

// toJSON gives a value of a call as JSON. 1.0 stays a double.
func toJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := writeJSON(&b, v, 0); err != nil {
		return nil, kura.Errorf("koji.toJSON", kura.Invalid, "%w", err)
	}
	return b.Bytes(), nil
}

func writeJSON(b *bytes.Buffer, v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		return writeDouble(b, v)
	case string:
		return writeText(b, v)
	case []byte:
		b.WriteString(`{"` + boxBytes + `":"` + base64.StdEncoding.EncodeToString(v) + `"}`)
	case xmlrpc.DateTime:
		b.WriteString(`{"` + boxDate + `":`)
		if err := writeText(b, string(v)); err != nil {
			return err
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, x, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case map[string]any:
		return writeStruct(b, v, depth)
	default:
		return fmt.Errorf("a value of type %T cannot be kept", v)
	}
	return nil
}

func writeDouble(b *bytes.Buffer, f float64) error {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Errorf("%v cannot be kept: it is no number", f)
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	b.WriteString(text)
	return nil
}

func writeText(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	b.Truncate(b.Len() - 1) // the encoder's newline
	return err
}

func writeStruct(b *bytes.Buffer, m map[string]any, depth int) error {
	wrapped := len(m) == 1 && (has(m, boxBytes) || has(m, boxDate) || has(m, boxStruct))
	if wrapped {
		b.WriteString(`{"` + boxStruct + `":`)
	}
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeText(b, name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, m[name], depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	if wrapped {
		b.WriteByte('}')
	}
	return nil
}

func has(m map[string]any, name string) bool { _, ok := m[name]; return ok }

// fromJSON gives kept JSON as a value for a client.
func fromJSON(text json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, kura.E("koji.fromJSON", err)
	}
	return revive(v)
}

func revive(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			if n, err := v.Int64(); err == nil {
				return n, nil
			}
		}
		f, err := v.Float64()
		return f, kura.E("koji.fromJSON", err)
	case []any:
		for i := range v {
			if v[i], err = revive(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		return reviveStruct(v)
	}
	return v, nil
}

func reviveStruct(m map[string]any) (any, error) {
	if len(m) == 1 {
		if text, ok := m[boxBytes].(string); ok {
			p, err := base64.StdEncoding.DecodeString(text)
			return p, kura.E("koji.fromJSON", err)
		}
		if text, ok := m[boxDate].(string); ok {
			return xmlrpc.DateTime(text), nil
		}
		if inner, ok := m[boxStruct].(map[string]any); ok {
			m = inner
		}
	}
	for name := range m {
		v, err := revive(m[name])
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m, nil
}

// requestOf gives the parameters of a task. Those of kura's own kinds of tasks
// are one object; Koji's newer tasks look so: a struct that names its method.
func requestOf(method string, request json.RawMessage) ([]any, error) {
	v, err := fromJSON(request)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case []any:
		return v, nil
	case map[string]any:
		v["__method__"] = method
		return []any{v}, nil
	case nil:
		return []any{}, nil
	}
	return []any{v}, nil
}
