package file_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

func store(t *testing.T) blob.Store {
	s, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s blob.Store, text string) blob.Info {
	t.Helper()
	i, err := s.Put(context.Background(), strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func update(t *testing.T, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Update(context.Background(), func(tx *db.Tx) error { return fn(context.Background(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, d *db.DB, s blob.Store, path string) string {
	t.Helper()
	var c *file.Content
	update(t, d, func(ctx context.Context, tx *db.Tx) (err error) { c, err = file.Read(ctx, tx, path); return err })
	r := c.Open(context.Background(), s)
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLinksAnywhereInAPath(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			if err := file.Put(ctx, tx, "packages/a/1/a.rpm", put(t, s, "rpm")); err != nil {
				return err
			}
			if err := file.Symlink(ctx, tx, "repos/tag/7/x86_64/toplink", "../../../.."); err != nil {
				return err
			}
			return file.Symlink(ctx, tx, "repos/tag/latest", "7")
		})
		if got := content(t, d, s, "repos/tag/latest/x86_64/toplink/packages/a/1/a.rpm"); got != "rpm" {
			t.Errorf("got %q", got)
		}
		d.View(context.Background(), func(tx *db.Tx) error {
			_, err := file.Stat(context.Background(), tx, "repos/tag/latest/none")
			if !kura.Is(err, kura.NotFound) {
				t.Errorf("want not found, got %v", err)
			}
			l, err := file.List(context.Background(), tx, "repos/tag/latest")
			if err != nil || len(l) != 1 || l[0].Name != "x86_64" {
				t.Errorf("list through a link: %v %v", l, err)
			}
			return nil
		})
	})
}

func TestPathsThatLeaveTheTree(t *testing.T) {
	for _, p := range []string{"", "/", "/etc/passwd", "a/../b", "..", "a//b", "a/", "a\x00b", "a\nb", "a/.", strings.Repeat("x", 300), "\xff"} {
		if err := file.Check(p); !kura.Is(err, kura.Invalid) {
			t.Errorf("%q: %v, want invalid", p, err)
		}
	}
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			return file.Symlink(context.Background(), tx, "a/b", "../../etc/passwd")
		})
		if !kura.Is(err, kura.Invalid) {
			t.Errorf("link out of the tree: %v", err)
		}
	})
}

func TestPublishedFilesDoNotChange(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Put(ctx, tx, "a/b", put(t, s, "one")) })
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Put(ctx, tx, "a/b", put(t, s, "one")) })
		err := d.Update(context.Background(), func(tx *db.Tx) error {
			return file.Put(context.Background(), tx, "a/b", put(t, s, "two"))
		})
		if !kura.Is(err, kura.Exists) || content(t, d, s, "a/b") != "one" {
			t.Errorf("overwritten: %v", err)
		}
	})
}

func TestGrowSealRemove(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		ctx := context.Background()
		grow := func(offset int64, overwrite bool, text string) error {
			return d.Update(ctx, func(tx *db.Tx) error {
				_, err := file.Append(ctx, tx, "work/x/log", offset, overwrite, put(t, s, text))
				return err
			})
		}
		for _, step := range []struct {
			offset    int64
			overwrite bool
			text      string
			want      kura.Kind
			after     string
		}{
			{0, false, "hello ", 0, "hello "},
			{6, false, "world", 0, "hello world"},
			{20, false, "!", kura.Invalid, "hello world"},
			{6, false, "again", kura.Exists, "hello world"},
			{6, true, "there", 0, "hello there"},
			{3, true, "x", kura.Invalid, "hello there"},
			{-1, false, "!", 0, "hello there!"},
		} {
			err := grow(step.offset, step.overwrite, step.text)
			if (err == nil) != (step.want == 0) || err != nil && !kura.Is(err, step.want) {
				t.Errorf("%+v: %v", step, err)
			}
			if got := content(t, d, s, "work/x/log"); got != step.after {
				t.Errorf("%+v: holds %q", step, got)
			}
		}
		n, err := file.Seal(ctx, d, s, "work/x/log")
		if err != nil || n.Kind != file.File || content(t, d, s, "work/x/log") != "hello there!" {
			t.Fatalf("seal: %+v %v", n, err)
		}
		if err := grow(12, false, " again"); err != nil || content(t, d, s, "work/x/log") != "hello there! again" {
			t.Errorf("a sealed file does not go on growing: %v", err)
		}
		if err := grow(3, false, "x"); !kura.Is(err, kura.Exists) {
			t.Errorf("a piece inside of what is there: %v", err)
		}
		if _, err := file.Seal(ctx, d, s, "work/x/log"); err != nil {
			t.Fatal(err)
		}
		swept, err := file.Sweep(ctx, d, s, -blob.Fresh)
		if err != nil || swept.Blobs != 1 || len(swept.Missing) != 0 {
			t.Errorf("after the seal: %+v %v, want one blob", swept, err)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Remove(ctx, tx, "work") })
		swept, err = file.Sweep(ctx, d, s, -time.Hour*48)
		if diff := cmp.Diff(file.Swept{Removed: 1}, swept); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestRemoveTakesOnlyItsOwn(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			for _, p := range []string{"a/b/c", "a/b-c/d", "a/b.x", "a/b/d/e", "a/b0/z"} {
				if err := file.Put(ctx, tx, p, put(t, s, p)); err != nil {
					return err
				}
			}
			return file.Remove(ctx, tx, "a/b")
		})
		var left []string
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			nodes, err := file.Walk(ctx, tx, "a")
			for _, n := range nodes {
				left = append(left, n.Path())
			}
			return err
		})
		if diff := cmp.Diff([]string{"a/b.x", "a/b-c/d", "a/b0/z"}, left); diff != "" {
			t.Error(diff)
		}
	})
}
