package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// What is read stays the same through changes of what was not read, and of tables of
// motion it never does.
func TestReads(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var n int
		one := func(q db.Builder) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := db.Find(ctx, tx, db.Column[int64], &q)
				return err
			}
		}
		var joined db.Builder
		joined.Add("SELECT build.id FROM build LEFT JOIN task t ON t.id = build.task_id WHERE build.id = ?", 1)
		type concerns struct{ builds, tagged, others, altered bool }
		for _, c := range []struct {
			name  string
			ask   func(tx *db.Tx) error
			keeps bool
			of    concerns
		}{
			{"nothing", func(*db.Tx) error { return nil }, true, concerns{}},
			{"tags", func(tx *db.Tx) error { return tx.Row(ctx, "SELECT count(*) FROM tag").Scan(&n) }, true, concerns{others: true}},
			{"builds", func(tx *db.Tx) error {
				return tx.Row(ctx, "SELECT count(*) FROM build JOIN event ON event.id = build.create_event").Scan(&n)
			}, true, concerns{builds: true, others: true}},
			{"what is in tags", func(tx *db.Tx) error {
				return tx.Row(ctx, "SELECT count(*) FROM tag_listing WHERE tag_id = 1").Scan(&n)
			}, true, concerns{tagged: true, others: true}},
			{"both, one after the other", func(tx *db.Tx) error {
				return errors.Join(tx.Row(ctx, "SELECT count(*) FROM rpmsigs").Scan(&n), tx.Row(ctx, "SELECT count(*) FROM tag_listing").Scan(&n))
			}, true, concerns{builds: true, tagged: true, others: true}},
			{"what was altered", func(tx *db.Tx) error { _, err := tx.State(ctx); return err }, true, concerns{others: true, altered: true}},
			{"tasks", func(tx *db.Tx) error { return tx.Row(ctx, "SELECT count(*) FROM task").Scan(&n) }, false, concerns{others: true}},
			{"tasks of builds", one(joined), false, concerns{builds: true, others: true}},
			{"sessions, and tags", func(tx *db.Tx) error {
				return errors.Join(tx.Row(ctx, "SELECT count(*) FROM sessions").Scan(&n), tx.Row(ctx, "SELECT count(*) FROM tag").Scan(&n))
			}, false, concerns{others: true}},
		} {
			err := d.View(ctx, func(tx *db.Tx) error {
				if err := c.ask(tx); err != nil {
					return err
				}
				r, s := tx.Reads(), db.State{}
				if r.Keeps() != c.keeps {
					t.Errorf("%s: keeps %v", c.name, r.Keeps())
				}
				got := concerns{!r.Same(s, db.State{Builds: 1}), !r.Same(s, db.State{Tagged: 1}), !r.Same(s, db.State{Others: 1}), !r.Same(s, db.State{Altered: 1})}
				if got != c.of || !r.Same(s, db.State{Rights: 1}) {
					t.Errorf("%s: concerned by %+v", c.name, got)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Each kind of change is another state of its kind, once it is committed, and of the
// other kinds none.
func TestStates(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		state := func() db.State {
			t.Helper()
			s, err := d.State(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		did := func(_ int64, err error) error { return err }
		for _, c := range []struct {
			name    string
			changed db.State // what counts one more
			change  func(tx *db.Tx) error
		}{
			{"a package", db.State{Others: 1}, func(tx *db.Tx) error {
				return did(tx.Exec(ctx, "INSERT INTO package (name) VALUES ('a')"))
			}},
			{"a user", db.State{Others: 1, Rights: 1}, func(tx *db.Tx) error {
				return did(tx.Exec(ctx, "INSERT INTO users (name) VALUES ('a')"))
			}},
			{"a build's", db.State{Builds: 1, Altered: 1}, func(tx *db.Tx) error {
				return did(tx.Exec(ctx, "UPDATE build SET volume_id = 0"))
			}},
			{"a tag's builds", db.State{Tagged: 1}, func(tx *db.Tx) error {
				return did(tx.Exec(ctx, "UPDATE tag_listing SET tag_id = tag_id"))
			}},
			{"what nobody was told of", db.State{Builds: 1}, func(tx *db.Tx) error {
				return tx.Untold(func() error { return did(tx.Exec(ctx, "UPDATE build SET volume_id = 0")) })
			}},
			{"what nobody was told of, behind what was told", db.State{Builds: 1, Altered: 1}, func(tx *db.Tx) error {
				return errors.Join(did(tx.Exec(ctx, "UPDATE build SET volume_id = 0")),
					tx.Untold(func() error { return did(tx.Exec(ctx, "UPDATE rpminfo SET size = 0")) }))
			}},
			{"what was told, behind what nobody was told of", db.State{Builds: 1, Altered: 1}, func(tx *db.Tx) error {
				return errors.Join(tx.Untold(func() error { return did(tx.Exec(ctx, "UPDATE build SET volume_id = 0")) }),
					did(tx.Exec(ctx, "UPDATE rpminfo SET size = 0")))
			}},
			{"several", db.State{Builds: 1, Tagged: 1, Others: 1, Altered: 1}, func(tx *db.Tx) error {
				return errors.Join(
					did(tx.Exec(ctx, "UPDATE tag_listing SET tag_id = tag_id")),
					did(tx.Exec(ctx, "DELETE FROM rpmsigs")),
					did(tx.Exec(ctx, "UPDATE tag SET name = name")))
			}},
			{"an end of sessions", db.State{Rights: 1}, func(tx *db.Tx) error {
				return did(tx.Exec(ctx, "UPDATE sessions SET closed = TRUE"))
			}},
			{"an event", db.State{}, func(tx *db.Tx) error { addEvent(t, tx); return nil }},
			{"nothing", db.State{}, func(*db.Tx) error { return nil }},
			{"what is undone", db.State{}, func(tx *db.Tx) error {
				return errors.Join(errUndo, did(tx.Exec(ctx, "INSERT INTO package (name) VALUES ('b')")))
			}},
		} {
			before := state()
			if err := d.Update(ctx, c.change); err != nil && !errors.Is(err, errUndo) {
				t.Fatal(err)
			}
			now := state()
			got := db.State{Builds: now.Builds - before.Builds, Tagged: now.Tagged - before.Tagged, Others: now.Others - before.Others, Rights: now.Rights - before.Rights, Altered: now.Altered - before.Altered}
			if got != c.changed {
				t.Errorf("%s counts as %+v", c.name, got)
			}
			if now.Before(before) || before.Before(now) != (c.changed != db.State{}) {
				t.Errorf("%s: %+v and %+v are in another order", c.name, before, now)
			}
		}
	})
}
