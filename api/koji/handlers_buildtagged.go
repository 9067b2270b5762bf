package koji

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// taggedQuery reads what a list of a tag's builds is asked for; none is true
// for a tag that is not there, where the client does not mind.
func taggedQuery(ctx context.Context, c *Call, strict bool) (q build.TaggedQuery, none bool, err error) {
	a := c.Args
	q = build.TaggedQuery{Tag: tagRef(a, "tag"), At: a.Event("event"), Package: optText(a, "package"),
		Type: optText(a, "type"), Draft: a.OptBool("draft")}
	if err := a.Err(); err != nil {
		return q, false, err
	}
	t, err := tag.Get(ctx, c.Tx, q.Tag, q.At)
	if err != nil {
		if !strict && kura.Is(err, kura.NotFound) {
			return q, true, nil
		}
		return q, false, err
	}
	q.Tag = tag.ByID(t.ID)
	if q.Type != "" {
		err = build.CheckType(ctx, c.Tx, q.Type)
	}
	return q, false, err
}

// latestArg is how many builds of each package are wanted: True is one, and no
// number is all.
func latestArg(a *Args) int {
	switch v := a.Any("latest").(type) {
	case int64:
		return int(max(0, min(v, 1<<31-1)))
	default:
		if truthy(v) {
			return 1
		}
	}
	return 0
}

// taggedStruct is a build as a tag holds it.
func taggedStruct(b *build.Tagged, extra bool) (xmlrpc.Struct, error) {
	s := append(buildBase(b.Build), record("id", b.ID, "tag_id", b.TagID, "tag_name", b.TagName, "create_event", b.CreateEvent)...)
	if !extra {
		return s, nil
	}
	v, err := stored(b.Extra)
	return append(s, xmlrpc.Member{Name: "extra", Value: v}), err
}

// taggedRows shows builds. Of Maven's and of those for Windows it says more, to
// who asks for no others.
func taggedRows(ctx context.Context, tx *db.Tx, list []*build.Tagged, btype string, extra bool) (any, error) {
	ids := make([]int64, len(list))
	for i, b := range list {
		ids[i] = b.ID
	}
	own, err := typeData(ctx, tx, btype, ids)
	if err != nil {
		return nil, err
	}
	return rowsOf(QueryOpts{Limit: -1}, each(list), func(b *build.Tagged) (xmlrpc.Struct, error) {
		s, err := taggedStruct(b, extra)
		return append(s, own(b.ID)...), err
	})
}

// typeData gives what a type says of builds in lists of them.
func typeData(ctx context.Context, tx *db.Tx, btype string, ids []int64) (func(id int64) xmlrpc.Struct, error) {
	switch btype {
	case "maven":
		all, err := build.MavenOfAll(ctx, tx, ids)
		return func(id int64) xmlrpc.Struct { return mavenFields(all[id], "maven_") }, err
	case "win":
		all, err := build.PlatformsOf(ctx, tx, ids)
		return func(id int64) xmlrpc.Struct { return record("platform", all[id]) }, err
	}
	return func(int64) xmlrpc.Struct { return nil }, nil
}

func (Builds) listTagged(ctx context.Context, c *Call) (any, error) {
	q, none, err := taggedQuery(ctx, c, c.Args.Bool("strict"))
	q.Inherit, q.Latest, q.Owner, q.Prefix = c.Args.Bool("inherit"), latestArg(c.Args), optText(c.Args, "owner"), optText(c.Args, "prefix")
	if err == nil {
		err = c.Args.Err()
	}
	if err != nil || none {
		return []any{}, err
	}
	if p := wanted(ctx); p.wants("completion_time", "build_id", "id") {
		q.Page = &build.Page{ByTime: p.order == "completion_time", ByID: strings.HasSuffix(p.order, "id"), Down: p.down, NoTimeFirst: p.nilLeast, Offset: p.offset, Limit: p.limit}
	}
	list, err := build.ListTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	if q.Page != nil {
		wanted(ctx).take(q.Page.Total)
	}
	return taggedRows(ctx, c.Tx, list, q.Type, c.Args.Bool("extra"))
}

func (Builds) latest(ctx context.Context, c *Call) (any, error) {
	q, _, err := taggedQuery(ctx, c, true)
	if err != nil {
		return nil, err
	}
	q.Inherit, q.Latest = true, 1
	list, err := build.ListTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	return taggedRows(ctx, c.Tx, list, q.Type, false)
}

func (Builds) listTaggedRPMs(ctx context.Context, c *Call) (any, error) {
	q, none, err := taggedQuery(ctx, c, c.Args.Bool("strict"))
	q.Inherit, q.Latest, q.Owner = c.Args.Bool("inherit"), latestArg(c.Args), optText(c.Args, "owner")
	if err == nil {
		err = c.Args.Err()
	}
	if err != nil || none {
		return []any{}, err
	}
	return taggedRPMs(ctx, c, q, c.Args.Bool("extra"))
}

func (Builds) latestRPMs(ctx context.Context, c *Call) (any, error) {
	q, _, err := taggedQuery(ctx, c, true)
	if err != nil {
		return nil, err
	}
	q.Inherit, q.Latest = true, 1
	return taggedRPMs(ctx, c, q, true)
}

// taggedRPMs gives the rpms of a tag's builds, and the builds. With rpmsigs
// there is a row for each signature of an rpm.
func taggedRPMs(ctx context.Context, c *Call, q build.TaggedQuery, extra bool) (any, error) {
	arches, sigs := c.Args.Strings("arch"), c.Args.Bool("rpmsigs")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if len(arches) == 0 || arches[0] == "" {
		arches = nil
	}
	builds, err := build.ListTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows, err := taggedRows(ctx, c.Tx, builds, q.Type, false)
	if err != nil {
		return nil, err
	}
	return []any{xmlrpc.Stream(func(yield func(any, error) bool) {
		for part, err := range build.RPMParts(ctx, c.Tx, builds, arches) {
			var keys map[int64][]build.Signature
			if err == nil && sigs {
				keys, err = sigsOf(ctx, c, part)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range part {
				if !yieldRPM(yield, r, extra, sigs, keys[r.ID]) {
					return
				}
			}
		}
	}), rows}, nil
}

func sigsOf(ctx context.Context, c *Call, rpms []*build.RPM) (map[int64][]build.Signature, error) {
	ids := make([]int64, len(rpms))
	for i, r := range rpms {
		ids[i] = r.ID
	}
	return build.SigsOf(ctx, c.Tx, ids)
}

func yieldRPM(yield func(any, error) bool, r *build.RPM, extra, sigs bool, keys []build.Signature) bool {
	s, err := taggedRPM(r, extra)
	if err != nil || !sigs {
		return yield(s, err)
	}
	if len(keys) == 0 {
		return yield(append(s, xmlrpc.Member{Name: "sigkey", Value: nil}), nil)
	}
	for _, k := range keys {
		if !yield(append(s[:len(s):len(s)], xmlrpc.Member{Name: "sigkey", Value: k.Key}), nil) {
			return false
		}
	}
	return true
}

func taggedRPM(r *build.RPM, extra bool) (xmlrpc.Struct, error) {
	s := record("name", r.Name, "version", r.Version, "release", r.Release, "arch", r.Arch, "id", r.ID, "epoch", deref(r.Epoch),
		"draft", r.Draft, "payloadhash", r.PayloadHash, "size", r.Size, "buildtime", r.BuildTime,
		"buildroot_id", deref(r.BuildrootID), "build_id", deref(r.BuildID), "metadata_only", r.MetadataOnly)
	if !extra {
		return s, nil
	}
	v, err := rpmExtra(r)
	return append(s, xmlrpc.Member{Name: "extra", Value: v}), err
}
