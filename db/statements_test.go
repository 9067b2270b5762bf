package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// Statements that are kept can be run while their own rows are read, after they
// failed, and when there are more of them than are kept.
func TestStatementsAreUsedAgain(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	err := d.Update(ctx, func(tx *db.Tx) error {
		for range 3 {
			addEvent(t, tx)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.View(ctx, func(tx *db.Tx) error {
		ids := func() (n int) {
			for _, err := range db.Each(ctx, tx, db.Column[int64], "SELECT id FROM event ORDER BY id") {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			return n
		}
		for range 2 {
			for id, err := range db.Each(ctx, tx, db.Column[int64], "SELECT id FROM event ORDER BY id") {
				if err != nil {
					t.Fatal(err)
				}
				if n := ids(); n != 3 {
					t.Errorf("at %d: %d rows within the rows", id, n)
				}
				if id == 2 {
					break // rows that are not read to their end
				}
			}
		}
		for n := range 250 {
			var b db.Builder
			b.Add("SELECT id FROM event WHERE 1 = 1")
			for range n {
				b.Add(" AND id > 0")
			}
			if got, err := db.Find(ctx, tx, db.Column[int64], &b); err != nil || len(got) != 3 {
				t.Fatalf("%d conditions: %d rows, %v", n, len(got), err)
			}
		}
		if n := ids(); n != 3 {
			t.Errorf("%d rows after many others", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := d.Update(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO event (id, time) VALUES (1, 1)")
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "UNIQUE") {
			t.Errorf("the same id twice: %v", err)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	err = d.View(ctx, func(tx *db.Tx) error {
		cancel()
		_, err := tx.Get(canceled, []any{new(int64)}, "SELECT id FROM event ORDER BY id")
		if err == nil {
			t.Error("a canceled query went on")
		}
		found, err := tx.Get(ctx, []any{new(int64)}, "SELECT id FROM event ORDER BY id")
		if err != nil || !found {
			t.Errorf("the same query after it was canceled: %v, %v", found, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, d); n != 3 {
		t.Errorf("%d events at the end", n)
	}
}
