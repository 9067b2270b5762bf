package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// parentOf makes sure that the host has the parent open.
func parentOf(ctx context.Context, c *Call, host *task.Host, name string) (int64, error) {
	id := c.Args.Int(name)
	if err := c.Args.Err(); err != nil {
		return 0, err
	}
	_, err := task.HoldOf(ctx, c.Tx, id, host.ID)
	return id, err
}

func (h Builders) setWait(ctx context.Context, c *Call, host *task.Host) (any, error) {
	parent, err := parentOf(ctx, c, host, "parent")
	if err != nil {
		return nil, err
	}
	children := c.Args.Ints("tasks")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Room.SetWait(ctx, c.Tx, parent, children))
}

func (h Builders) wait(ctx context.Context, c *Call, host *task.Host) (any, error) {
	parent, err := parentOf(ctx, c, host, "parent")
	if err != nil {
		return nil, err
	}
	finished, unfinished, err := h.Room.Collect(ctx, c.Tx, parent)
	return []any{finished, unfinished}, err
}

// waitResults gives what children left. A child that failed fails the call,
// unless it may.
func (h Builders) waitResults(ctx context.Context, c *Call, host *task.Host) (any, error) {
	parent, err := parentOf(ctx, c, host, "parent")
	if err != nil {
		return nil, err
	}
	ids, may := c.Args.Ints("tasks"), map[int64]bool{}
	for _, id := range c.Args.Ints("canfail") {
		may[id] = true
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := h.Room.Unwait(ctx, c.Tx, parent); err != nil {
		return nil, err
	}
	if c.Args.Any("tasks") == nil {
		kids, err := task.Children(ctx, c.Tx, parent)
		if err != nil {
			return nil, err
		}
		for _, k := range kids {
			if k.State.Finished() {
				ids = append(ids, k.ID)
			}
		}
	}
	out := make([]any, len(ids))
	for i, id := range ids {
		v, err := childResult(ctx, c.Tx, id, may[id])
		if err != nil {
			return nil, err
		}
		out[i] = []any{id, v}
	}
	return out, nil
}

func childResult(ctx context.Context, tx *db.Tx, id int64, mayFail bool) (any, error) {
	v, err := taskResult(ctx, tx, id, !mayFail)
	if err == nil || !mayFail {
		return v, err
	}
	t, e := task.Get(ctx, tx, id)
	if e != nil || t.State != task.Canceled {
		return nil, err
	}
	return record("faultCode", genericError, "faultString", err.Error()), nil
}

func (h Builders) subtask(ctx context.Context, c *Call, host *task.Host) (any, error) {
	method, params := c.Args.String("method"), c.Args.List("arglist")
	return h.spawn(ctx, c, host, "parent", method, params, c.Args.Keywords)
}

// subtask2 takes the parameters of the child as its own.
func (h Builders) subtask2(ctx context.Context, c *Call, host *task.Host) (any, error) {
	method, opts := c.Args.String("_HostExports__method"), c.Args.Map("_HostExports__taskopts")
	return h.spawn(ctx, c, host, "_HostExports__parent", method, withKeywords(c.Args.Rest, c.Args.Keywords), opts)
}

// withKeywords puts keyword arguments behind positional ones, as splitKeywords
// takes them from there.
func withKeywords(params []any, kw map[string]any) []any {
	if len(kw) == 0 {
		return params
	}
	last := map[string]any{"__starstar": true}
	for k, v := range kw {
		last[k] = v
	}
	return append(append([]any{}, params...), last)
}

func (h Builders) spawn(ctx context.Context, c *Call, host *task.Host, parentArg, method string, params []any, opts map[string]any) (any, error) {
	parent, err := parentOf(ctx, c, host, parentArg)
	if err != nil {
		return nil, err
	}
	if has(opts, "owner") {
		return nil, kura.Errorf("koji.subtask", kura.Denied, "The owner option is not allowed here")
	}
	if err := h.delegable(ctx, c, method, parent, params, opts); err != nil {
		return nil, err
	}
	kept := map[string]any{"parent": parent}
	for k, v := range opts {
		switch k {
		case "kwargs":
			kw, _ := v.(map[string]any)
			params = withKeywords(params, kw)
		case "parent":
		default:
			kept[k] = v
		}
	}
	return makeTask(ctx, c, h.Room, h.Hub, method, params, kept)
}

// delegable refuses the tasks that the hub carries out itself with its owner's
// rights: whoever owns what a host builds would lend it all that he may do. Only
// what the host has just built may it have tagged.
func (h Builders) delegable(ctx context.Context, c *Call, method string, parent int64, params []any, opts map[string]any) error {
	switch {
	case !h.Hub[method]:
		return nil
	case has(opts, "kwargs"):
		return kura.Errorf("koji.subtask", kura.Denied, "a build host gives a %s task no keyword arguments", method)
	case method == "tagBuild":
		return flow.MayTag(ctx, c.Tx, parent, params)
	}
	return kura.Errorf("koji.subtask", kura.Denied, "a build host may not start a %s task", method)
}
