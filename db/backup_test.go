package db_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// What is written after the snapshot is neither in it nor seen beside it; a
// database made of it goes on where it was.
func TestSnapshotAndRestore(t *testing.T) {
	ctx := context.Background()
	targets := map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "new", "kura.db") },
		"postgres": func() string { return dbtest.PostgresURL(t) },
	}
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		add := func(d *db.DB) (id int64) {
			if err := d.Update(ctx, func(tx *db.Tx) error {
				id = addEvent(t, tx)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		add(d)
		last := add(d)
		file := filepath.Join(t.TempDir(), "snapshot")
		err := d.Snapshot(ctx, file, func(tx *db.Tx) error {
			add(d)
			var n int
			if err := tx.Row(ctx, "SELECT count(*) FROM event").Scan(&n); err != nil || n != 2 {
				t.Errorf("beside the snapshot there are %d rows, %v; want 2", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Snapshot(ctx, file, nil); err == nil {
			t.Error("a snapshot wrote over a file")
		}
		address := targets[d.Dialect().String()]()
		if empty, err := db.Empty(ctx, address); err != nil || !empty {
			t.Fatalf("the target is empty: %v, %v", empty, err)
		}
		if err := db.Restore(ctx, address, file); err != nil {
			t.Fatal(err)
		}
		if err := db.Restore(ctx, address, file); err == nil || !strings.Contains(err.Error(), "there is one already") {
			t.Errorf("restoring over a database: %v", err)
		}
		r, err := db.Open(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, r); n != 2 {
			t.Errorf("%d rows restored, want 2", n)
		}
		if id := add(r); id <= last {
			t.Errorf("the next id is %d again, after %d", id, last)
		}
	})
}

func TestPasswordStaysOutOfArguments(t *testing.T) {
	err := db.Restore(context.Background(), "postgres://user:hidden@127.0.0.1:1/none?connect_timeout=1", "none")
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}
