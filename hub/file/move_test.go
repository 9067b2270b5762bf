package file

import (
	"context"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

func TestMove(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.Update(ctx, func(tx *db.Tx) error {
			one, two := blob.Info{Sum: blob.Sum{1}, Size: 1}, blob.Info{Sum: blob.Sum{2}, Size: 2}
			for path, b := range map[string]blob.Info{"pä/a/x": one, "pä/a/deep/y": two, "pä/ab/z": one} {
				if err := Put(ctx, tx, path, b); err != nil {
					return err
				}
			}
			if _, err := Append(ctx, tx, "pä/a/log", 0, false, blob.Info{Sum: blob.Sum{3}, Size: 3}); err != nil {
				return err
			}
			for to, kind := range map[string]kura.Kind{"pä/ab": kura.Exists, "pä/a/b": kura.Invalid, "pä/a": kura.Invalid, "../x": kura.Invalid} {
				if err := Move(ctx, tx, "pä/a", to); !kura.Is(err, kind) {
					t.Errorf("moved to %s: %v", to, err)
				}
			}
			if err := Move(ctx, tx, "nothing", "x"); !kura.Is(err, kura.NotFound) {
				t.Errorf("nothing was moved: %v", err)
			}
			if err := Move(ctx, tx, "pä/a", "vol/v/pä/a"); err != nil {
				return err
			}
			if err := Move(ctx, tx, "vol/v/pä/a/log", "kept/log"); err != nil { // a single file, with its pieces
				return err
			}
			for path, size := range map[string]int64{"vol/v/pä/a/x": 1, "vol/v/pä/a/deep/y": 2, "pä/ab/z": 1, "kept/log": 3} {
				c, err := Read(ctx, tx, path)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				} else if p := c.Slice(0, size); len(p) != 1 || p[0].Size != size {
					t.Errorf("%s: %+v", path, p)
				}
			}
			for _, path := range []string{"pä/a", "pä/a/x", "pä/a/deep/y", "vol/v/pä/a/log"} {
				if _, err := Lstat(ctx, tx, path); !kura.Is(err, kura.NotFound) {
					t.Errorf("%s is still there: %v", path, err)
				}
			}
			got, err := List(ctx, tx, "vol/v/pä/a")
			if len(got) != 2 {
				t.Errorf("%+v, %v", got, err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
