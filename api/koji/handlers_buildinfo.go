package koji

import (
	"context"
	"strings"
	"time"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// logs names the log files that a build keeps.
func (Builds) logs(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	top := file.Join(b.Path(), "data/logs")
	nodes, err := file.Walk(ctx, c.Tx, top)
	if err != nil {
		return nil, err
	}
	out := []xmlrpc.Struct{}
	for _, n := range nodes {
		if n.Kind != file.File && n.Kind != file.Growing {
			continue
		}
		dir := strings.TrimPrefix(strings.TrimPrefix(n.Dir, top), "/")
		if dir == "" {
			dir = "."
		}
		out = append(out, record("name", n.Name, "dir", dir, "path", n.Path()))
	}
	return out, nil
}

// buildType gives a build's types, each with what its extra data say of it.
func (Builds) buildType(ctx context.Context, c *Call) (any, error) {
	strict := c.Args.Bool("strict")
	b, err := buildArg(ctx, c, "buildInfo")
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	types, err := build.Types(ctx, c.Tx, b.ID)
	if err != nil {
		return nil, err
	}
	extra, err := stored(b.Extra)
	if err != nil {
		return nil, err
	}
	known, _ := extra.(map[string]any)
	info, _ := known["typeinfo"].(map[string]any)
	out := map[string]any{}
	for _, t := range types {
		out[t] = info[t]
		// What these say of themselves comes before what was said of them.
		switch t {
		case "maven":
			m, found, err := build.MavenOf(ctx, c.Tx, b.ID)
			if err != nil {
				return nil, err
			}
			if found {
				out[t] = append(record("build_id", b.ID), mavenFields(m, "")...)
			}
		case "win":
			platform, found, err := build.WinOf(ctx, c.Tx, b.ID)
			if err != nil {
				return nil, err
			}
			if found {
				out[t] = record("build_id", b.ID, "platform", platform)
			}
		case "image":
			out[t] = record("build_id", b.ID)
		}
	}
	return out, nil
}

func namedRows(list []build.Named) []xmlrpc.Struct {
	rows := make([]xmlrpc.Struct, len(list))
	for i, n := range list {
		rows[i] = record("id", n.ID, "name", n.Name)
	}
	return rows
}

func (Builds) btypes(ctx context.Context, c *Call) (any, error) {
	query, o := c.Args.Map("query"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	all, err := build.BTypes(ctx, c.Tx)
	if err != nil {
		return nil, err
	}
	kept := []xmlrpc.Struct{}
	for _, row := range namedRows(all) {
		id, byID := query["id"]
		name, byName := query["name"]
		if (!byID || id == row[0].Value) && (!byName || name == row[1].Value) {
			kept = append(kept, row)
		}
	}
	return o.Apply(kept)
}

// references says what keeps a build from being deleted. lazy stops at the
// first sort of which there is any.
func (Builds) references(ctx context.Context, c *Call) (any, error) {
	limit, lazy := c.Args.OptInt("limit"), c.Args.Bool("lazy")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	refs, err := build.ReferencesTo(ctx, c.Tx, b.ID, moment(limit))
	if err != nil {
		return nil, err
	}
	tags := make([]xmlrpc.Struct, len(refs.Tags))
	for i, t := range refs.Tags {
		tags[i] = record("tag_id", t.ID, "name", t.Name)
	}
	out := record("tags", tags)
	if lazy && len(tags) > 0 {
		return out, nil
	}
	rpms := make([]xmlrpc.Struct, len(refs.RPMs))
	for i, r := range refs.RPMs {
		rpms[i] = record("id", r.ID, "name", r.Name, "version", r.Version, "release", r.Release, "arch", r.Arch, "build_id", deref(r.BuildID))
	}
	out = append(out, record("rpms", rpms)...)
	if lazy && len(rpms) > 0 {
		return out, nil
	}
	archives := make([]xmlrpc.Struct, len(refs.Archives))
	for i, a := range refs.Archives {
		archives[i] = record("id", a.ID, "type_id", a.Type.ID, "type_name", a.Type.Name, "build_id", a.BuildID, "filename", a.Filename)
	}
	return append(out, record("component_of", refs.Parts, "archives", archives, "images", []any{}, "last_used", TimeTS(refs.LastUsed))...), nil
}

// averageDuration is in seconds, over the last months; nil for never built.
func (Builds) averageDuration(ctx context.Context, c *Call) (any, error) {
	ref, age := tagRef(c.Args, "package"), c.Args.OptInt("age")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	p, err := tag.GetPackage(ctx, c.Tx, ref)
	if err != nil {
		return nil, missing(err)
	}
	var since int64
	if age != nil {
		since = time.Now().AddDate(0, -int(min(max(*age, 0), 12000)), 0).UnixMicro()
	}
	micros, found, err := build.AverageDuration(ctx, c.Tx, p.ID, since)
	if err != nil || !found {
		return nil, err
	}
	return micros / 1e6, nil
}
