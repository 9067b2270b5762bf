package koji

import (
	"context"
	"slices"
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

// taggedShape is a build as a tag holds it.
var taggedShape = append(xmlrpc.Embed(buildBase, func(b *build.Tagged) *build.Build { return b.Build }),
	xmlrpc.NewField("id", func(b *build.Tagged) xmlrpc.Scalar { return xmlrpc.Int(b.ID) }),
	xmlrpc.NewField("tag_id", func(b *build.Tagged) xmlrpc.Scalar { return xmlrpc.Int(b.TagID) }),
	xmlrpc.NewField("tag_name", func(b *build.Tagged) xmlrpc.Scalar { return xmlrpc.Text(b.TagName) }),
	xmlrpc.NewField("create_event", func(b *build.Tagged) xmlrpc.Scalar { return xmlrpc.Int(b.CreateEvent) }),
)

func taggedShapeOf(extra bool) xmlrpc.Shape[*build.Tagged] {
	if !extra {
		return taggedShape
	}
	return append(slices.Clip(taggedShape), xmlrpc.NewField("extra", func(b *build.Tagged) xmlrpc.Scalar { return xmlrpc.Any(stored(b.Extra)) }))
}

// taggedList shows builds, many of them in pieces.
func (h Builds) taggedList(ctx context.Context, tx *db.Tx, list *build.TaggedList, btype string, extra bool) (any, error) {
	if btype == "maven" || btype == "win" || !h.lists.serve(tx, list.Len()) {
		rows, err := list.Rows(ctx, tx, 0, list.Len())
		if err != nil {
			return nil, err
		}
		return taggedRows(ctx, tx, rows, btype, extra)
	}
	about, err := about(ctx, tx, "builds", extra)
	return pieced[*build.Tagged]{
		lists: h.lists, about: about, n: list.Len(), build: buildAt(list),
		mark: func(b []byte, i int) []byte {
			id, tag, event := list.Place(i)
			return addNumber(addNumber(addNumber(b, id), tag), event)
		},
		read:  func(from, to int) ([]*build.Tagged, error) { return list.Rows(ctx, tx, from, to) },
		of:    func(b *build.Tagged) int64 { return b.ID },
		shape: taggedShapeOf(extra),
	}, err
}

func buildAt(list *build.TaggedList) func(i int) int64 {
	return func(i int) int64 { id, _, _ := list.Place(i); return id }
}

// taggedRows shows builds. Of Maven's and of those for Windows it says more, to
// who asks for no others.
func taggedRows(ctx context.Context, tx *db.Tx, list []*build.Tagged, btype string, extra bool) (any, error) {
	shape := taggedShapeOf(extra)
	if btype != "maven" && btype != "win" {
		return tableOf(QueryOpts{Limit: -1}, each(list), shape)
	}
	ids := make([]int64, len(list))
	for i, b := range list {
		ids[i] = b.ID
	}
	own, err := typeData(ctx, tx, btype, ids)
	if err != nil {
		return nil, err
	}
	return rowsOf(QueryOpts{Limit: -1}, each(list), func(b *build.Tagged) (xmlrpc.Struct, error) {
		s, err := shape.Struct(b)
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

func (h Builds) listTagged(ctx context.Context, c *Call) (any, error) {
	q, none, err := taggedQuery(ctx, c, c.Args.Bool("strict"))
	q.Inherit, q.Latest, q.Owner, q.Prefix = c.Args.Bool("inherit"), latestArg(c.Args), optText(c.Args, "owner"), optText(c.Args, "prefix")
	if err == nil {
		err = c.Args.Err()
	}
	if err != nil || none {
		return []any{}, err
	}
	q.Brief = !c.Args.Bool("extra")
	if p := wanted(ctx); p.wants("completion_time", "build_id", "id") {
		q.Page = &build.Page{ByTime: p.order == "completion_time", ByID: strings.HasSuffix(p.order, "id"), Down: p.down, NoTimeFirst: p.nilLeast, Offset: p.offset, Limit: p.limit}
		list, err := build.ListTagged(ctx, c.Tx, q)
		if err != nil {
			return nil, err
		}
		p.take(q.Page.Total)
		return taggedRows(ctx, c.Tx, list, q.Type, !q.Brief)
	}
	return h.heldBuilds(ctx, c, q)
}

// heldBuilds gives what a tag holds.
func (h Builds) heldBuilds(ctx context.Context, c *Call, q build.TaggedQuery) (any, error) {
	q.Known = h.Known
	list, err := build.FindTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	return h.taggedList(ctx, c.Tx, list, q.Type, !q.Brief)
}

func (h Builds) latest(ctx context.Context, c *Call) (any, error) {
	q, _, err := taggedQuery(ctx, c, true)
	if err != nil {
		return nil, err
	}
	q.Inherit, q.Latest, q.Brief = true, 1, true
	return h.heldBuilds(ctx, c, q)
}

func (h Builds) listTaggedRPMs(ctx context.Context, c *Call) (any, error) {
	q, none, err := taggedQuery(ctx, c, c.Args.Bool("strict"))
	q.Inherit, q.Latest, q.Owner = c.Args.Bool("inherit"), latestArg(c.Args), optText(c.Args, "owner")
	if err == nil {
		err = c.Args.Err()
	}
	if err != nil || none {
		return []any{}, err
	}
	return h.taggedRPMs(ctx, c, q, c.Args.Bool("extra"))
}

func (h Builds) latestRPMs(ctx context.Context, c *Call) (any, error) {
	q, _, err := taggedQuery(ctx, c, true)
	if err != nil {
		return nil, err
	}
	q.Inherit, q.Latest = true, 1
	return h.taggedRPMs(ctx, c, q, true)
}

// taggedRPMs gives the rpms of a tag's builds, and the builds. With rpmsigs
// there is a row for each signature of an rpm.
func (h Builds) taggedRPMs(ctx context.Context, c *Call, q build.TaggedQuery, extra bool) (any, error) {
	arches, sigs := c.Args.Strings("arch"), c.Args.Bool("rpmsigs")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if len(arches) == 0 || arches[0] == "" {
		arches = nil
	}
	q.Brief, q.Known = true, h.Known
	builds, err := build.FindTagged(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows, err := h.taggedList(ctx, c.Tx, builds, q.Type, false)
	if err != nil {
		return nil, err
	}
	shape := listedShape
	if extra {
		shape = append(slices.Clip(shape), xmlrpc.NewField("extra", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Any(rpmExtra(r.RPM)) }))
	}
	if sigs {
		shape = append(slices.Clip(shape), xmlrpc.NewField("sigkey", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.OptText(r.key) }))
	}
	if !sigs && h.lists.serve(c.Tx, builds.Len()) {
		args := []any{extra}
		for _, a := range arches {
			args = append(args, a)
		}
		about, err := about(ctx, c.Tx, "rpms", args...)
		return []any{pieced[listedRPM]{
			lists: h.lists, about: about, n: builds.Len(), build: buildAt(builds),
			mark: func(b []byte, i int) []byte { id, _, _ := builds.Place(i); return addNumber(b, id) },
			read: func(from, to int) ([]listedRPM, error) {
				got, err := builds.RPMs(ctx, c.Tx, from, to, arches)
				rows := make([]listedRPM, len(got))
				for i, r := range got {
					rows[i] = listedRPM{RPM: r}
				}
				return rows, err
			},
			of:    func(r listedRPM) int64 { return *r.BuildID },
			shape: shape,
		}, rows}, err
	}
	return []any{xmlrpc.NewTable(func(yield func(listedRPM, error) bool) {
		for part, err := range builds.RPMParts(ctx, c.Tx, arches) {
			var keys map[int64][]build.Signature
			if err == nil && sigs {
				keys, err = sigsOf(ctx, c, part)
			}
			if err != nil {
				yield(listedRPM{}, err)
				return
			}
			for _, r := range part {
				if !listed(yield, r, keys[r.ID]) {
					return
				}
			}
		}
	}, shape), rows}, nil
}

func sigsOf(ctx context.Context, c *Call, rpms []*build.RPM) (map[int64][]build.Signature, error) {
	ids := make([]int64, len(rpms))
	for i, r := range rpms {
		ids[i] = r.ID
	}
	return build.SigsOf(ctx, c.Tx, ids)
}

// listed gives an rpm, once for each of its signatures if it has any.
func listed(yield func(listedRPM, error) bool, r *build.RPM, keys []build.Signature) bool {
	if len(keys) == 0 {
		return yield(listedRPM{RPM: r}, nil)
	}
	for _, k := range keys {
		if !yield(listedRPM{r, &k.Key}, nil) {
			return false
		}
	}
	return true
}

// listedRPM is an rpm of a build that a tag holds, with one of its signatures.
type listedRPM struct {
	*build.RPM
	key *string
}

var listedShape = xmlrpc.Shape[listedRPM]{
	xmlrpc.NewField("name", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Text(r.Name) }),
	xmlrpc.NewField("version", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Text(r.Version) }),
	xmlrpc.NewField("release", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Text(r.Release) }),
	xmlrpc.NewField("arch", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Text(r.Arch) }),
	xmlrpc.NewField("id", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Int(r.ID) }),
	xmlrpc.NewField("epoch", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.Epoch) }),
	xmlrpc.NewField("draft", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Bool(r.Draft) }),
	xmlrpc.NewField("payloadhash", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Text(r.PayloadHash) }),
	xmlrpc.NewField("size", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Int(r.Size) }),
	xmlrpc.NewField("buildtime", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Int(r.BuildTime) }),
	xmlrpc.NewField("buildroot_id", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.BuildrootID) }),
	xmlrpc.NewField("build_id", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.OptInt(r.BuildID) }),
	xmlrpc.NewField("metadata_only", func(r listedRPM) xmlrpc.Scalar { return xmlrpc.Bool(r.MetadataOnly) }),
}
