package task

import (
	"context"
	"reflect"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

const (
	// countEvery is how often the tasks without parents are counted on, from so
	// many new tasks on.
	countEvery = 10 * time.Minute
	countStep  = 10_000
	// clocks is by how much those of hubs and of the database may differ.
	clocks = 10 * time.Minute
)

// Count tells how many tasks List would give without a page.
func Count(ctx context.Context, tx *db.Tx, f Filter) (int64, error) {
	const op = "task.Count"
	if f.tops() {
		n, err := countTops(ctx, tx)
		return n, kura.E(op, err)
	}
	var b db.Builder
	b.Add("SELECT count(*) FROM task WHERE 1 = 1")
	f.where(&b)
	got, err := db.Find(ctx, tx, db.Column[int64], &b)
	if err != nil {
		return 0, kura.E(op, err)
	}
	return got[0], nil
}

// tops reports whether all tasks without parents are meant, and no others.
func (f *Filter) tops() bool {
	rest, parent := *f, false
	for _, c := range f.Parent {
		if c.Set && (c.Not || !c.Null) {
			return false
		}
		parent = parent || c.Set
	}
	for _, all := range [][]IDs{f.Owner, f.Host, f.Channel} {
		for _, c := range all {
			if c.Set {
				return false
			}
		}
	}
	rest.Parent, rest.Owner, rest.Host, rest.Channel = nil, nil, nil, nil
	rest.Order, rest.Limit, rest.Offset, rest.Results = "", 0, 0, false
	return parent && reflect.ValueOf(rest).IsZero()
}

// countTops counts the tasks without parents: those of long ago are counted
// already, as they stay what they are. How few the others are is to be seen from
// the number that the question is asked with.
func countTops(ctx context.Context, tx *db.Tx) (int64, error) {
	var upto, n, more int64
	if err := tx.Row(ctx, "SELECT upto, n FROM task_count").Scan(&upto, &n); err != nil {
		return 0, err
	}
	err := tx.Row(ctx, "SELECT count(*) FROM task WHERE id > $1 AND parent IS NULL", upto).Scan(&more)
	return n + more, err
}

// countOn counts the tasks without parents up to one that was made before
// everything that is being written now: no smaller number will turn up any more.
func countOn(ctx context.Context, d *db.DB) error {
	const op = "task.countOn"
	err := d.Update(ctx, func(tx *db.Tx) error {
		before, err := tx.Horizon(ctx)
		if err != nil {
			return err
		}
		var upto, last int64
		if err := tx.Row(ctx, "SELECT upto FROM task_count").Scan(&upto); err != nil {
			return err
		}
		before = min(before, db.Now()) - clocks.Microseconds()
		found, err := tx.Get(ctx, []any{&last}, "SELECT id FROM task WHERE create_time < $1 ORDER BY create_time DESC LIMIT 1", before)
		if err != nil || !found || last < upto+countStep {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE task_count SET n = n + (SELECT count(*) FROM task WHERE id > $1 AND id <= $2 AND parent IS NULL), upto = $2
			WHERE upto = $1`, upto, last)
		return err
	})
	return kura.E(op, err)
}
