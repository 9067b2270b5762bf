package koji

import (
	"context"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

func (h Tags) createSide(ctx context.Context, c *Call) (any, error) {
	base, debuginfo, suffix := tagRef(c.Args, "basetag"), c.Args.Bool("debuginfo"), optText(c.Args, "suffix")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	n, err := h.Side.Create(ctx, c.Tx, c.Actor, base, debuginfo, suffix)
	if err != nil {
		return nil, err
	}
	return record("name", n.Name, "id", n.ID, "task_id", nil, "request", nil), nil
}

func (Tags) removeSide(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "sidetag")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.RemoveSide(ctx, c.Tx, c.Actor, ref))
}

func (Tags) editSide(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "sidetag")
	change := tag.SideChange{
		Debuginfo: c.Args.OptBool("debuginfo"),
		Macros:    c.Args.Map("rpm_macros"), RemoveMacros: c.Args.Strings("remove_rpm_macros"),
		Extra: c.Args.Map("extra"), RemoveExtra: c.Args.Strings("remove_extra"),
		OtherExtra: c.Args.Any("extra") != nil || c.Args.Any("remove_extra") != nil,
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.EditSide(ctx, c.Tx, c.Actor, ref, change))
}

func (Tags) listSide(ctx context.Context, c *Call) (any, error) {
	base, user, opts := tagRef(c.Args, "basetag"), c.Args.Any("user"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var q tag.SideQuery
	if user != nil {
		u, err := account.Get(ctx, c.Tx, account.Ref(c.Args.Ref("user")))
		if err != nil {
			return nil, err
		}
		q.User = u.ID
	}
	if base != (tag.Ref{}) {
		t, err := tag.Get(ctx, c.Tx, base, 0)
		if err != nil {
			return nil, err
		}
		q.Base = t.ID
	}
	sides, err := tag.ListSide(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(sides))
	for i, s := range sides {
		rows[i] = record("id", s.ID, "name", s.Name, "user_id", s.UserID, "user_name", deref(s.User))
	}
	return opts.Apply(rows)
}
