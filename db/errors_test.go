package db_test

import (
	"context"
	"math"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// A number that a column cannot hold is the asker's mistake. SQLite's columns
// hold all.
func TestNumbersOutOfRange(t *testing.T) {
	d := dbtest.Postgres(t)
	for _, n := range []int64{math.MaxInt64, math.MinInt64} {
		err := d.View(context.Background(), func(tx *db.Tx) error {
			var got int
			_, err := tx.Get(context.Background(), []any{&got}, "SELECT usertype FROM users WHERE usertype = $1", n)
			return err
		})
		if !kura.Is(err, kura.Invalid) {
			t.Errorf("%d: %v", n, err)
		}
	}
}
