package koji

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// splitKeywords takes the keyword arguments from the end of positional ones:
// clients send them as a struct that is marked with __starstar.
func splitKeywords(params []any) ([]any, map[string]any) {
	if len(params) == 0 {
		return params, nil
	}
	last, ok := params[len(params)-1].(map[string]any)
	if !ok || !truthy(last["__starstar"]) {
		return params, nil
	}
	kw := maps.Clone(last)
	delete(kw, "__starstar")
	return params[:len(params)-1], kw
}

// bind gives every argument its value as Python would, and fails in Python's
// words, some of which clients look for.
func (s *signature) bind(params []any, kw map[string]any) (*Args, error) {
	a := &Args{sig: s, values: make([]any, len(s.params))}
	given := make([]bool, len(s.params))
	n := copy(a.values, params)
	for i := range n {
		given[i] = true
	}
	if s.varargs != "" {
		a.Rest = params[n:]
	}
	var names []string
	if len(kw) > 0 {
		names = slices.Sorted(maps.Keys(kw))
	}
	for _, name := range names {
		i := s.index(name)
		switch {
		case i < 0 && s.varkw == "":
			return nil, s.mismatch("got an unexpected keyword argument '%s'", name)
		case i < 0:
			if a.Keywords == nil {
				a.Keywords = map[string]any{}
			}
			a.Keywords[name] = kw[name]
		case given[i]:
			return nil, s.mismatch("got multiple values for argument '%s'", name)
		default:
			a.values[i], given[i] = kw[name], true
		}
	}
	if len(params) > len(s.params) && s.varargs == "" {
		return nil, s.tooMany(len(params))
	}
	var missing []string
	for i, p := range s.params {
		if given[i] {
			continue
		}
		if !p.optional {
			missing = append(missing, "'"+p.name+"'")
		}
		a.values[i] = p.value
	}
	if len(missing) > 0 {
		return nil, s.mismatch("missing %d required positional %s: %s",
			len(missing), plural("argument", len(missing)), enumerate(missing))
	}
	return a, nil
}

func (s *signature) mismatch(format string, args ...any) error {
	return fault(parameterError, "%s() %s", s.name, fmt.Sprintf(format, args...))
}

func (s *signature) tooMany(given int) error {
	most, least := len(s.params), 0
	for least < most && !s.params[least].optional {
		least++
	}
	if s.bound {
		most, least, given = most+1, least+1, given+1
	}
	were := "were"
	if given == 1 {
		were = "was"
	}
	if least < most {
		return s.mismatch("takes from %d to %d positional arguments but %d %s given", least, most, given, were)
	}
	return s.mismatch("takes %d positional %s but %d %s given", most, plural("argument", most), given, were)
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// enumerate joins as Python does: 'a', 'b', and 'c'.
func enumerate(names []string) string {
	switch n := len(names); n {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and " + names[1]
	default:
		return strings.Join(names[:n-1], ", ") + ", and " + names[n-1]
	}
}

// truthy is Python's idea of a condition.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []byte:
		return len(v) > 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
