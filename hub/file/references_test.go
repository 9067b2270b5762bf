package file_test

import (
	"context"
	"slices"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

// Files, also of the same bytes, and pieces of growing files are referenced,
// each blob once; what lost its name is not.
func TestReferences(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		info := func(s string) blob.Info { return blob.Info{Sum: blob.SumOf([]byte(s)), Size: int64(len(s))} }
		var got []file.Reference
		var names []string
		err := d.Update(ctx, func(tx *db.Tx) error {
			for path, text := range map[string]string{"packages/a": "one", "packages/b": "one", "work/gone": "three"} {
				if err := file.Put(ctx, tx, path, info(text)); err != nil {
					return err
				}
			}
			if err := file.Remove(ctx, tx, "work/gone"); err != nil {
				return err
			}
			size, err := file.Append(ctx, tx, "work/log", 0, false, info("piece"))
			if err != nil {
				return err
			}
			if _, err := file.Append(ctx, tx, "work/log", size, false, info("more")); err != nil {
				return err
			}
			if names, err = file.NamesOf(ctx, tx, info("one").Sum); err != nil {
				return err
			}
			got, err = file.References(ctx, tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []file.Reference
		for _, s := range []string{"one", "piece", "more"} {
			want = append(want, file.Reference{Sum: info(s).Sum, Size: int64(len(s))})
		}
		slices.SortFunc(want, func(a, b file.Reference) int { return slices.Compare(a.Sum[:], b.Sum[:]) })
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if slices.Sort(names); !slices.Equal(names, []string{"packages/a", "packages/b"}) {
			t.Errorf("names %v", names)
		}
	})
}
