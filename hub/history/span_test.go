package history

import (
	"context"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// Times decide, and where clocks differ, their order is not that of the events.
func TestWhatLiesBetweenTimes(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		type version struct{ made, gone int64 } // times
		var all []version
		const base = 4_000_000_000_000_000 // behind all that the making of the tag did
		err := d.Update(ctx, func(tx *db.Tx) error {
			id, err := tag.Create(ctx, tx, account.System, tag.Config{Name: "f41"})
			if err != nil {
				return err
			}
			at := func(n int64) int64 { return base + 10*n + n%3*15 } // each third one by a clock that is ahead
			for n := range int64(40) {
				if _, err := tx.Exec(ctx, "INSERT INTO event (id, time) VALUES ($1, $2)", 1000+n, at(n)); err != nil {
					return err
				}
			}
			for n := range int64(30) {
				v := version{made: at(n)}
				var revoke *int64
				if n%4 != 0 {
					v.gone, revoke = at(n+1+n%7), new(1000+n+1+n%7)
				}
				all = append(all, v)
				if _, err := tx.Exec(ctx, "INSERT INTO tag_extra (tag_id, key, value, create_event, revoke_event, creator_id) VALUES ($1, $2, '1', $3, $4, 0)",
					id, string(rune('A'+n)), 1000+n, revoke); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		count := func(q Query) (want int) {
			for _, v := range all {
				if (q.After == 0 || v.made > q.After || v.gone > q.After) && (q.Before == 0 || v.made < q.Before) {
					want++
				}
			}
			return want
		}
		err = d.View(ctx, func(tx *db.Tx) error {
			for n := int64(-5); n < 420; n += 5 {
				for _, q := range []Query{{After: base + n}, {Before: base + n}, {After: base + n, Before: base + n + 60}, {After: base + 60, Before: base + n}} {
					got, err := Find(ctx, tx, "tag_extra", q)
					if want := count(q); err != nil || len(got) != want {
						t.Fatalf("%+v: %d records, want %d; %v", q, len(got), want, err)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
