package koji

import (
	"context"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

func (Tags) groups(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	ref := tagRef(a, "tag")
	q := tag.GroupQuery{At: a.Event("event"), OwnOnly: !a.Bool("inherit"), Packages: a.Bool("incl_pkgs"),
		Groups: a.Bool("incl_reqs"), Blocked: a.Bool("incl_blocked")}
	if err := a.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Lookup(ctx, c.Tx, ref)
	if err != nil {
		return nil, err
	}
	q.Tag = t.ID
	groups, err := tag.Groups(ctx, c.Tx, q)
	rows := make([]xmlrpc.Struct, len(groups))
	for i, g := range groups {
		rows[i] = groupStruct(g, q)
	}
	return rows, err
}

func groupStruct(g tag.Group, q tag.GroupQuery) xmlrpc.Struct {
	s := record("name", g.Name, "group_id", g.ID, "tag_id", g.TagID, "blocked", g.Blocked, "exported", g.Exported,
		"display_name", g.DisplayName, "is_default", deref(g.IsDefault), "uservisible", deref(g.UserVisible),
		"description", deref(g.Description), "langonly", deref(g.LangOnly), "biarchonly", deref(g.BiarchOnly))
	if q.Packages {
		list := make([]xmlrpc.Struct, len(g.Packages))
		for i, p := range g.Packages {
			list[i] = record("group_id", p.GroupID, "tag_id", p.TagID, "package", p.Package, "blocked", p.Blocked,
				"type", p.Type, "basearchonly", deref(p.BasearchOnly), "requires", deref(p.Requires))
		}
		s = append(s, xmlrpc.Member{Name: "packagelist", Value: list})
	}
	if q.Groups {
		list := make([]xmlrpc.Struct, len(g.Groups))
		for i, r := range g.Groups {
			list[i] = record("group_id", r.GroupID, "tag_id", r.TagID, "req_id", r.ReqID, "blocked", r.Blocked,
				"type", r.Type, "is_metapkg", r.IsMetapkg, "name", r.Name)
		}
		s = append(s, xmlrpc.Member{Name: "grouplist", Value: list})
	}
	return s
}

// groupRefs are the first two arguments of all changes to groups.
func groupRefs(a *Args) (t, g tag.Ref) { return tagRef(a, "taginfo"), tagRef(a, "grpinfo") }

func (Tags) groupAdd(ctx context.Context, c *Call) (any, error) {
	t, g := groupRefs(c.Args)
	block, force := c.Args.Bool("block"), c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r := optReader{opts: c.Args.Keywords}
	o := tag.GroupOptions{DisplayName: r.optString("display_name"), Exported: r.bool("exported"), IsDefault: r.bool("is_default"),
		UserVisible: r.bool("uservisible"), Description: r.optString("description"), LangOnly: r.optString("langonly"),
		BiarchOnly: r.bool("biarchonly")}
	if r.err != nil {
		return nil, r.err
	}
	return nothing(tag.AddGroup(ctx, c.Tx, c.Actor, t, g, o, block, force))
}

func (Tags) groupRemove(ctx context.Context, c *Call) (any, error) {
	t, g := groupRefs(c.Args)
	force := c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.RemoveGroup(ctx, c.Tx, c.Actor, t, g, force))
}

func (Tags) groupChange(change func(context.Context, *db.Tx, account.Actor, tag.Ref, tag.Ref) error) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		t, g := groupRefs(c.Args)
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		return nothing(change(ctx, c.Tx, c.Actor, t, g))
	}
}

// memberOptions reads the options of a package or group in a group.
func memberOptions(c *Call) (tag.MemberOptions, error) {
	r := optReader{opts: c.Args.Keywords}
	return tag.MemberOptions{Type: r.optString("type"), BasearchOnly: r.bool("basearchonly"),
		Requires: r.optString("requires"), IsMetapkg: r.bool("is_metapkg")}, r.err
}

func (Tags) groupPackageAdd(ctx context.Context, c *Call) (any, error) {
	t, g := groupRefs(c.Args)
	pkg, block, force := c.Args.String("pkg_name"), c.Args.Bool("block"), c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	o, err := memberOptions(c)
	if err != nil {
		return nil, err
	}
	return nothing(tag.AddGroupPackage(ctx, c.Tx, c.Actor, t, g, pkg, o, block, force))
}

func (Tags) groupPackageChange(change func(context.Context, *db.Tx, account.Actor, tag.Ref, tag.Ref, string) error) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		t, g := groupRefs(c.Args)
		pkg := c.Args.String("pkg_name")
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		return nothing(change(ctx, c.Tx, c.Actor, t, g, pkg))
	}
}

func (Tags) groupReqAdd(ctx context.Context, c *Call) (any, error) {
	t, g := groupRefs(c.Args)
	req, block, force := tagRef(c.Args, "reqinfo"), c.Args.Bool("block"), c.Args.Bool("force")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	o, err := memberOptions(c)
	if err != nil {
		return nil, err
	}
	return nothing(tag.AddGroupReq(ctx, c.Tx, c.Actor, t, g, req, o, block, force))
}

func (Tags) groupReqChange(change func(context.Context, *db.Tx, account.Actor, tag.Ref, tag.Ref, tag.Ref) error) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		t, g := groupRefs(c.Args)
		req := tagRef(c.Args, "reqinfo")
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		return nothing(change(ctx, c.Tx, c.Actor, t, g, req))
	}
}
