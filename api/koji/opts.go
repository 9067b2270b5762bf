package koji

import (
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// optReader reads options of a struct; the first wrong one is remembered.
type optReader struct {
	opts map[string]any
	err  error
}

func (r *optReader) wrong(name string, v any) {
	if r.err == nil {
		r.err = kura.Errorf("koji.opts", kura.Invalid, "Invalid type for option %s: %s", name, typeName(v))
	}
}

func (r *optReader) string(name string) string {
	v, ok := r.opts[name]
	if !ok || v == nil {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		r.wrong(name, v)
	}
	return s
}

// list gives an option as a list; nil if it was not given.
func (r *optReader) list(name string) []any {
	switch v := r.opts[name].(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func (r *optReader) strings(name string) []string {
	values := r.list(name)
	if values == nil {
		return nil
	}
	out := make([]string, 0, len(values))
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			r.wrong(name, v)
		}
		out = append(out, s)
	}
	return out
}

func (r *optReader) ints(name string) []int64 {
	values := r.list(name)
	if values == nil {
		return nil
	}
	out := make([]int64, 0, len(values))
	for _, v := range values {
		n, ok := toInt(v)
		if !ok {
			r.wrong(name, v)
		}
		out = append(out, n)
	}
	return out
}

// int is an integer that must be there.
func (r *optReader) int(name string) int64 {
	n, ok := toInt(r.opts[name])
	if !ok {
		r.wrong(name, r.opts[name])
	}
	return n
}

// bool is Python's truth of an option, or nil for one that was not given.
// optInt is nil where the option was not given.
func (r *optReader) optInt(name string) *int64 {
	if r.opts[name] == nil {
		return nil
	}
	n := r.int(name)
	return &n
}

func (r *optReader) bool(name string) *bool {
	v := r.opts[name]
	if v == nil {
		return nil
	}
	b := truthy(v)
	return &b
}

// ref is an object by id or name.
func (r *optReader) ref(name string) account.Ref {
	switch v := r.opts[name].(type) {
	case int64:
		return account.ByID(v)
	case string:
		return account.ByName(v)
	default:
		r.wrong(name, v)
	}
	return account.Ref{}
}

// optString is a string, or nil for one that was not given.
func (r *optReader) optString(name string) *string {
	if r.opts[name] == nil {
		return nil
	}
	s := r.string(name)
	return &s
}

func (r *optReader) structure(name string) map[string]any {
	v := r.opts[name]
	if v == nil {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		r.wrong(name, v)
	}
	return m
}

// timeLayouts are the spellings of times that clients send as texts.
var timeLayouts = []string{
	"2006-01-02 15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999Z07:00",
	"2006-01-02T15:04:05.999999", "2006-01-02 15:04", "2006-01-02",
}

// time reads an instant, in seconds or as a text, under the first of its names.
func (r *optReader) time(names ...string) int64 {
	for _, name := range names {
		v := r.opts[name]
		if v == nil {
			continue
		}
		if f, ok := number(v); ok {
			return max(1, int64(f*1e6))
		}
		text, _ := v.(string)
		for _, layout := range timeLayouts {
			if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
				return max(1, t.UnixMicro())
			}
		}
		r.wrong(name, v)
	}
	return 0
}
