package koji

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// find gives a build's id. An id is given back as it is.
func (Builds) find(ctx context.Context, c *Call) (any, error) {
	v, strict := c.Args.Any("X"), c.Args.Bool("strict")
	if id, ok := v.(int64); ok {
		return id, nil
	}
	b, err := findBuild(ctx, c.Tx, v)
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return b.ID, nil
}

// instant is a time that clients give in seconds or as a text; 0 is none.
func (a *Args) instant(name string) int64 {
	r := optReader{opts: map[string]any{name: a.Any(name)}}
	at := r.time(name)
	if r.err != nil {
		a.wrong(name, "time", a.Any(name))
	}
	return at
}

// list gives builds. Ordering, cutting and counting is the database's work,
// because there are many builds.
func (Builds) list(ctx context.Context, c *Call) (any, error) {
	f, some, err := buildFilter(ctx, c)
	if err != nil {
		return nil, err
	}
	o := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if !some {
		return o.Apply(nil)
	}
	if o.CountOnly {
		n, err := build.Count(ctx, c.Tx, f)
		return o.part(n), err
	}
	for _, name := range o.Order {
		name, down := strings.CutPrefix(strings.TrimSpace(name), "-")
		f.Order = append(f.Order, build.By{Field: name, Down: down})
	}
	o.Order = nil
	if o.Limit != 0 { // what is cut here need not be cut again
		f.Offset, f.Limit = int64(o.Offset), int64(max(0, o.Limit))
		o.Offset, o.Limit = 0, -1
	}
	rows, err := build.Stream(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	if f.Type != "maven" && f.Type != "win" {
		return tableOf(o, rows, buildShape)
	}
	var all []*build.Build
	var ids []int64
	for b, err := range rows {
		if err != nil {
			return nil, err
		}
		all, ids = append(all, b), append(ids, b.ID)
	}
	own, err := typeData(ctx, c.Tx, f.Type, ids)
	if err != nil {
		return nil, err
	}
	return rowsOf(o, each(all), func(b *build.Build) (xmlrpc.Struct, error) {
		s, err := buildShape.Struct(b)
		return append(s, own(b.ID)...), err
	})
}

// buildFilter reads the conditions of listBuilds; some is false where nothing
// can meet them.
func buildFilter(ctx context.Context, c *Call) (f build.Filter, some bool, err error) {
	a := c.Args
	pkg, user, task := tagRef(a, "packageID"), account.Ref(a.Ref("userID")), a.OptInt("taskID")
	f = build.Filter{
		Prefix: optText(a, "prefix"), Pattern: optText(a, "pattern"), Source: optText(a, "source"),
		CreatedBefore: a.instant("createdBefore"), CreatedAfter: a.instant("createdAfter"),
		CompletedBefore: a.instant("completeBefore"), CompletedAfter: a.instant("completeAfter"),
		PromotedBefore: a.instant("promotedBefore"), PromotedAfter: a.instant("promotedAfter"),
		Type: optText(a, "type"), Draft: a.OptBool("draft"),
	}
	state, volume := a.OptInt("state"), a.OptInt("volumeID")
	if err := a.Err(); err != nil {
		return f, false, err
	}
	if ref := account.Ref(a.Ref("promoter")); ref != (account.Ref{}) {
		u, err := account.Get(ctx, c.Tx, ref)
		if err != nil {
			return f, false, missing(err)
		}
		f.PromoterID = u.ID
	}
	if ref := account.Ref(a.Ref("cgID")); ref != (account.Ref{}) {
		g, err := build.GetGenerator(ctx, c.Tx, ref)
		if err != nil {
			return f, false, missing(err)
		}
		f.CGID = g.ID
	}
	if state != nil {
		f.State = new(build.State(*state))
	}
	switch {
	case task == nil:
	case *task == -1:
		f.HasTask = true
	case *task <= 0:
		return f, false, nil
	default:
		f.TaskID = *task
	}
	f.VolumeID = volume
	info := a.Map("typeInfo")
	if err := a.Err(); err != nil {
		return f, false, err
	}
	if err := typeInfo(&f, info); err != nil {
		return f, false, err
	}
	if f.Type != "" {
		if err := build.CheckType(ctx, c.Tx, f.Type); err != nil {
			return f, false, err
		}
	}
	if !(Ref(pkg)).IsZero() {
		p, err := tag.GetPackage(ctx, c.Tx, pkg)
		if err != nil {
			return f, false, missing(err)
		}
		f.PackageID = p.ID
	}
	if !(Ref(user)).IsZero() {
		u, err := account.Get(ctx, c.Tx, user)
		if err != nil {
			return f, false, missing(err)
		}
		f.UserID = u.ID
	}
	return f, true, nil
}

// missing lets it pass that something was not found.
func missing(err error) error {
	if kura.Is(err, kura.NotFound) {
		return nil
	}
	return err
}

func (Builds) untagged(ctx context.Context, c *Call) (any, error) {
	f := build.Filter{Untagged: true, State: new(build.Complete), Package: optText(c.Args, "name"), Draft: c.Args.OptBool("draft")}
	o := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	rows, err := build.Stream(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	return rowsOf(o, rows, func(b *build.Build) (xmlrpc.Struct, error) {
		return record("id", b.ID, "name", b.Name, "version", b.Version, "release", b.Release), nil
	})
}

// typeInfo narrows builds of a type by what it says of them.
func typeInfo(f *build.Filter, info map[string]any) error {
	r := optReader{opts: info}
	text := func(name string) *string {
		if _, ok := info[name]; !ok {
			return nil
		}
		s := r.string(name)
		return &s
	}
	switch {
	case len(info) == 0:
	case f.Type == "maven":
		f.Group, f.Artifact, f.MavenVersion = text("group_id"), text("artifact_id"), text("version")
	case f.Type == "win":
		f.Platform = text("platform")
	case f.Type != "" && f.Type != "image":
		return kura.Errorf("koji.listBuilds", kura.Invalid, "typeInfo queries not supported for type %s", f.Type)
	}
	return r.err
}
