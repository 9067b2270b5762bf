package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/task"
)

// make makes any task, for admins. It is declared with *args and **opts.
func (h Tasks) make(ctx context.Context, c *Call) (any, error) {
	args, err := rebind(c, "make_task(method, arglist, **opts)")
	if err != nil {
		return nil, err
	}
	if has(args.Keywords, "owner") {
		return nil, kura.Errorf("koji.makeTask", kura.Denied, "The owner option is not allowed here")
	}
	method, params := args.String("method"), args.List("arglist")
	if err := args.Err(); err != nil {
		return nil, err
	}
	return makeTask(ctx, c, h.Room, h.Hub, method, params, args.Keywords)
}

// makeTask makes a task as the options say, and gives its id.
func makeTask(ctx context.Context, c *Call, room *task.Room, hub map[string]bool, method string, params []any,
	opts map[string]any) (any, error) {
	assign := opts["assign"]
	spec, err := specOf(ctx, c, method, params, opts)
	if err != nil {
		return nil, err
	}
	spec.Hub = hub[method]
	t, err := room.Make(ctx, c.Tx, spec)
	if err != nil {
		return nil, err
	}
	if assign == nil || t.State != task.Free {
		return t.ID, nil
	}
	host := task.Ref{}
	switch v := assign.(type) {
	case int64:
		host.ID = v
	case string:
		host.Name = v
	default:
		return nil, kura.Errorf("koji.makeTask", kura.Invalid, "Invalid type for option assign of a %s task: %s", method, typeName(v))
	}
	if _, err := room.AssignTo(ctx, c.Tx, t.ID, host, false, true); err != nil {
		return nil, err
	}
	return t.ID, nil
}

func (h Tasks) restartHosts(ctx context.Context, c *Call) (any, error) {
	priority, options := c.Args.Int("priority"), c.Args.Map("options")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	params := []any{}
	if options != nil {
		params = append(params, options)
	}
	return makeTask(ctx, c, h.Room, h.Hub, "restartHosts", params, map[string]any{"priority": priority})
}

// specOf reads the options that Koji has for tasks to be made. The owner is
// the caller; that of a child, its parent's.
func specOf(ctx context.Context, c *Call, method string, params []any, opts map[string]any) (task.Spec, error) {
	s := task.Spec{Method: method}
	var err error
	if s.Request, err = toJSON(params); err != nil {
		return s, err
	}
	invalid := func(name string, v any) error {
		return kura.Errorf("koji.makeTask", kura.Invalid, "Invalid type for option %s of a %s task: %s", name, method, typeName(v))
	}
	for name, v := range opts {
		if v == nil {
			continue
		}
		text, isText := v.(string)
		n, isInt := toInt(v)
		ok := isText
		switch name {
		case "arch":
			s.Arch = text
		case "label":
			s.Label = text
		case "channel":
			ref := task.Ref{Name: text}
			if ok = isText || isInt; !isText {
				ref.ID = n
			}
			ch, err := task.GetChannel(ctx, c.Tx, ref)
			if err != nil {
				return s, err
			}
			s.Channel = ch.Name
		case "parent":
			s.Parent, ok = n, isInt
		case "assign":
			continue
		case "priority":
			p := int(n)
			s.Priority, ok = &p, isInt
		default:
			return s, fault(parameterError, "make_task() got an unexpected keyword argument '%s'", name)
		}
		if !ok {
			return s, invalid(name, v)
		}
	}
	if s.Parent == 0 {
		s.Owner = c.Actor.ID
	}
	s.Scopes = c.Actor.Scopes
	if s.Owner == 0 && s.Parent == 0 {
		return s, kura.Errorf("koji.makeTask", kura.Invalid, "task must have an owner")
	}
	return s, nil
}
