package koji

import (
	"context"
	"errors"
	"fmt"

	"github.com/kura-build/kura/format/xmlrpc"
)

// selfHandlers are the methods by which the front tells about itself.
func (s *Server) selfHandlers() Handlers {
	constant := func(v any) Handler {
		return func(context.Context, *Call) (any, error) { return v, nil }
	}
	return Handlers{
		"hello":          constant("Hello World"),
		"getKojiVersion": constant(Version),
		"getAPIVersion":  constant(1),
		"echo": func(_ context.Context, c *Call) (any, error) {
			return c.Args.Rest, nil
		},
		"error": func(context.Context, *Call) (any, error) {
			return nil, fault(genericError, "test error")
		},
		"fault": func(context.Context, *Call) (any, error) {
			return nil, errors.New("test exception")
		},
		"showSession": func(_ context.Context, c *Call) (any, error) {
			if !c.Actor.LoggedIn() {
				return "session: not logged in", nil
			}
			return fmt.Sprintf("session %d: user %s", c.Actor.Session, c.Actor.Name), nil
		},
		"_listapi":               s.listAPI,
		"system.listMethods":     func(context.Context, *Call) (any, error) { return s.api.names, nil },
		"system.methodSignature": constant("signatures not supported"),
		"system.methodHelp":      s.methodHelp,
	}
}

// listAPI describes every method in the shape of Python's inspect module.
func (s *Server) listAPI(context.Context, *Call) (any, error) {
	list := make([]any, 0, len(s.api.names))
	for _, name := range s.api.names {
		m := s.api.methods[name]
		var names, args, defaults []any
		for _, p := range m.sig.params {
			names = append(names, p.name)
			if p.optional {
				args = append(args, []any{p.name, p.value})
				defaults = append(defaults, p.value)
			} else {
				args = append(args, p.name)
			}
		}
		for _, rest := range []string{m.sig.varargs, m.sig.varkw} {
			if rest != "" {
				args = append(args, rest)
			}
		}
		list = append(list, xmlrpc.Struct{
			{Name: "name", Value: name},
			{Name: "doc", Value: orNil(m.Doc)},
			{Name: "argspec", Value: []any{names, orNil(m.sig.varargs), orNil(m.sig.varkw),
				orNone(defaults), []any{}, nil, xmlrpc.Struct{}}},
			{Name: "argdesc", Value: "(" + m.sig.describe() + ")"},
			{Name: "args", Value: args},
		})
	}
	return list, nil
}

func (s *Server) methodHelp(_ context.Context, c *Call) (any, error) {
	name := c.Args.String("method")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	m, _, err := s.api.find(name)
	if err != nil {
		return "", nil
	}
	help := name + "(" + m.sig.describe() + ")"
	if m.Doc != "" {
		help += "\ndescription: " + m.Doc
	}
	return help, nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orNone(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
