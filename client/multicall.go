package client

import (
	"context"
	"fmt"

	"github.com/kura-build/kura/format/xmlrpc"
)

// Invocation is one call of several.
type Invocation struct {
	Method string
	Args   []any
}

// Do makes an Invocation.
func Do(method string, args ...any) Invocation { return Invocation{method, args} }

// Outcome is what became of an Invocation.
type Outcome struct {
	Value any
	Err   error
}

// maxBatch keeps requests below what hubs accept.
const maxBatch = 1000

// Multi makes many calls in one journey. One call's failure is its own; the
// hub carries out the others. Above 1000 calls there are several journeys.
func (h *Hub) Multi(ctx context.Context, calls ...Invocation) ([]Outcome, error) {
	all := make([]Outcome, 0, len(calls))
	for len(calls) > 0 {
		n := min(len(calls), maxBatch)
		out, err := h.multi(ctx, calls[:n])
		if err != nil {
			return nil, err
		}
		all, calls = append(all, out...), calls[n:]
	}
	return all, nil
}

func (h *Hub) multi(ctx context.Context, calls []Invocation) ([]Outcome, error) {
	list := make([]any, len(calls))
	for i, c := range calls {
		params := positional(c.Args)
		if params == nil {
			params = []any{}
		}
		list[i] = map[string]any{"methodName": c.Method, "params": params}
	}
	v, err := h.Call(ctx, "multiCall", list)
	if err != nil {
		return nil, err
	}
	answers, ok := v.([]any)
	if !ok || len(answers) != len(calls) {
		return nil, badAnswer("multiCall", h.base.Redacted(), fmt.Errorf("%d calls, and %d answers", len(calls), len(answers)))
	}
	out := make([]Outcome, len(calls))
	for i, a := range answers {
		switch a := a.(type) {
		case []any:
			if len(a) == 1 {
				out[i].Value = a[0]
				continue
			}
		case map[string]any:
			m := Map(a)
			out[i].Err = fromFault(calls[i].Method, &xmlrpc.Fault{Code: int(m.Int("faultCode")), String: m.Str("faultString")})
			continue
		}
		out[i].Err = badAnswer(calls[i].Method, h.base.Redacted(), fmt.Errorf("one of several answers is %T", a))
	}
	return out, nil
}
