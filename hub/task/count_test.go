package task

import (
	"context"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// Tasks without parents are counted once, and those that came later each time.
func TestTasksAreCountedOn(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		made := int64(0)
		add := func(n int64, age int64) {
			t.Helper()
			err := d.Update(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO task (id, method, request, arch, parent, priority, create_time, free_time)
					WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $1)
					SELECT $2 + n, 'x', '[]', 'noarch', CASE WHEN n % 4 <> 1 THEN $2 + n - (n - 1) % 4 END, 20, $3, 0 FROM i`, n, made, db.Now()-age)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			made += n
		}
		check := func(upto int64) {
			t.Helper()
			err := d.View(ctx, func(tx *db.Tx) error {
				var at, want int64
				if err := tx.Row(ctx, "SELECT upto FROM task_count").Scan(&at); err != nil {
					return err
				}
				if err := tx.Row(ctx, "SELECT count(*) FROM task WHERE parent IS NULL").Scan(&want); err != nil {
					return err
				}
				got, err := Count(ctx, tx, Filter{Parent: []IDs{{Set: true, Null: true}, {Not: true}}, Owner: []IDs{{}, {Not: true}}})
				if got != want || at != upto {
					t.Errorf("%d tasks of %d, counted up to %d of %d", got, want, at, upto)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		on := func() {
			t.Helper()
			if err := countOn(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		old := 2 * clocks.Microseconds()
		on()
		check(0)
		add(countStep, old)
		check(0)
		on()
		check(countStep)
		add(4, old)
		add(countStep, 0) // somebody may be writing one of a smaller number yet
		on()
		check(countStep)
		add(countStep+1, old-1) // the last one has no parent
		on()
		check(3*countStep + 5)
		for _, f := range []Filter{{Method: "y"}, {States: []State{Closed}}, {Owner: []IDs{{Set: true, In: []int64{1}}}}, {NotArches: []string{"noarch"}}, {BeforeID: 1}} {
			f.Parent = []IDs{{Set: true, Null: true}}
			err := d.View(ctx, func(tx *db.Tx) error {
				n, err := Count(ctx, tx, f)
				if n != 0 {
					t.Errorf("%d of %+v", n, f)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
