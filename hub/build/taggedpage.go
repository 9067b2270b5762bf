package build

import (
	"cmp"
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// Page is a part of what a tag holds, in an order; without one it is that of
// ListTagged.
type Page struct {
	ByTime, ByID  bool // by when builds were complete, or by their numbers
	Down          bool // turned round
	NoTimeFirst   bool // builds without a time before all others, not behind them
	Offset, Limit int

	Total int // is set: how long the whole list is
}

// held is all that is needed to find a page: indexes hold it.
type held struct{ tag, build, pkg, event, completed int64 }

// of gives the page of what a tag holds. Where only some of its builds may be
// meant, and where they are of one package, the list is made whole.
func (p *Page) of(ctx context.Context, tx *db.Tx, q TaggedQuery) ([]*Tagged, error) {
	const op = "build.ListTagged"
	q.Page = nil
	if q.narrowed() || q.Package != "" {
		all, err := ListTagged(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		return cut(p, all, func(t *Tagged) held {
			h := held{build: t.ID}
			if t.CompletionTime != nil {
				h.completed = *t.CompletionTime
			}
			return h
		}), nil
	}
	all, err := overInheritance(ctx, tx, q, allHeld, func(h held) (int64, int64, int64) { return h.tag, h.build, h.pkg })
	if err != nil {
		return nil, kura.E(op, err)
	}
	all = cut(p, all, func(h held) held { return h })
	ids := make([]int64, len(all))
	for i, h := range all {
		ids[i] = h.build
	}
	builds, err := ByIDs(ctx, tx, ids)
	if err != nil {
		return nil, kura.E(op, err)
	}
	by := make(map[int64]*Build, len(builds))
	for _, b := range builds {
		by[b.ID] = b
	}
	out, names := make([]*Tagged, len(all)), map[int64]string{}
	for i, h := range all {
		if _, known := names[h.tag]; !known {
			t, err := tag.Lookup(ctx, tx, tag.ByID(h.tag))
			if err != nil {
				return nil, kura.E(op, err)
			}
			names[h.tag] = t.Name
		}
		out[i] = &Tagged{Build: by[h.build], TagID: h.tag, TagName: names[h.tag], CreateEvent: h.event}
	}
	return out, nil
}

// cut puts a list into the page's order and gives the page.
func cut[T any](p *Page, all []T, as func(T) held) []T {
	p.Total = len(all)
	if p.ByTime || p.ByID {
		slices.SortStableFunc(all, func(x, y T) int {
			n := p.compare(as(x), as(y))
			if p.Down {
				return -n
			}
			return n
		})
	}
	all = all[min(p.Offset, len(all)):]
	return all[:min(p.Limit, len(all))]
}

func (p *Page) compare(x, y held) int {
	switch {
	case p.ByID:
		return cmp.Compare(x.build, y.build)
	case (x.completed == 0) == (y.completed == 0):
		return cmp.Compare(x.completed, y.completed)
	case (x.completed == 0) == p.NoTimeFirst:
		return -1
	}
	return 1
}

// allHeld reads what tags hold.
func allHeld(ctx context.Context, tx *db.Tx, tags []int64, q TaggedQuery) ([]held, error) {
	if err := tx.PlanAnew(ctx); err != nil {
		return nil, err
	}
	var b db.Builder
	b.Add(`SELECT l.tag_id, build.id, build.pkg_id, l.create_event, COALESCE(build.completion_time, 0)
		FROM tag_listing l JOIN build ON build.id = l.build_id WHERE build.state = 1 AND`)
	db.In(&b, "l.tag_id", tags).At("l", q.At)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (h held, err error) {
		return h, s.Scan(&h.tag, &h.build, &h.pkg, &h.event, &h.completed)
	}, &b)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(got, func(x, y held) int {
		return cmp.Or(cmp.Compare(y.event, x.event), cmp.Compare(y.build, x.build))
	})
	return got, tx.PlanAgain(ctx)
}
