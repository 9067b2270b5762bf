package koji

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// priorityArg is a priority relative to the default one; only admins may be
// sooner than that. Nil is the default.
func priorityArg(c *Call) *int {
	n := c.Args.OptInt("priority")
	if n == nil || *n == 0 {
		return nil
	}
	p, err := task.Beside(c.Actor, *n, "tasks")
	if err != nil && c.Args.err == nil {
		c.Args.err = err
	}
	return &p
}

// into reads a struct of a client into options with the same names.
func into(op string, v map[string]any, dest any) error {
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, dest)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return kura.Errorf(op, kura.Invalid, "Invalid type for option %s: want %s, got %s", wrong.Field, wrong.Type, wrong.Value)
	}
	return kura.E(op, err)
}

func (h Builds) build(ctx context.Context, c *Call) (any, error) {
	src, target, opts := c.Args.String("src"), optText(c.Args, "target"), c.Args.Map("opts")
	priority, channel := priorityArg(c), optText(c.Args, "channel")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var o flow.BuildOpts
	if opts != nil {
		if err := into("koji.build", opts, &o); err != nil {
			return nil, err
		}
	}
	t, err := h.Flow.StartBuild(ctx, c.Tx, c.Actor, src, target, o, priority, channel)
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}

// chain starts groups of builds, each of which sees the packages of those
// before it.
func (h Builds) chain(ctx context.Context, c *Call) (any, error) {
	const op = "koji.chainBuild"
	list, target, opts := c.Args.List("srcs"), c.Args.String("target"), c.Args.Map("opts")
	priority, channel := priorityArg(c), optText(c.Args, "channel")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var o flow.BuildOpts
	if opts != nil {
		if err := into(op, opts, &o); err != nil {
			return nil, err
		}
	}
	var groups [][]string
	if err := into(op, map[string]any{"srcs": list}, &struct{ Srcs *[][]string }{&groups}); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for argument srcs of chainBuild: want a list of lists of SCM addresses and builds")
	}
	if opts == nil {
		opts = map[string]any{}
	}
	text, err := toJSON(opts)
	if err != nil {
		return nil, err
	}
	t, err := h.Flow.StartChain(ctx, c.Tx, c.Actor, groups, target, text, priority, channel)
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}
