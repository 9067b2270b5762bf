package koji

import (
	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// record makes a struct of names and values, which come in turns.
func record(pairs ...any) xmlrpc.Struct {
	s := make(xmlrpc.Struct, len(pairs)/2)
	for i := range s {
		s[i] = xmlrpc.Member{Name: pairs[2*i].(string), Value: pairs[2*i+1]}
	}
	return s
}

// deref gives what a pointer leads to, or nil: Koji's answers have every
// member, also those without a value.
func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// moment is a time that may be missing, as TimeText and TimeTS take it.
func moment(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// lookedUp gives nil for what is not there, unless the client wants an error.
func lookedUp(strict bool, v any, err error) (any, error) {
	if !strict && kura.Is(err, kura.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// nothing answers a call that was carried out and has nothing to tell.
func nothing(err error) (any, error) { return nil, err }

// OptBool is Python's truth of an argument, or nil for one that was not given.
func (a *Args) OptBool(name string) *bool {
	v := a.Any(name)
	if v == nil {
		return nil
	}
	b := truthy(v)
	return &b
}

// Event is an event at which the client asks; 0, and no event, are now.
func (a *Args) Event(name string) int64 {
	n := a.OptInt(name)
	if n == nil {
		return 0
	}
	if *n < 0 {
		a.wrong(name, "id of an event", *n)
		return 0
	}
	return *n
}
