package koji

import (
	"context"

	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/policy"
	"github.com/kura-build/kura/hub/task"
)

// Policies answers what an installation's own rules say.
type Policies struct{ Rules *flow.Policies }

// Handlers are the methods.
func (h Policies) Handlers() Handlers {
	asHost := func(fn Handler) Handler {
		return Builders{}.asHost(func(ctx context.Context, c *Call, _ *task.Host) (any, error) { return fn(ctx, c) })
	}
	return Handlers{
		"evalPolicy":        h.eval,
		"host.evalPolicy":   asHost(h.eval),
		"host.checkPolicy":  asHost(h.check),
		"host.assertPolicy": asHost(h.assert),
	}
}

// eval gives the action of the rule that applies, nil for none.
func (h Policies) eval(ctx context.Context, c *Call) (any, error) {
	name, about := c.Args.String("name"), c.Args.Map("data")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	action, err := h.Rules.Eval(ctx, c.Tx, c.Actor, name, about)
	if err != nil || action == "" {
		return nil, err
	}
	return action, nil
}

// check gives whether a policy allows something, and why (not).
func (h Policies) check(ctx context.Context, c *Call) (any, error) {
	return h.ask(ctx, c, c.Args.Bool("strict"))
}

func (h Policies) assert(ctx context.Context, c *Call) (any, error) {
	_, err := h.ask(ctx, c, true)
	return nil, err
}

func (h Policies) ask(ctx context.Context, c *Call, strict bool) (any, error) {
	name, about, none := c.Args.String("name"), c.Args.Map("data"), c.Args.String("default")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	ok, reason, err := h.Rules.Check(ctx, c.Tx, c.Actor, name, about, none)
	if err == nil && strict && !ok {
		err = policy.Violation(name, reason)
	}
	if err != nil {
		return nil, err
	}
	return []any{ok, reason}, nil
}
