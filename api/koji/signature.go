package koji

import (
	"fmt"
	"strconv"
	"strings"
)

// param is one named argument.
type param struct {
	name     string
	optional bool
	value    any // the default
}

// signature is how Python would declare a method. It is written so in the
// table because clients see it: in faults, and from _listapi.
type signature struct {
	name    string // stands in texts
	bound   bool   // counts itself as an argument, as Python's methods do
	params  []param
	varargs string
	varkw   string
}

// parseSignature reads "Class.name(self, a, b=None, *args, **kw)".
func parseSignature(text string) (*signature, error) {
	name, rest, ok := strings.Cut(text, "(")
	list, end := strings.CutSuffix(rest, ")")
	if !ok || !end || name == "" {
		return nil, fmt.Errorf("signature %q: want name(arguments)", text)
	}
	s := &signature{name: name}
	if list == "" {
		return s, nil
	}
	for i, part := range strings.Split(list, ", ") {
		if err := s.add(i, part); err != nil {
			return nil, fmt.Errorf("signature %q: %w", text, err)
		}
	}
	return s, nil
}

func (s *signature) add(i int, part string) error {
	if i == 0 && part == "self" {
		s.bound = true
		return nil
	}
	if s.varkw != "" {
		return fmt.Errorf("%q after **%s", part, s.varkw)
	}
	if kw, ok := strings.CutPrefix(part, "**"); ok {
		s.varkw = kw
		return nil
	}
	if s.varargs != "" {
		return fmt.Errorf("%q after *%s", part, s.varargs)
	}
	if rest, ok := strings.CutPrefix(part, "*"); ok {
		s.varargs = rest
		return nil
	}
	name, value, optional := strings.Cut(part, "=")
	p := param{name: name, optional: optional}
	if optional {
		var err error
		if p.value, err = parseLiteral(value); err != nil {
			return err
		}
	} else if n := len(s.params); n > 0 && s.params[n-1].optional {
		return fmt.Errorf("%s without a default after one with", name)
	}
	if name == "" || s.index(name) >= 0 {
		return fmt.Errorf("%q is no argument", part)
	}
	s.params = append(s.params, p)
	return nil
}

func parseLiteral(text string) (any, error) {
	switch text {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	if len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return text[1 : len(text)-1], nil
	}
	return nil, fmt.Errorf("%q is no default that is known here", text)
}

func (s *signature) index(name string) int {
	for i := range s.params {
		if s.params[i].name == name {
			return i
		}
	}
	return -1
}

// describe gives the arguments in Python's spelling, without self.
func (s *signature) describe() string {
	var parts []string
	for _, p := range s.params {
		if p.optional {
			parts = append(parts, p.name+"="+pyRepr(p.value))
		} else {
			parts = append(parts, p.name)
		}
	}
	if s.varargs != "" {
		parts = append(parts, "*"+s.varargs)
	}
	if s.varkw != "" {
		parts = append(parts, "**"+s.varkw)
	}
	return strings.Join(parts, ", ")
}

func pyRepr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return "'" + v + "'"
	}
	return fmt.Sprint(v)
}
