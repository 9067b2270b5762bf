package koji

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// api is the table together with what carries it out. A method that no part of
// the hub carries out is not there for clients.
type api struct {
	methods  map[string]*Method
	handlers Handlers
	names    []string // those with a handler, sorted
}

// table is every method that is declared.
func table() []Method {
	return slices.Concat(sessionMethods, accountMethods, tagMethods, buildMethods,
		taskMethods, hostMethods, repoMethods, flowMethods, fileMethods, kuraMethods, tokenMethods)
}

// newAPI refuses a table in which a row does not say who may call it, and a
// handler that the table does not know.
func newAPI(rows []Method, handlers ...Handlers) (*api, error) {
	a := &api{methods: map[string]*Method{}, handlers: Handlers{}}
	var errs []error
	for i := range rows {
		m := rows[i]
		sig, err := parseSignature(m.Python)
		m.sig = sig
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("method %s: %w", m.Name, err))
		case !declared(m.Needs):
			errs = append(errs, fmt.Errorf("method %s does not say who may call it", m.Name))
		case m.Mode == undeclared || m.Mode > Apart:
			errs = append(errs, fmt.Errorf("method %s does not say what it needs of the database", m.Name))
		case m.Name == "" || a.methods[m.Name] != nil || isMultiCall(m.Name):
			errs = append(errs, fmt.Errorf("method %q is declared twice", m.Name))
		default:
			a.methods[m.Name] = &m
		}
	}
	for _, part := range handlers {
		for name, h := range part {
			switch {
			case a.methods[name] == nil:
				errs = append(errs, fmt.Errorf("method %s is carried out but not declared", name))
			case a.handlers[name] != nil || h == nil:
				errs = append(errs, fmt.Errorf("method %s has two handlers or an empty one", name))
			default:
				a.handlers[name] = h
			}
		}
	}
	a.names = slices.Sorted(maps.Keys(a.handlers))
	return a, errors.Join(errs...)
}

// find gives a method that can be called. Clients look for "Invalid method".
func (a *api) find(name string) (*Method, Handler, error) {
	h := a.handlers[name]
	if h == nil {
		return nil, nil, fault(genericError, "Invalid method: %s", name)
	}
	return a.methods[name], h, nil
}

func isMultiCall(name string) bool { return name == "multiCall" || name == "system.multicall" }
