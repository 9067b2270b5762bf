package build

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// TaggedList is what a tag holds, in the order of ListTagged. Of many builds it has
// their places only, and reads what is wanted of them when it is.
type TaggedList struct {
	places []place
	rows   []*Tagged // all, or none yet
	brief  bool
}

// place is where a tag holds a build.
type place struct{ tag, build, pkg, event int64 }

func (p place) ids() (tag, build, pkg int64) { return p.tag, p.build, p.pkg }

// FindTagged finds what ListTagged gives, but no page of it.
func FindTagged(ctx context.Context, tx *db.Tx, q TaggedQuery) (*TaggedList, error) {
	const op = "build.FindTagged"
	l := &TaggedList{brief: q.Brief}
	s, found, err := q.scope(ctx, tx)
	if err != nil || !found {
		return l, err
	}
	few, err := fewTagged(ctx, tx, s.order, q)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if few {
		rows, err := db.Find(ctx, tx, scanOf(q.Brief), q.few(s.order))
		if err != nil {
			return nil, kura.E(op, err)
		}
		newestFirst(rows, func(t *Tagged) (int64, int64) { return t.CreateEvent, t.ID })
		if err := nameTagged(ctx, tx, rows); err != nil {
			return nil, kura.E(op, err)
		}
		l.rows, err = shown(ctx, tx, s, q, rows, func(t *Tagged) (int64, int64, int64) { return t.TagID, t.ID, t.PackageID })
		return l, kura.E(op, err)
	}
	all, err := q.places(ctx, tx, s.order)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if q.Latest == 1 {
		all = newest(all)
	}
	newestFirst(all, func(p place) (int64, int64) { return p.event, p.build })
	l.places, err = shown(ctx, tx, s, q, all, place.ids)
	return l, kura.E(op, err)
}

// newest gives the places of the newest builds of packages in each tag, before others are
// put in order for nothing.
func newest(all []place) []place {
	type of struct{ tag, pkg int64 }
	at := make(map[of]int, len(all)/2)
	out := all[:0]
	for _, p := range all {
		i, found := at[of{p.tag, p.pkg}]
		switch {
		case !found:
			at[of{p.tag, p.pkg}] = len(out)
			out = append(out, p)
		case cmp.Or(cmp.Compare(p.event, out[i].event), cmp.Compare(p.build, out[i].build)) > 0:
			out[i] = p
		}
	}
	return out
}

// newestFirst sorts by the tagging, and of one event by the build. The database would
// sort all that is known of each.
func newestFirst[B any](list []B, of func(B) (event, build int64)) {
	slices.SortFunc(list, func(x, y B) int {
		xe, xb := of(x)
		ye, yb := of(y)
		return cmp.Or(cmp.Compare(ye, xe), cmp.Compare(yb, xb))
	})
}

// Len is how many builds there are.
func (l *TaggedList) Len() int { return max(len(l.places), len(l.rows)) }

// Place says which build is at a place of the list, in which tag and since which event.
func (l *TaggedList) Place(i int) (build, tag, event int64) {
	if l.rows != nil {
		return l.rows[i].ID, l.rows[i].TagID, l.rows[i].CreateEvent
	}
	return l.places[i].build, l.places[i].tag, l.places[i].event
}

// ByID puts the list in the order of the builds' numbers, and says where those behind a
// number begin.
func (l *TaggedList) ByID(behind int64) int {
	slices.SortFunc(l.rows, func(x, y *Tagged) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(l.places, func(x, y place) int { return cmp.Compare(x.build, y.build) })
	return sort.Search(l.Len(), func(i int) bool { id, _, _ := l.Place(i); return id > behind })
}

// Rows gives the builds from one place up to another.
func (l *TaggedList) Rows(ctx context.Context, tx *db.Tx, from, to int) ([]*Tagged, error) {
	if l.rows != nil || from == to {
		return l.rows[from:to], nil
	}
	places := l.places[from:to]
	ids := make([]int64, len(places))
	for i, p := range places {
		ids[i] = p.build
	}
	got, err := inParts(ids, func(part []int64) ([]*Tagged, error) {
		var b db.Builder
		addColumns(b.Add("SELECT 0, 0, "), l.brief).Add(" FROM build")
		return db.Find(ctx, tx, scanOf(l.brief), db.In(addJoins(&b, l.brief).Add(" WHERE"), "build.id", part))
	})
	if err != nil {
		return nil, kura.E("build.TaggedList", err)
	}
	by := make(map[int64]*Tagged, len(got))
	for _, t := range got {
		by[t.ID] = t
	}
	rows := make([]*Tagged, len(places))
	for i, p := range places {
		t := by[p.build]
		t.TagID, t.CreateEvent = p.tag, p.event
		rows[i] = t
	}
	return rows, kura.E("build.TaggedList", nameTagged(ctx, tx, rows))
}

// few asks for all that is told of builds, where tags hold few of them.
func (q *TaggedQuery) few(tags []int64) *db.Builder {
	var b db.Builder
	addColumns(b.Add("SELECT l.tag_id, l.create_event, "), q.Brief).Add(" FROM ")
	if q.pkg != 0 {
		b.Add("tag_listing l")
	} else {
		// A tag that many builds went through may hold few of them. The limit
		// tells the database, which would reckon with a share of all; the order is
		// that of an index, or it would look for so few among all.
		b.Add("(SELECT * FROM tag_listing l WHERE")
		db.In(&b, "l.tag_id", tags).At("l", q.At).Add(" ORDER BY l.tag_id, l.build_id LIMIT 1000) l")
	}
	addJoins(b.Add(" JOIN build ON build.id = l.build_id"), q.Brief).Add(" WHERE build.state = 1")
	if q.pkg != 0 {
		b.Add(" AND")
		db.In(&b, "l.tag_id", tags).At("l", q.At).Add(" AND build.pkg_id = ?", q.pkg)
	}
	return q.narrow(&b)
}

// places finds where tags hold builds, many of them.
func (q *TaggedQuery) places(ctx context.Context, tx *db.Tx, tags []int64) ([]place, error) {
	var b db.Builder
	if !q.narrowed() {
		db.In(b.Add("SELECT l.tag_id, l.build_id, l.create_event FROM tag_listing l WHERE"), "l.tag_id", tags).At("l", q.At)
		all, err := db.Find(ctx, tx, func(s db.Scanner) (p place, err error) { return p, s.Scan(&p.tag, &p.build, &p.event) }, &b)
		if err != nil {
			return nil, err
		}
		return q.Known.complete(ctx, tx, all)
	}
	// How much the tags hold decides, not what tags hold as a rule.
	if err := tx.PlanAnew(ctx); err != nil {
		return nil, err
	}
	b.Add("SELECT l.tag_id, l.build_id, l.create_event, build.pkg_id FROM tag_listing l JOIN build ON build.id = l.build_id")
	if q.Prefix != "" {
		b.Add(" JOIN package ON package.id = build.pkg_id")
	}
	db.In(b.Add(" WHERE build.state = 1 AND"), "l.tag_id", tags).At("l", q.At)
	all, err := db.Find(ctx, tx, func(s db.Scanner) (p place, err error) { return p, s.Scan(&p.tag, &p.build, &p.event, &p.pkg) }, q.narrow(&b))
	if err != nil {
		return nil, err
	}
	return all, tx.PlanAgain(ctx)
}

// narrowed reports whether only some of a package's builds may be meant.
func (q *TaggedQuery) narrowed() bool {
	return q.Owner != "" || q.Prefix != "" || q.Draft != nil || q.Type != ""
}

// narrow asks for these only. The package must be joined to be asked by its name.
func (q *TaggedQuery) narrow(b *db.Builder) *db.Builder {
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
	return b
}

// fewTagged says whether tags hold few builds together, less than a thousand. Of a
// package's there are few in any case.
func fewTagged(ctx context.Context, tx *db.Tx, tags []int64, q TaggedQuery) (bool, error) {
	if q.pkg != 0 {
		return true, nil
	}
	var b db.Builder
	b.Add("SELECT count(*) FROM (SELECT 1 FROM tag_listing l WHERE")
	db.In(&b, "l.tag_id", tags).At("l", q.At).Add(" LIMIT 1000) held")
	n, err := db.Find(ctx, tx, db.Column[int64], &b)
	return err == nil && n[0] < q.Known.few(), err
}
