package db_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// Who watches sees each question of that context, in whatever way it is asked, and no
// others.
func TestQuestionsAreWatched(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		type question struct {
			Text string
			Args []any
		}
		var seen []question
		ctx := context.Background()
		watched := db.Watched(ctx, func(q string, args []any) { seen = append(seen, question{q, args}) })
		var id int64
		ask := func(tx *db.Tx) error {
			if _, err := tx.Get(ctx, []any{&id}, "SELECT id FROM event WHERE id = $1", 1); err != nil {
				return err
			}
			if _, err := tx.Get(watched, []any{&id}, "SELECT id FROM event WHERE id = $1", 2); err != nil {
				return err
			}
			if _, err := db.All(watched, tx, db.Column[int64], "SELECT id FROM event WHERE id < $1", 3); err != nil {
				return err
			}
			var b db.Builder
			_, err := db.Find(watched, tx, db.Column[int64], b.Add("SELECT id FROM event WHERE id > ?", 4))
			return err
		}
		if err := d.View(watched, ask); err != nil {
			t.Fatal(err)
		}
		want := []question{{"SELECT id FROM event WHERE id = $1", []any{2}}, {"SELECT id FROM event WHERE id < $1", []any{3}}, {"SELECT id FROM event WHERE id > $1", []any{4}}}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	})
}
