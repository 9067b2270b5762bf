package build

import (
	"cmp"
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

	Page *Page // only this part of the list

	pkg int64 // the package's number
}

// ListTagged gives the builds of a tag, and of those that it inherits from, in
// the order of inheritance, newest tagging first. Builds whose package the tag
// does not list or blocks are not shown.
func ListTagged(ctx context.Context, tx *db.Tx, q TaggedQuery) ([]*Tagged, error) {
	if q.Page != nil {
		return q.Page.of(ctx, tx, q)
	}
	out, err := overInheritance(ctx, tx, q, tagged, func(b *Tagged) (int64, int64, int64) { return b.TagID, b.ID, b.PackageID })
	return out, kura.E("build.ListTagged", err)
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

// overInheritance gives what a tag holds and inherits, of what read gives for
// all these tags together.
func overInheritance[B any](ctx context.Context, tx *db.Tx, q TaggedQuery, read func(context.Context, *db.Tx, []int64, TaggedQuery) ([]B, error), ids func(B) (tag, build, pkg int64)) ([]B, error) {
	const op = "build.overInheritance"
	t, err := tag.Get(ctx, tx, q.Tag, q.At)
	if err != nil {
		return nil, kura.E(op, err)
	}
	order := []int64{t.ID}
	if q.Inherit {
		steps, err := tag.Inheritance(ctx, tx, t.ID, q.At)
		if err != nil {
			return nil, kura.E(op, err)
		}
		asked := map[int64]bool{t.ID: true}
		for _, s := range steps {
			if !asked[s.Parent] {
				asked[s.Parent] = true
				order = append(order, s.Parent)
			}
		}
	}
	if q.Package != "" {
		p, err := tag.GetPackage(ctx, tx, tag.ByName(q.Package))
		if err != nil {
			if kura.Is(err, kura.NotFound) {
				err = nil
			}
			return nil, kura.E(op, err)
		}
		q.pkg = p.ID
	}
	rows, err := read(ctx, tx, order, q)
	if err != nil || len(rows) == 0 {
		return nil, kura.E(op, err)
	}
	allowed, err := packages(ctx, tx, t.ID, q, fewPackages(rows, func(b B) int64 { _, _, pkg := ids(b); return pkg }))
	if err != nil {
		return nil, kura.E(op, err)
	}
	held := make(map[int64][]B, len(order))
	if len(order) > 1 {
		for _, b := range rows {
			t, _, _ := ids(b)
			held[t] = append(held[t], b)
		}
	} else {
		held[t.ID] = rows
	}
	var out []B
	taken := map[int64]int{} // builds given of a package
	seen := map[int64]bool{} // builds given
	for _, id := range order {
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

func tagged(ctx context.Context, tx *db.Tx, tags []int64, q TaggedQuery) ([]*Tagged, error) {
	few, err := fewTagged(ctx, tx, tags, q)
	if err != nil {
		return nil, err
	}
	anew := !few && q.pkg == 0 // how much the tags hold decides, not what tags hold as a rule
	if anew {
		if err := tx.PlanAnew(ctx); err != nil {
			return nil, err
		}
	}
	scan := scanBrief
	if !q.Brief {
		scan = scanTagged
	}
	got, err := db.Find(ctx, tx, scan, q.builds(tags, few))
	if err == nil && anew {
		err = tx.PlanAgain(ctx)
	}
	if err != nil {
		return nil, err
	}
	// Not by the database, which would sort all that is known of each.
	slices.SortFunc(got, func(x, y *Tagged) int {
		return cmp.Or(cmp.Compare(y.CreateEvent, x.CreateEvent), cmp.Compare(y.ID, x.ID))
	})
	return got, nameTagged(ctx, tx, got)
}

// builds asks for all that tags hold, each for itself, or for the newest.
func (q *TaggedQuery) builds(tags []int64, few bool) *db.Builder {
	var b db.Builder
	b.Add("SELECT " + briefColumns)
	if !q.Brief {
		b.Add(", build.source, build.extra, build.cg_id, content_generator.name")
	}
	b.Add(" FROM ")
	newest := !few && q.pkg == 0 && q.Latest > 0 && !q.narrowed()
	switch {
	case few:
		// A tag that many builds went through may hold few of them. The limit
		// tells the database, which would reckon with a share of all; the order is
		// that of an index, or it would look for so few among all.
		b.Add("(SELECT * FROM tag_listing l WHERE")
		db.In(&b, "l.tag_id", tags).At("l", q.At).Add(" ORDER BY l.tag_id, l.build_id LIMIT 1000) l")
	case newest:
		// Which ones these are is decided by what indexes hold, before anything
		// else is read of them: most of what a tag holds may be older.
		b.Add(`(SELECT l.build_id, l.tag_id, l.create_event,
			row_number() OVER (PARTITION BY l.tag_id, build.pkg_id ORDER BY l.create_event DESC, build.id DESC) AS place
			FROM tag_listing l JOIN build ON build.id = l.build_id WHERE build.state = 1 AND`)
		db.In(&b, "l.tag_id", tags).At("l", q.At).Add(") l")
	default:
		b.Add("tag_listing l")
	}
	b.Add(" JOIN build ON build.id = l.build_id JOIN package ON package.id = build.pkg_id JOIN event ON event.id = build.create_event")
	if !q.Brief {
		b.Add(" LEFT JOIN content_generator ON content_generator.id = build.cg_id")
	}
	b.Add(" WHERE build.state = 1")
	switch {
	case newest:
		return b.Add(" AND l.place <= ?", q.Latest)
	case !few:
		b.Add(" AND")
		db.In(&b, "l.tag_id", tags).At("l", q.At)
	}
	if q.pkg != 0 {
		b.Add(" AND build.pkg_id = ?", q.pkg)
	}
	if q.Owner != "" {
		b.Add(" AND build.owner = (SELECT id FROM users WHERE name = ?)", q.Owner)
	}
	if q.Prefix != "" {
		b.Add(` AND lower(package.name) LIKE lower(?) ESCAPE '\'`, escapeLike(q.Prefix)+"%")
	}
	if q.Draft != nil {
		b.Add(" AND build.draft = ?", *q.Draft)
	}
	if q.Type != "" {
		b.Add(" AND EXISTS (SELECT 1 FROM build_types JOIN btype ON btype.id = btype_id WHERE build_id = build.id AND btype.name = ?)", q.Type)
	}
	return &b
}

// narrowed reports whether only some of a package's builds may be meant.
func (q *TaggedQuery) narrowed() bool {
	return q.Owner != "" || q.Prefix != "" || q.Draft != nil || q.Type != ""
}

// fewTagged says whether tags hold fewer than a thousand builds together. Of a
// package's builds there are few in any case.
func fewTagged(ctx context.Context, tx *db.Tx, tags []int64, q TaggedQuery) (bool, error) {
	if q.pkg != 0 {
		return false, nil
	}
	var b db.Builder
	b.Add("SELECT count(*) FROM (SELECT 1 FROM tag_listing l WHERE")
	db.In(&b, "l.tag_id", tags).At("l", q.At).Add(" LIMIT 1000) held")
	n, err := db.Find(ctx, tx, db.Column[int64], &b)
	return err == nil && n[0] < 1000, err
}

// taggedRefs is tagged without what a query may narrow by.
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
