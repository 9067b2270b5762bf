package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

func addEvent(t *testing.T, tx *db.Tx) int64 {
	t.Helper()
	id, err := tx.Insert(context.Background(), "INSERT INTO event (time) VALUES ($1) RETURNING id", db.Now())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	err := d.View(context.Background(), func(tx *db.Tx) error {
		return tx.Row(context.Background(), "SELECT count(*) FROM event").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpdateRollsBackOnError(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		ran := false
		err := d.Update(ctx, func(tx *db.Tx) error {
			addEvent(t, tx)
			tx.After(func() { ran = true })
			return errors.New("no")
		})
		if err == nil || count(t, d) != 0 || ran {
			t.Fatalf("err %v, %d rows, after-commit ran: %v; want an error, none, false", err, count(t, d), ran)
		}
	})
}

func TestSavepointKeepsTheRest(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var ran []string
		err := d.Update(ctx, func(tx *db.Tx) error {
			addEvent(t, tx)
			tx.Note("k", 1)
			tx.Savepoint(ctx, func() error {
				if tx.Noted("k") != nil {
					t.Error("a note crosses into the savepoint")
				}
				addEvent(t, tx)
				tx.After(func() { ran = append(ran, "inner") })
				return errors.New("undo me")
			})
			if tx.Noted("k") != 1 {
				t.Error("the outer note is gone")
			}
			return tx.Savepoint(ctx, func() error {
				addEvent(t, tx)
				tx.After(func() { ran = append(ran, "kept") })
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, d); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if len(ran) != 1 || ran[0] != "kept" {
			t.Errorf("after the commit ran %v, want [kept]", ran)
		}
	})
}

func TestUniqueIsExists(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.Update(ctx, func(tx *db.Tx) error {
			for range 2 {
				if _, err := tx.Exec(ctx, "INSERT INTO tag (name) VALUES ($1)", "f36"); err != nil {
					return err
				}
			}
			return nil
		})
		if !kura.Is(err, kura.Exists) {
			t.Fatalf("%v (%v), want kind exists", err, kura.KindOf(err))
		}
	})
}

func TestBuilder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.Update(ctx, func(tx *db.Tx) error {
			for _, n := range []string{"a", "b", "c", "d"} {
				if _, err := tx.Exec(ctx, "INSERT INTO package (name) VALUES ($1)", n); err != nil {
					return err
				}
			}
			var b db.Builder
			b.Add("SELECT name FROM package WHERE name <> ? AND", "a")
			db.In(&b, "name", []string{"a", "c", "d"})
			b.Add(" ORDER BY name").Page(1, 1)
			got, err := db.Find(ctx, tx, db.Column[string], &b)
			if err != nil {
				return err
			}
			if len(got) != 1 || got[0] != "d" {
				t.Errorf("got %v, want [d] from %s", got, b.Text())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Placeholders keep their numbers whatever their order in the text.
func TestPlaceholderOrder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.View(ctx, func(tx *db.Tx) error {
			var a, b, c string
			if err := tx.Row(ctx, "SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)", "one", "two").Scan(&a, &b, &c); err != nil {
				return err
			}
			if a != "two" || b != "one" || c != "two" {
				t.Errorf("got %s %s %s", a, b, c)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A transaction that only reads goes on behind a question that failed, and begins with
// its first one.
func TestReadingGoesOn(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.View(ctx, func(tx *db.Tx) error {
			tx.Note("k", 1)
			failed := tx.Savepoint(ctx, func() error {
				if tx.Noted("k") != nil {
					t.Error("a note crosses into the savepoint")
				}
				_, err := db.All(ctx, tx, db.Column[int64], "SELECT nothing FROM nowhere")
				return err
			})
			if failed == nil {
				t.Error("a question about nothing was answered")
			}
			if tx.Noted("k") != 1 {
				t.Error("the outer note is gone")
			}
			var n int
			return tx.Row(ctx, "SELECT count(*) FROM event").Scan(&n)
		})
		if err != nil {
			t.Errorf("the rest did not go on: %v", err)
		}
		d.Close()
		if err := d.View(ctx, func(*db.Tx) error { return nil }); err != nil {
			t.Errorf("who asks nothing needs no database: %v", err)
		}
		if err := d.View(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, "SELECT 1"); return err }); err == nil {
			t.Error("a closed database answered")
		}
	})
}

var errUndo = errors.New("undo")
