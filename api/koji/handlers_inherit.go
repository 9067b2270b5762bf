package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

func linkStruct(l tag.Link) xmlrpc.Struct {
	return record("parent_id", l.Parent, "name", l.Name, "priority", l.Priority, "maxdepth", deref(l.MaxDepth),
		"intransitive", l.Intransitive, "noconfig", l.NoConfig, "pkg_filter", l.PkgFilter)
}

func (Tags) parents(ctx context.Context, c *Call) (any, error) {
	ref, at := tagRef(c.Args, "tag"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Lookup(ctx, c.Tx, ref)
	if err != nil {
		return nil, err
	}
	links, err := tag.Parents(ctx, c.Tx, t.ID, at)
	rows := make([]xmlrpc.Struct, len(links))
	for i, l := range links {
		rows[i] = append(linkStruct(l), xmlrpc.Member{Name: "child_id", Value: t.ID})
	}
	return rows, err
}

// inheritance walks all parents, or with reverse all descendants.
func (Tags) inheritance(ctx context.Context, c *Call) (any, error) {
	ref, at, reverse := tagRef(c.Args, "tag"), c.Args.Event("event"), c.Args.Bool("reverse")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	for name, v := range c.Args.Keywords {
		if name != "stops" && name != "jumps" {
			return nil, fault(parameterError, "getFullInheritance() got an unexpected keyword argument '%s'", name)
		}
		if truthy(v) {
			return nil, fault(parameterError, "%s option has been removed since 1.26", name)
		}
	}
	t, err := tag.Lookup(ctx, c.Tx, ref)
	if err != nil {
		return nil, err
	}
	walk, side := tag.Inheritance, "child_id"
	if reverse {
		walk, side = tag.Descendants, "tag_id"
	}
	steps, err := walk(ctx, c.Tx, t.ID, at)
	rows := make([]xmlrpc.Struct, len(steps))
	for i, s := range steps {
		rows[i] = append(linkStruct(s.Link), record(side, s.Child, "nextdepth", deref(s.NextDepth),
			"currdepth", s.Depth, "filter", s.Filters)...)
	}
	return rows, err
}

func (Tags) setParents(ctx context.Context, c *Call) (any, error) {
	ref, clear := tagRef(c.Args, "tag"), c.Args.Bool("clear")
	data := c.Args.Any("data")
	if one, ok := data.(map[string]any); ok {
		data = []any{one}
	}
	list, ok := data.([]any)
	if !ok {
		c.Args.wrong("data", "array of structs", data)
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	changes := make([]tag.LinkChange, len(list))
	for i, x := range list {
		if changes[i], err = linkChange(x); err != nil {
			return nil, err
		}
	}
	return nothing(tag.SetParents(ctx, c.Tx, c.Actor, t.ID, changes, clear))
}

// linkChange reads a link as Koji's clients send it. All members must be
// there, but for a link that is to be deleted.
func linkChange(x any) (tag.LinkChange, error) {
	const op = "koji.setInheritanceData"
	m, ok := x.(map[string]any)
	if !ok {
		return tag.LinkChange{}, kura.Errorf(op, kura.Invalid, "an inheritance link is a struct, not %s", typeName(x))
	}
	lc := tag.LinkChange{Delete: truthy(m["delete link"])}
	need := []string{"parent_id", "priority", "maxdepth", "intransitive", "noconfig", "pkg_filter"}
	if lc.Delete {
		need = need[:1]
	}
	for _, name := range need {
		if !has(m, name) {
			return lc, kura.Errorf(op, kura.Invalid, "No value for %s", name)
		}
	}
	r := optReader{opts: m}
	lc.Parent = r.int("parent_id")
	if lc.Delete {
		return lc, r.err
	}
	lc.Priority = int(r.int("priority"))
	if m["maxdepth"] != nil {
		depth := int(r.int("maxdepth"))
		lc.MaxDepth = &depth
	}
	lc.Intransitive, lc.NoConfig, lc.PkgFilter = truthy(m["intransitive"]), truthy(m["noconfig"]), r.string("pkg_filter")
	return lc, r.err
}

// buildConfig shows a tag with what it inherits, and from where.
func (Tags) buildConfig(ctx context.Context, c *Call) (any, error) {
	ref, at := tagRef(c.Args, "tag"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	conf, err := tag.GetBuildConfig(ctx, c.Tx, ref, at)
	if err != nil {
		return nil, err
	}
	s := append(tagStruct(conf.Tag), xmlrpc.Member{Name: "extra", Value: conf.Extra})
	if at != 0 {
		s = append(s, xmlrpc.Member{Name: "query_event", Value: at})
	}
	var arches any
	if conf.ArchesFrom != nil {
		arches = nameStruct(*conf.ArchesFrom)
	}
	extra := map[string]any{}
	for k, from := range conf.ExtraFrom {
		extra[k] = nameStruct(from)
	}
	return append(s, xmlrpc.Member{Name: "config_inheritance", Value: record("extra", extra, "arches", arches)}), nil
}

func nameStruct(n tag.Name) xmlrpc.Struct { return record("id", n.ID, "name", n.Name) }

// checkAccess says whether a user may tag with a tag, whether force would
// help, and what stands in the way.
func (Tags) checkAccess(ctx context.Context, c *Call) (any, error) {
	ref, user := tagRef(c.Args, "tag_id"), c.Args.OptInt("user_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	who := c.Actor
	if user != nil {
		var err error
		if who, err = account.Load(ctx, c.Tx, account.ByID(*user)); err != nil {
			return nil, err
		}
	}
	if !who.LoggedIn() {
		return nil, kura.Errorf("koji.checkTagAccess", kura.Invalid, "a user_id is required")
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	override := who.Has(account.Admin)
	if t.Locked {
		return []any{false, override, "tag is locked"}, nil
	}
	if t.Perm != nil && !who.Holds(*t.Perm) {
		return []any{false, override, "tag requires " + *t.Perm + " permission"}, nil
	}
	return []any{true, override, ""}, nil
}

func (Tags) lastChange(ctx context.Context, c *Call) (any, error) {
	ref, before, inherit := tagRef(c.Args, "tag"), c.Args.Event("before"), c.Args.Bool("inherit")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	ev, err := tag.LastChangeOf(ctx, c.Tx, ref, before, inherit)
	return eventOrNil(ev), err
}

func (Tags) firstChange(ctx context.Context, c *Call) (any, error) {
	ref, after, inherit := tagRef(c.Args, "tag"), c.Args.Event("after"), c.Args.Bool("inherit")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	ev, err := tag.FirstChangeOf(ctx, c.Tx, ref, after, inherit)
	return eventOrNil(ev), err
}

func eventOrNil(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func (Tags) changedSince(ctx context.Context, c *Call) (any, error) {
	ev, tags := c.Args.Int("event"), c.Args.Ints("taglist")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	last, err := tag.LastChange(ctx, c.Tx, tags, 0)
	return last > ev, err
}
