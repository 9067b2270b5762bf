package build

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// Tagged is a build as a tag holds it.
type Tagged struct {
	*Build
	TagID       int64
	TagName     string
	CreateEvent int64 // of its being tagged
}

// TaggedQuery asks what a tag holds.
type TaggedQuery struct {
	Tag     tag.Ref
	At      int64 // event, 0 = now
	Inherit bool
	Latest  int    // newest so many of each package; 0 = all
	Package string // only this one
	Owner   string
	Prefix  string
	Type    string
	Draft   *bool
	Brief   bool // without source, extra data, and what generated it

	Page  *Page  // only this part of the list
	Known *Known // what need not be asked again; nil is nothing

	pkg int64 // the package's number
}

// ListTagged gives the builds of a tag, and of those that it inherits from, in
// the order of inheritance, newest tagging first. Builds whose package the tag
// does not list or blocks are not shown.
func ListTagged(ctx context.Context, tx *db.Tx, q TaggedQuery) ([]*Tagged, error) {
	if q.Page != nil {
		return q.Page.of(ctx, tx, q)
	}
	l, err := FindTagged(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	return l.Rows(ctx, tx, 0, l.Len())
}

// TaggedRef is a build as a tag holds it, by its number.
type TaggedRef struct {
	BuildID, PackageID int64
	VolumeID           int64
	CompletionTime     int64
	Draft              bool
	TagID              int64
	TagName            string
	CreateEvent        int64 // of its being tagged
}

// ListTaggedRefs is ListTagged for who knows most of the builds already.
func ListTaggedRefs(ctx context.Context, tx *db.Tx, q TaggedQuery) ([]TaggedRef, error) {
	out, err := overInheritance(ctx, tx, q, taggedRefs, func(b TaggedRef) (int64, int64, int64) { return b.TagID, b.BuildID, b.PackageID })
	return out, kura.E("build.ListTaggedRefs", err)
}

// scope is where what a tag holds and inherits is looked for.
type scope struct {
	tag   int64
	order []int64 // it, and those that it inherits from
}

// scope finds it, and the package that is asked for; found is false where there is no
// such package.
func (q *TaggedQuery) scope(ctx context.Context, tx *db.Tx) (s scope, found bool, err error) {
	const op = "build.scope"
	t, err := tag.Get(ctx, tx, q.Tag, q.At)
	if err != nil {
		return s, false, kura.E(op, err)
	}
	s = scope{t.ID, []int64{t.ID}}
	if q.Inherit {
		steps, err := tag.Inheritance(ctx, tx, t.ID, q.At)
		if err != nil {
			return s, false, kura.E(op, err)
		}
		asked := map[int64]bool{t.ID: true}
		for _, i := range steps {
			if !asked[i.Parent] {
				asked[i.Parent] = true
				s.order = append(s.order, i.Parent)
			}
		}
	}
	if q.Package != "" {
		p, err := tag.GetPackage(ctx, tx, tag.ByName(q.Package))
		if err != nil {
			if kura.Is(err, kura.NotFound) {
				err = nil
			}
			return s, false, kura.E(op, err)
		}
		q.pkg = p.ID
	}
	return s, true, nil
}

// overInheritance gives what a tag holds and inherits, of what read gives for
// all these tags together.
func overInheritance[B any](ctx context.Context, tx *db.Tx, q TaggedQuery, read func(context.Context, *db.Tx, []int64, TaggedQuery) ([]B, error), ids func(B) (tag, build, pkg int64)) ([]B, error) {
	const op = "build.overInheritance"
	s, found, err := q.scope(ctx, tx)
	if err != nil || !found {
		return nil, err
	}
	rows, err := read(ctx, tx, s.order, q)
	if err != nil {
		return nil, kura.E(op, err)
	}
	out, err := shown(ctx, tx, s, q, rows, ids)
	return out, kura.E(op, err)
}

// shown gives those of the builds of tags that a list shows.
func shown[B any](ctx context.Context, tx *db.Tx, s scope, q TaggedQuery, rows []B, ids func(B) (tag, build, pkg int64)) ([]B, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	allowed, err := packages(ctx, tx, s.tag, q, fewPackages(rows, func(b B) int64 { _, _, pkg := ids(b); return pkg }))
	if err != nil {
		return nil, err
	}
	held := make(map[int64][]B, len(s.order))
	if len(s.order) > 1 {
		for _, b := range rows {
			t, _, _ := ids(b)
			held[t] = append(held[t], b)
		}
	} else {
		held[s.tag] = rows
	}
	out := make([]B, 0, len(rows))
	taken := make(map[int64]int, len(allowed)) // builds given of a package
	seen := make(map[int64]bool, len(rows))    // builds given
	for _, id := range s.order {
		for _, b := range held[id] {
			_, id, pkg := ids(b)
			if !allowed[pkg] || seen[id] || q.Latest > 0 && taken[pkg] >= q.Latest {
				continue
			}
			seen[id] = true
			taken[pkg]++
			out = append(out, b)
		}
	}
	return out, nil
}

// fewPackages gives the packages of rows, or nil for more than are worth asking for by
// their numbers: a tag that holds little may inherit the list of one that holds all.
func fewPackages[B any](rows []B, of func(B) int64) []int64 {
	known := map[int64]bool{}
	for _, b := range rows {
		if known[of(b)] = true; len(known) > 500 {
			return nil
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// packages gives the packages that a tag shows, of some or of all: listed and not
// blocked.
func packages(ctx context.Context, tx *db.Tx, id int64, q TaggedQuery, of []int64) (map[int64]bool, error) {
	if q.pkg == 0 {
		return tag.Shown(ctx, tx, id, q.At, of)
	}
	list, err := tag.ListedPackages(ctx, tx, tag.ListQuery{Tag: id, At: q.At, Package: q.pkg, Inherit: true, NoOwners: true})
	return map[int64]bool{q.pkg: len(list) > 0 && !list[0].Blocked}, err
}

// taggedRefs reads without what a query may narrow by.
func taggedRefs(ctx context.Context, tx *db.Tx, tags []int64, q TaggedQuery) ([]TaggedRef, error) {
	n := names{tags: map[int64]string{}}
	for _, t := range tags {
		n.tags[t] = ""
	}
	if err := n.read(ctx, tx); err != nil {
		return nil, err
	}
	var b db.Builder
	b.Add("SELECT build.id, build.pkg_id, build.volume_id, COALESCE(build.completion_time, 0), build.draft, l.tag_id, l.create_event FROM tag_listing l" +
		" JOIN build ON build.id = l.build_id WHERE build.state = 1 AND")
	db.In(&b, "l.tag_id", tags).At("l", q.At)
	return db.Find(ctx, tx, func(s db.Scanner) (r TaggedRef, err error) {
		err = s.Scan(&r.BuildID, &r.PackageID, &r.VolumeID, &r.CompletionTime, &r.Draft, &r.TagID, &r.CreateEvent)
		r.TagName = n.tags[r.TagID]
		return r, err
	}, b.Add(" ORDER BY l.create_event DESC, build.id DESC"))
}

// RPMsSince gives the newest rpm's id, and of how many rpms with greater ids than
// a given one each build has.
func RPMsSince(ctx context.Context, tx *db.Tx, id int64) (newest int64, builds map[int64]int, err error) {
	const op = "build.RPMsSince"
	if err := tx.Row(ctx, "SELECT COALESCE(max(id), 0) FROM rpminfo").Scan(&newest); err != nil {
		return 0, nil, kura.E(op, err)
	}
	type count struct {
		build int64
		rpms  int
	}
	counts, err := db.All(ctx, tx, func(s db.Scanner) (c count, err error) { return c, s.Scan(&c.build, &c.rpms) },
		"SELECT build_id, count(*) FROM rpminfo WHERE id > $1 AND build_id IS NOT NULL GROUP BY build_id", id)
	builds = make(map[int64]int, len(counts))
	for _, c := range counts {
		builds[c.build] = c.rpms
	}
	return newest, builds, kura.E(op, err)
}

// ByIDs gives builds by their numbers; those that are not there are left out.
func ByIDs(ctx context.Context, tx *db.Tx, ids []int64) ([]*Build, error) {
	got, err := inParts(ids, func(part []int64) ([]*Build, error) {
		var q db.Builder
		q.Add("SELECT " + columns + " FROM build" + joins + " WHERE")
		return db.Find(ctx, tx, scanBuild, db.In(&q, "build.id", part))
	})
	return got, kura.E("build.ByIDs", err)
}

// inParts asks for some hundred numbers at once.
func inParts[T any](ids []int64, ask func([]int64) ([]T, error)) ([]T, error) {
	var out []T
	for part := range slices.Chunk(ids, 500) {
		got, err := ask(part)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}
