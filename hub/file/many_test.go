package file_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

// Many paths at once give what each gives alone: over links above them and at
// their end, and nothing for what is not there.
func TestStatAllIsStatOfEach(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		paths := []string{
			"packages/a", "packages", "packages/none", "none/at/all", "vol/here/a", "vol/here/none", "vol/here", "vol/loop/x", "vol/lost", "vol/lost/x",
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range 1100 { // more than one query asks for
				p := fmt.Sprintf("packages/p%d/x", i)
				if i%2 == 0 {
					if err := file.Put(ctx, tx, p, put(t, s, p)); err != nil {
						return err
					}
				}
				paths = append(paths, p)
			}
			if err := file.Put(ctx, tx, "packages/a", put(t, s, "a")); err != nil {
				return err
			}
			for link, target := range map[string]string{"vol/here": "../packages", "vol/lost": "nowhere"} {
				if err := file.Symlink(ctx, tx, link, target); err != nil {
					return err
				}
			}
			return nil
		})
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			want := map[string]file.Node{}
			for _, p := range paths {
				n, err := file.Stat(ctx, tx, p)
				if err == nil {
					want[p] = n
				} else if !kura.Is(err, kura.NotFound) {
					return err
				}
			}
			if len(want) != 550+4 {
				t.Errorf("%d are there", len(want))
			}
			got, err := file.StatAll(ctx, tx, paths)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			if _, err := file.StatAll(ctx, tx, []string{"packages/a", "../etc"}); !kura.Is(err, kura.Invalid) {
				t.Errorf("a path out of the tree: %v", err)
			}
			got, err := file.StatAll(ctx, tx, nil)
			if len(got) != 0 {
				t.Errorf("of no paths: %v", got)
			}
			return err
		})
	})
}
