package account

import (
	"context"
	"fmt"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

// Whoever takes many keys makes the hub forget their own oldest ones, and nobody
// else's.
func TestKeysAreForgotten(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		people := map[string]Actor{}
		update := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Update(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		update(func(tx *db.Tx) error {
			for _, name := range []string{"ada", "bea"} {
				u, err := Create(ctx, tx, name, Person)
				if err != nil {
					return err
				}
				people[name] = Actor{ID: u.ID, Name: name}
			}
			return nil
		})
		ask := func(tx *db.Tx, name, key string) (string, error) {
			answer, err := Repeated(ctx, tx, people[name], key, "sum")
			if err != nil || answer != nil {
				return string(answer), err
			}
			return "", Remember(ctx, tx, people[name], key, []byte(`"`+key+`"`))
		}
		update(func(tx *db.Tx) error {
			_, err := ask(tx, "bea", "k0")
			return err
		})
		const more = 7
		for i := range MaxAnswers + more {
			update(func(tx *db.Tx) error {
				_, err := ask(tx, "ada", fmt.Sprint("k", i))
				return err
			})
		}
		update(func(tx *db.Tx) error {
			var n int
			if err := tx.Row(ctx, "SELECT count(*) FROM request_keys WHERE user_id = $1", people["ada"].ID).Scan(&n); err != nil {
				return err
			}
			if n > MaxAnswers || n < MaxAnswers-more {
				t.Errorf("%d keys are kept", n)
			}
			if got, err := ask(tx, "ada", fmt.Sprint("k", MaxAnswers+more-1)); err != nil || got == "" {
				t.Errorf("the newest: %q, %v", got, err)
			}
			if got, err := ask(tx, "bea", "k0"); err != nil || got != `"k0"` {
				t.Errorf("somebody else's: %q, %v", got, err)
			}
			if got, err := ask(tx, "ada", "k0"); err != nil || got != "" {
				t.Errorf("the oldest: %q, %v", got, err)
			}
			return nil
		})
	})
}
