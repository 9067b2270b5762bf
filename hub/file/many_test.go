package file_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

// infoOf is a blob that nobody looks into.
func infoOf(text string) blob.Info {
	return blob.Info{Sum: blob.SumOf([]byte(text)), Size: int64(len(text))}
}

// Many paths at once give what each gives alone: over links above them and at
// their end, and nothing for what is not there.
func TestStatAllIsStatOfEach(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		paths := []string{
			"packages/a", "packages", "packages/none", "none/at/all", "vol/here/a", "vol/here/none", "vol/here", "vol/loop/x", "vol/lost", "vol/lost/x",
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range 1100 { // more than one query asks for
				p := fmt.Sprintf("packages/p%d/x", i)
				if i%2 == 0 {
					if err := file.Put(ctx, tx, p, infoOf(p)); err != nil {
						return err
					}
				}
				paths = append(paths, p)
			}
			if err := file.Put(ctx, tx, "packages/a", infoOf("a")); err != nil {
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

// Many files get their names as each alone would: what is there already with
// the same contents stays, and nothing is overwritten.
func TestPutAllIsPutOfEach(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		var files []file.Entry
		for i := range 1100 {
			p := fmt.Sprintf("repos/p%d/x%d", i%7, i)
			files = append(files, file.Entry{Path: p, Blob: infoOf(p)})
		}
		all := func(files []file.Entry) error {
			return d.Update(context.Background(), func(tx *db.Tx) error { return file.PutAll(context.Background(), tx, files) })
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Put(ctx, tx, files[3].Path, files[3].Blob) })
		for range 2 {
			if err := all(append(files, files[5])); err != nil {
				t.Fatal(err)
			}
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			got, err := file.Walk(ctx, tx, "repos")
			if len(got) != len(files) {
				t.Errorf("%d files", len(got))
			}
			for _, n := range got {
				if want := infoOf(n.Path()); n.Kind != file.File || n.Sum != want.Sum || n.Size != want.Size {
					t.Errorf("%+v", n)
				}
			}
			return err
		})
		for what, f := range map[string]file.Entry{
			"other contents": {Path: files[7].Path, Blob: files[8].Blob}, "a directory": {Path: "repos/p1", Blob: files[8].Blob},
			"below a file": {Path: files[7].Path + "/x", Blob: files[8].Blob},
		} {
			if err := all([]file.Entry{{Path: "repos/new", Blob: files[0].Blob}, f}); !kura.Is(err, kura.Exists) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := all([]file.Entry{{Path: "../x"}}); !kura.Is(err, kura.Invalid) {
			t.Errorf("out of the tree: %v", err)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			if _, err := file.Stat(ctx, tx, "repos/new"); !kura.Is(err, kura.NotFound) {
				t.Errorf("what was refused is there: %v", err)
			}
			return file.PutAll(ctx, tx, nil)
		})
	})
}
