package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/history"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// History carries out the search for what was changed, when, and by whom.
type History struct{}

// Handlers are the methods.
func (h History) Handlers() Handlers { return Handlers{"queryHistory": h.query} }

func (h History) query(ctx context.Context, c *Call) (any, error) {
	names, opts := c.Args.Strings("tables"), QueryOpts{Limit: -1}
	if has(c.Args.Keywords, "queryOpts") {
		inner := &Args{sig: &signature{params: []param{{name: "queryOpts"}}}, values: []any{c.Args.Keywords["queryOpts"]}}
		opts = inner.QueryOpts()
		if err := inner.Err(); err != nil {
			return nil, err
		}
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if c.Args.Any("tables") == nil {
		names = history.Tables()
	}
	q, err := h.read(ctx, c)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, name := range names {
		columns, err := history.Columns(name)
		if err != nil {
			return nil, err
		}
		if !q.Applies(name) {
			continue
		}
		rows := history.Stream(ctx, c.Tx, name, q)
		out[name], err = rowsOf(opts, rows, func(r history.Record) (xmlrpc.Struct, error) { return historyStruct(columns, r, q) })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read makes a query of the keywords. Unknown ones do not narrow, as in Koji:
// clients send some that are for themselves.
func (h History) read(ctx context.Context, c *Call) (q history.Query, err error) {
	r := optReader{opts: c.Args.Keywords}
	q = history.Query{About: map[history.By]any{}, Active: r.bool("active"), Before: r.time("before"), After: r.time("after")}
	if r.opts["beforeEvent"] != nil {
		q.BeforeEvent = r.int("beforeEvent")
	}
	if r.opts["afterEvent"] != nil {
		q.AfterEvent = r.int("afterEvent")
	}
	if key := r.opts["xkey"]; key != nil {
		q.About[history.Key] = r.string("xkey")
	}
	for name := range r.opts {
		if r.opts[name] == nil {
			continue
		}
		if err := h.about(ctx, c.Tx, &q, &r, name); err != nil {
			return q, err
		}
	}
	return q, r.err
}

// about finds what a keyword names.
func (h History) about(ctx context.Context, tx *db.Tx, q *history.Query, r *optReader, name string) error {
	id := func(by history.By, found int64, err error) error {
		q.About[by] = found
		return err
	}
	switch name {
	case "tag":
		n, err := tag.Lookup(ctx, tx, r.ref(name))
		return id(history.Tag, n.ID, err)
	case "build":
		n, err := buildID(ctx, tx, Ref(r.ref(name)))
		return id(history.Build, n, err)
	case "package":
		ref := r.ref(name)
		q.About[history.PackageName] = ref.Name
		n, err := tag.GetPackage(ctx, tx, ref)
		if kura.Is(err, kura.NotFound) { // it may be in groups without being one of ours
			return id(history.Package, 0, nil)
		}
		q.About[history.PackageName] = n.Name
		return id(history.Package, n.ID, err)
	case "user", "editor":
		u, err := account.Get(ctx, tx, r.ref(name))
		if name == "editor" {
			q.Editor = u.ID
			return err
		}
		return id(history.User, u.ID, err)
	case "permission":
		p, err := account.GetPerm(ctx, tx, r.ref(name))
		return id(history.Permission, p.ID, err)
	case "cg":
		g, err := build.GetGenerator(ctx, tx, r.ref(name))
		return id(history.Generator, g.ID, err)
	case "external_repo":
		n, err := tag.LookupExternalRepo(ctx, tx, r.ref(name))
		return id(history.ExternalRepo, n.ID, err)
	case "build_target":
		n, err := tag.LookupTarget(ctx, tx, r.ref(name))
		return id(history.Target, n.ID, err)
	case "group":
		n, err := tag.LookupGroup(ctx, tx, r.ref(name))
		return id(history.Group, n.ID, err)
	case "host":
		n, err := task.GetHost(ctx, tx, task.Ref(r.ref(name)), 0)
		if err != nil {
			return err
		}
		return id(history.Host, n.ID, nil)
	case "channel":
		n, err := task.GetChannel(ctx, tx, task.Ref(r.ref(name)))
		if err != nil {
			return err
		}
		return id(history.Channel, n.ID, nil)
	}
	return nil
}

// editor names who made a change; 0 is the hub itself.
func editor(id *int64, name *string) any {
	if id != nil && *id == 0 {
		return account.System.Name
	}
	return deref(name)
}

// historyStruct is how Koji shows a record: with a mark for each condition on
// versions, which says whether its making or its revocation met it.
func historyStruct(columns []string, r history.Record, q history.Query) (xmlrpc.Struct, error) {
	var active any
	if r.RevokeEvent == nil {
		active = true
	}
	s := record("active", active, "create_event", r.CreateEvent, "revoke_event", deref(r.RevokeEvent),
		"creator_id", r.CreatorID, "revoker_id", deref(r.RevokerID), "creator_name", editor(&r.CreatorID, r.Creator), "revoker_name", editor(r.RevokerID, r.Revoker),
		"create_ts", TimeTS(r.CreateTime), "revoke_ts", TimeTS(moment(r.RevokeTime)))
	for i, name := range columns {
		v := r.Values[i]
		if text, ok := v.(string); ok && name == "data" { // JSON in Koji's database, not a text
			var err error
			if v, err = stored([]byte(text)); err != nil {
				return nil, err
			}
		}
		s = append(s, xmlrpc.Member{Name: name, Value: v})
	}
	mark := func(limit int64, name string, made int64, revoked *int64, met func(int64) bool) {
		if limit == 0 {
			return
		}
		var gone any
		if revoked != nil {
			gone = met(*revoked)
		}
		s = append(s, record("_created_"+name, met(made), "_revoked_"+name, gone)...)
	}
	mark(q.Editor, "by", r.CreatorID, r.RevokerID, func(n int64) bool { return n == q.Editor })
	mark(q.After, "after", r.CreateTime, r.RevokeTime, func(n int64) bool { return n > q.After })
	mark(q.Before, "before", r.CreateTime, r.RevokeTime, func(n int64) bool { return n < q.Before })
	mark(q.AfterEvent, "after_event", r.CreateEvent, r.RevokeEvent, func(n int64) bool { return n > q.AfterEvent })
	mark(q.BeforeEvent, "before_event", r.CreateEvent, r.RevokeEvent, func(n int64) bool { return n < q.BeforeEvent })
	return s, nil
}
