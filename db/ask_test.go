package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// One question is asked once. Who has two sees one state with both, the one that was
// there when it asked the first of them in its second attempt.
func TestAsk(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		add := func() {
			t.Helper()
			if err := d.Update(ctx, func(tx *db.Tx) error { addEvent(t, tx); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		events := func(tx *db.Tx) (n int, err error) {
			return n, tx.Row(ctx, "SELECT count(*) FROM event").Scan(&n)
		}
		for questions := range 4 {
			attempts, first := 0, 0
			err := d.Ask(ctx, func(tx *db.Tx) error {
				attempts++
				for i := range questions {
					n, err := events(tx)
					if err != nil {
						return err
					}
					if i == 0 {
						first = n
					}
					if n != first {
						t.Errorf("question %d sees %d events, the first saw %d", i+1, n, first)
					}
					add()
				}
				return nil
			})
			if err != nil {
				t.Errorf("%d questions: %v", questions, err)
			}
			if want := min(max(questions, 1), 2); attempts != want {
				t.Errorf("%d questions took %d attempts, not %d", questions, attempts, want)
			}
		}
		no := errors.New("no")
		if err := d.Ask(ctx, func(tx *db.Tx) error { _, err := events(tx); return errors.Join(err, no) }); !errors.Is(err, no) {
			t.Errorf("a failure became %v", err)
		}
		// What hides the failure of a second question does not get by with it.
		var n int
		if err := d.Ask(ctx, func(tx *db.Tx) error {
			_, _ = events(tx)
			n, _ = events(tx)
			return nil
		}); err != nil || n != count(t, d) {
			t.Errorf("%d events, %v; there are %d", n, err, count(t, d))
		}
	})
}
