package tag

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// LinkChange sets or deletes the link to Link.Parent.
type LinkChange struct {
	Link
	Delete bool
}

// SetParents changes a tag's inheritance. Links to parents that are not named
// stay, unless clear is set. A link that is as it was makes no new version.
func SetParents(ctx context.Context, tx *db.Tx, by account.Actor, tag int64, changes []LinkChange, clear bool) error {
	const op = "tag.SetParents"
	t, err := Get(ctx, tx, ByID(tag), 0)
	if err != nil {
		return err
	}
	now, err := Parents(ctx, tx, tag, 0)
	if err != nil {
		return err
	}
	links := map[int64]Link{} // as they will be
	for _, l := range now {
		if !clear {
			links[l.Parent] = l
		}
	}
	for _, c := range changes {
		if c.Delete {
			delete(links, c.Parent)
			continue
		}
		parent, err := Get(ctx, tx, ByID(c.Parent), 0)
		if err != nil {
			return err
		}
		if _, err := compileFilter(c.PkgFilter); err != nil || len(c.PkgFilter) > 4096 {
			return kura.Errorf(op, kura.Invalid, "package filter %.100q of the link to %s is no regular expression: %v", c.PkgFilter, parent.Name, err)
		}
		c.Child, c.Name = tag, parent.Name
		links[c.Parent] = c.Link
	}
	at := map[int]Link{}
	for _, id := range slices.Sorted(maps.Keys(links)) {
		l := links[id]
		if other, taken := at[l.Priority]; taken {
			return kura.Errorf(op, kura.Conflict, "Multiple parent tags (%s, %s) cannot have the same priority value (%d) on child tag %s", other.Name, l.Name, l.Priority, t.Name)
		}
		at[l.Priority] = l
	}
	return replaceLinks(ctx, tx, by, t, now, links)
}

// replaceLinks makes a tag's links those wanted, touching only what differs.
func replaceLinks(ctx context.Context, tx *db.Tx, by account.Actor, t Tag, now []Link, want map[int64]Link) error {
	const op = "tag.SetParents"
	var gone, fresh []Link
	for _, l := range now {
		w, stays := want[l.Parent]
		if stays && sameLink(l, w) {
			delete(want, l.Parent)
			continue
		}
		gone = append(gone, l)
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		fresh = append(fresh, want[id])
	}
	if len(gone) == 0 && len(fresh) == 0 {
		return nil
	}
	for _, l := range fresh {
		if err := refuseLoop(ctx, tx, t, l); err != nil {
			return err
		}
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	for _, l := range gone {
		if _, err := tx.Exec(ctx, `UPDATE tag_inheritance SET revoke_event = $1, revoker_id = $2
			WHERE tag_id = $3 AND parent_id = $4 AND revoke_event IS NULL`, ev, by.ID, t.ID, l.Parent); err != nil {
			return kura.E(op, err)
		}
	}
	for _, l := range fresh {
		if _, err := tx.Exec(ctx, `INSERT INTO tag_inheritance
			(tag_id, parent_id, priority, maxdepth, intransitive, noconfig, pkg_filter, create_event, creator_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.ID, l.Parent, l.Priority, l.MaxDepth, l.Intransitive, l.NoConfig, l.PkgFilter, ev, by.ID); err != nil {
			return kura.E(op, err)
		}
	}
	return emit(ctx, tx, t.Name, t.ID, "inheritance")
}

func sameLink(a, b Link) bool {
	return a.Priority == b.Priority && same(a.MaxDepth, b.MaxDepth) && a.Intransitive == b.Intransitive &&
		a.NoConfig == b.NoConfig && a.PkgFilter == b.PkgFilter
}

// refuseLoop refuses a link to a tag that inherits, however indirectly, from
// the tag itself.
func refuseLoop(ctx context.Context, tx *db.Tx, t Tag, l Link) error {
	seen, todo := map[int64]bool{}, []int64{l.Parent}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if id == t.ID {
			return kura.Errorf("tag.SetParents", kura.Conflict, "tag %s cannot inherit from %s: %s inherits from %s, and that would be a loop", t.Name, l.Name, l.Name, t.Name)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		up, err := Parents(ctx, tx, id, 0)
		if err != nil {
			return err
		}
		for _, p := range up {
			todo = append(todo, p.Parent)
		}
	}
	return nil
}
