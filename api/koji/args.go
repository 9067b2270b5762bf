package koji

import (
	"fmt"
	"strconv"

	"github.com/kura-build/kura"
)

// Args are the bound arguments of a call. The getters convert; the first
// argument of a wrong type is remembered, and Err reports it: read all
// arguments, then ask Err once.
type Args struct {
	Rest     []any          // *args
	Keywords map[string]any // **kw

	sig    *signature
	values []any
	err    error
}

// Err is the first conversion that failed.
func (a *Args) Err() error { return a.err }

// Any is an argument as it came. Asking for an argument that the signature
// does not have is an error too: of ours.
func (a *Args) Any(name string) any {
	i := a.sig.index(name)
	if i < 0 {
		if a.err == nil {
			a.err = fmt.Errorf("%s has no argument %s", a.sig.name, name)
		}
		return nil
	}
	return a.values[i]
}

func (a *Args) wrong(name, want string, v any) {
	if a.err == nil {
		a.err = kura.Errorf("koji."+a.sig.name, kura.Invalid, "Invalid type for argument %s of %s: want %s, got %s",
			name, a.sig.name, want, typeName(v))
	}
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "boolean"
	case int64:
		return "int"
	case float64:
		return "double"
	case string:
		return "string"
	case []byte:
		return "base64"
	case []any:
		return "array"
	case map[string]any:
		return "struct"
	}
	return "dateTime"
}

// String is a string that must be there.
func (a *Args) String(name string) string {
	v := a.Any(name)
	s, ok := v.(string)
	if !ok {
		a.wrong(name, "string", v)
	}
	return s
}

// OptString is a string, or nil for one that was not given.
func (a *Args) OptString(name string) *string {
	switch v := a.Any(name).(type) {
	case nil:
	case string:
		return &v
	default:
		a.wrong(name, "string or nil", v)
	}
	return nil
}

// Int is an integer that must be there. Clients send some as strings.
func (a *Args) Int(name string) int64 {
	v := a.Any(name)
	if n, ok := toInt(v); ok {
		return n
	}
	a.wrong(name, "int", v)
	return 0
}

// OptInt is an integer, or nil for one that was not given.
func (a *Args) OptInt(name string) *int64 {
	v := a.Any(name)
	if v == nil {
		return nil
	}
	n, ok := toInt(v)
	if !ok {
		a.wrong(name, "int or nil", v)
		return nil
	}
	return &n
}

func toInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// OptDouble is a number, or nil for one that was not given.
func (a *Args) OptDouble(name string) *float64 {
	switch v := a.Any(name).(type) {
	case nil:
		return nil
	case float64:
		return &v
	case int64:
		f := float64(v)
		return &f
	default:
		a.wrong(name, "double or nil", v)
		return nil
	}
}

// Bool is Python's truth of an argument of any type.
func (a *Args) Bool(name string) bool { return truthy(a.Any(name)) }

// List is an array, or nil.
func (a *Args) List(name string) []any {
	switch v := a.Any(name).(type) {
	case nil:
	case []any:
		return v
	default:
		a.wrong(name, "array", v)
	}
	return nil
}

// Strings is an array of strings, or nil; one string is an array of one.
func (a *Args) Strings(name string) []string {
	v := a.Any(name)
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	for _, x := range a.List(name) {
		s, ok := x.(string)
		if !ok {
			a.wrong(name, "array of strings", x)
			return nil
		}
		out = append(out, s)
	}
	return out
}

// Ints is an array of integers, or nil; one integer is an array of one.
func (a *Args) Ints(name string) []int64 {
	v := a.Any(name)
	if n, ok := v.(int64); ok {
		return []int64{n}
	}
	var out []int64
	for _, x := range a.List(name) {
		n, ok := x.(int64)
		if !ok {
			a.wrong(name, "array of ints", x)
			return nil
		}
		out = append(out, n)
	}
	return out
}

// Map is a struct, or nil.
func (a *Args) Map(name string) map[string]any {
	switch v := a.Any(name).(type) {
	case nil:
	case map[string]any:
		return v
	default:
		a.wrong(name, "struct", v)
	}
	return nil
}

// Ref names an object by id or by name. Structs are answers of ours that
// clients hand back: their id counts, else their name.
type Ref struct {
	ID   int64
	Name string
}

// IsZero reports whether nothing was given.
func (r Ref) IsZero() bool { return r == Ref{} }

// Ref is an object by id, name or struct; zero for nil.
func (a *Args) Ref(name string) Ref {
	switch v := a.Any(name).(type) {
	case nil:
		return Ref{}
	case int64:
		return Ref{ID: v}
	case string:
		return Ref{Name: v}
	case map[string]any:
		if id, ok := v["id"].(int64); ok {
			return Ref{ID: id}
		}
		if s, ok := v["name"].(string); ok {
			return Ref{Name: s}
		}
		a.wrong(name, "struct with id or name", v)
	default:
		a.wrong(name, "int, string or struct", v)
	}
	return Ref{}
}
