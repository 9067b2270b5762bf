package file

import (
	"context"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

func TestUploadDirectoryBelongsToTheFirst(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		own := func(path string, user int64) error {
			return d.Update(ctx, func(tx *db.Tx) error { return Own(ctx, tx, path, user) })
		}
		for range 2 {
			if err := own("work/cli-build/1.abc", 7); err != nil {
				t.Fatal(err)
			}
		}
		if err := own("work/cli-build/1.abc", 8); !kura.Is(err, kura.Denied) {
			t.Errorf("another one's directory: %v", err)
		}
		if err := own("work/cli-build/2.abc", 8); err != nil {
			t.Errorf("the directory beside it: %v", err)
		}
		if err := own("../etc", 8); !kura.Is(err, kura.Invalid) {
			t.Errorf("a directory outside of the tree: %v", err)
		}
	})
}
