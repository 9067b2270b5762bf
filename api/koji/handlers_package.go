package koji

import (
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

func (Tags) pkg(ctx context.Context, c *Call) (any, error) {
	ref, strict := tagRef(c.Args, "info"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	p, err := tag.GetPackage(ctx, c.Tx, ref)
	return lookedUp(strict, nameStruct(p), err)
}

func (Tags) pkgID(ctx context.Context, c *Call) (any, error) {
	ref, strict := tagRef(c.Args, "name"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	p, err := tag.GetPackage(ctx, c.Tx, ref)
	return lookedUp(strict, p.ID, err)
}

func (Tags) packagesSimple(ctx context.Context, c *Call) (any, error) {
	prefix, opts := optText(c.Args, "prefix"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return allPackages(ctx, c.Tx, prefix, opts)
}

func allPackages(ctx context.Context, tx *db.Tx, prefix string, opts QueryOpts) (any, error) {
	list, err := tag.ListPackages(ctx, tx, prefix)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(list))
	for i, p := range list {
		rows[i] = record("package_id", p.ID, "package_name", p.Name)
	}
	return opts.Apply(rows)
}

// entryShape is an entry of a package list, entryOwner who owns the package there.
var (
	entryShape = xmlrpc.Shape[tag.Listed]{
		xmlrpc.NewField("package_id", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Int(l.PackageID) }),
		xmlrpc.NewField("package_name", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Text(l.PackageName) }),
		xmlrpc.NewField("tag_id", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Int(l.TagID) }),
		xmlrpc.NewField("tag_name", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Text(l.TagName) }),
		xmlrpc.NewField("extra_arches", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.OptText(l.ExtraArches) }),
		xmlrpc.NewField("blocked", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Bool(l.Blocked) }),
	}
	entryOwner = xmlrpc.Shape[tag.Listed]{
		xmlrpc.NewField("owner_id", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Int(l.OwnerID) }),
		xmlrpc.NewField("owner_name", func(l tag.Listed) xmlrpc.Scalar { return xmlrpc.Text(l.OwnerName) }),
	}
)

func listedShapeOf(owners bool) xmlrpc.Shape[tag.Listed] {
	if !owners {
		return entryShape
	}
	return append(slices.Clip(entryShape), entryOwner...)
}

// packages lists all packages, or the entries of tags, users or packages. A
// package that is asked for shows once, with its nearest entry, unless
// duplicates are wanted.
func (Tags) packages(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	q := tag.ListQuery{At: a.Event("event"), Inherit: a.Bool("inherited"), Duplicates: a.Bool("with_dups"),
		NoOwners: !a.Bool("with_owners"), NoBlocked: !a.Bool("with_blocked")}
	ref, pkg, prefix, opts := tagRef(a, "tagID"), tagRef(a, "pkgID"), optText(a, "prefix"), a.QueryOpts()
	if err := a.Err(); err != nil {
		return nil, err
	}
	byUser := a.Any("userID") != nil
	if ref == (tag.Ref{}) && pkg == (tag.Ref{}) && !byUser {
		return allPackages(ctx, c.Tx, prefix, opts)
	}
	if ref != (tag.Ref{}) {
		t, err := tag.Lookup(ctx, c.Tx, ref)
		if err != nil {
			return nil, err
		}
		q.Tag = t.ID
	}
	if pkg != (tag.Ref{}) {
		p, err := tag.GetPackage(ctx, c.Tx, pkg)
		if err != nil {
			return nil, err
		}
		q.Package = p.ID
	}
	if byUser {
		u, err := userArg(ctx, c, "userID")
		if err != nil {
			return nil, err
		}
		q.User = u.ID
	}
	// All that a tag holds is asked for page by page.
	if p := wanted(ctx); p.wants("package_name") && q.Tag != 0 && q.Package == 0 && q.User == 0 && prefix == "" && opts.all() {
		q.Page = &tag.Page{ByName: p.order != "", Down: p.down, Offset: p.offset, Limit: p.limit}
	}
	list, err := tag.ListedPackages(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	if q.Page != nil {
		wanted(ctx).take(q.Page.Total)
	}
	return tableOf(opts, each(shownOnce(list, q, prefix)), listedShapeOf(!q.NoOwners))
}

// shownOnce leaves out what a prefix does not begin, and all but the last entry of
// a package: Koji shows one when it goes over many tags.
func shownOnce(list []tag.Listed, q tag.ListQuery, prefix string) []tag.Listed {
	var rows []tag.Listed
	at := map[int64]int{}
	prefix = strings.ToLower(prefix)
	for _, l := range list {
		if prefix != "" && !strings.HasPrefix(strings.ToLower(l.PackageName), prefix) {
			continue
		}
		if i, seen := at[l.PackageID]; seen && !q.Duplicates {
			rows[i] = l
			continue
		}
		at[l.PackageID] = len(rows)
		rows = append(rows, l)
	}
	return rows
}

// entry finds what counts for a package in a tag; it may be neither.
func entry(ctx context.Context, c *Call) (l tag.Listed, found bool, err error) {
	ref, pkg := tagRef(c.Args, "tag"), tagRef(c.Args, "pkg")
	var at int64
	if c.Method.sig.index("event") >= 0 {
		at = c.Args.Event("event")
	}
	if err := c.Args.Err(); err != nil {
		return l, false, err
	}
	t, err := tag.Lookup(ctx, c.Tx, ref)
	var p tag.Package
	if err == nil {
		p, err = tag.GetPackage(ctx, c.Tx, pkg)
	}
	if kura.Is(err, kura.NotFound) {
		return l, false, nil
	}
	if err != nil {
		return l, false, err
	}
	return tag.PackageIn(ctx, c.Tx, t.ID, p.ID, at)
}

func (Tags) packageConfig(ctx context.Context, c *Call) (any, error) {
	l, found, err := entry(ctx, c)
	if err != nil || !found {
		return nil, err
	}
	return listedShapeOf(true).Struct(l)
}

func (Tags) checkPackage(ctx context.Context, c *Call) (any, error) {
	l, found, err := entry(ctx, c)
	return found && !l.Blocked, err
}

func (h Tags) listAdd(ctx context.Context, c *Call) (any, error) {
	ref, pkg := tagRef(c.Args, "taginfo"), tagRef(c.Args, "pkginfo")
	e := tag.Entry{Block: c.Args.OptBool("block"), ExtraArches: c.Args.OptString("extra_arches"),
		Force: c.Args.Bool("force"), Update: c.Args.Bool("update")}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if c.Args.Any("owner") != nil {
		u, err := userArg(ctx, c, "owner")
		if err != nil {
			return nil, err
		}
		owner := account.ByID(u.ID)
		e.Owner = &owner
	}
	return nothing(h.Lists.Add(ctx, c.Tx, c.Actor, ref, pkg, e))
}

func (h Tags) listChange(change func(context.Context, *db.Tx, account.Actor, tag.Ref, tag.Ref, bool) error) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		ref, pkg, force := tagRef(c.Args, "taginfo"), tagRef(c.Args, "pkginfo"), c.Args.Bool("force")
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		return nothing(change(ctx, c.Tx, c.Actor, ref, pkg, force))
	}
}

func (h Tags) listSetOwner(ctx context.Context, c *Call) (any, error) {
	ref, pkg, force := tagRef(c.Args, "taginfo"), tagRef(c.Args, "pkginfo"), c.Args.Bool("force")
	u, err := userArg(ctx, c, "owner")
	if err != nil {
		return nil, err
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Lists.SetOwner(ctx, c.Tx, c.Actor, ref, pkg, account.ByID(u.ID), force))
}

func (h Tags) listSetArches(ctx context.Context, c *Call) (any, error) {
	ref, pkg, force := tagRef(c.Args, "taginfo"), tagRef(c.Args, "pkginfo"), c.Args.Bool("force")
	arches := optText(c.Args, "arches")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Lists.SetArches(ctx, c.Tx, c.Actor, ref, pkg, arches, force))
}
