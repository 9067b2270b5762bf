package koji

import (
	"bytes"
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

type multiEntry struct {
	method string
	params []any
	bad    string // what is wrong with the entry itself
}

// multiEntries reads the one argument of a multicall.
func multiEntries(params []any) ([]multiEntry, error) {
	params, kw := splitKeywords(params)
	if calls, ok := kw["calls"]; ok && len(kw) == 1 && len(params) == 0 {
		params, kw = []any{calls}, nil
	}
	if len(params) != 1 || len(kw) > 0 {
		return nil, fault(parameterError, "multiCall() takes 1 positional argument: the list of calls")
	}
	list, ok := params[0].([]any)
	if !ok {
		return nil, fault(genericError, "multiCall wants a list of calls, not %s", typeName(params[0]))
	}
	entries := make([]multiEntry, len(list))
	for i, x := range list {
		m, _ := x.(map[string]any)
		var okName, okParams bool
		entries[i].method, okName = m["methodName"].(string)
		entries[i].params, okParams = m["params"].([]any)
		switch {
		case !okName || !okParams:
			entries[i].bad = "an entry of a multicall is a struct of methodName and params"
		case isMultiCall(entries[i].method):
			entries[i].bad = "a multicall cannot hold another one"
		}
	}
	return entries, nil
}

// multiCall carries out the entries one by one, each under a savepoint: one
// that fails is undone and reported in its place, and the others go on. An
// entry is encoded before the next one starts, as streams need.
func (s *Server) multiCall(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, out *reply) error {
	entries, err := multiEntries(q.params)
	if err != nil {
		return err
	}
	var began time.Time
	return s.multiEach(ctx, entries, out, func(e multiEntry, w *bytes.Buffer) error {
		if began.IsZero() {
			began = time.Now()
		} else if !tx.ReadOnly() && time.Since(began) > s.holdFor {
			return kura.Errorf("koji.multiCall", kura.TooLarge, "this multicall kept others from writing for too long: make fewer calls in one")
		}
		return tx.Savepoint(ctx, func() error { return s.multiOne(ctx, tx, q, actor, e, w) })
	})
}

// multiEach writes the answers of entries as run gives them, and of those that
// fail what went wrong.
func (s *Server) multiEach(ctx context.Context, entries []multiEntry, out *reply, run func(multiEntry, *bytes.Buffer) error) error {
	return xmlrpc.EncodeResponse(out, multiAnswer(func(enc *xmlrpc.Encoder) error {
		var one bytes.Buffer
		for _, entry := range entries {
			one.Reset()
			err := run(entry, &one)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				f := toFault(ctx, s.Log, entry.method, err)
				if err := enc.Value(multiFault(f)); err != nil {
					return err
				}
				continue
			}
			if err := enc.Raw(one.Bytes()); err != nil {
				return err
			}
		}
		return enc.Err()
	}))
}

func (s *Server) multiOne(ctx context.Context, tx *db.Tx, q *request, actor account.Actor, entry multiEntry, w *bytes.Buffer) error {
	if entry.bad != "" {
		return fault(genericError, "%s", entry.bad)
	}
	if m, _, err := s.api.find(entry.method); err == nil && m.Kept && q.looked {
		return s.multiKept(ctx, tx, q, actor, entry, w)
	}
	v, err := s.invoke(ctx, tx, q, actor, entry.method, entry.params)
	if err != nil {
		return err
	}
	enc := xmlrpc.NewEncoder(w)
	enc.BeginArray()
	if err := enc.Value(v); err != nil {
		return err
	}
	enc.EndArray()
	return enc.Flush()
}

// multiFault is the failure of an entry. Clients print the traceback; ours has
// nothing in it that the text has not.
func multiFault(f *xmlrpc.Fault) xmlrpc.Struct {
	return xmlrpc.Struct{
		{Name: "faultCode", Value: f.Code},
		{Name: "faultString", Value: f.String},
		{Name: "traceback", Value: []string{f.String + "\n"}},
	}
}

// multiAnswer is an array whose elements are written by hand.
type multiAnswer func(*xmlrpc.Encoder) error

func (f multiAnswer) EncodeXMLRPC(e *xmlrpc.Encoder) error {
	e.BeginArray()
	if err := f(e); err != nil {
		return err
	}
	e.EndArray()
	return e.Err()
}
