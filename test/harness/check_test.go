package harness

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// Check would be of no use if it did not see what is wrong.
func TestCheckSees(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		harm func(tx *db.Tx, store *dir.Store) error
		want string
	}{
		"nothing": {func(*db.Tx, *dir.Store) error { return nil }, ""},
		"a file without its row": {func(tx *db.Tx, s *dir.Store) error {
			i, err := s.Put(ctx, strings.NewReader("x"), nil)
			if err != nil {
				return err
			}
			return file.Put(ctx, tx, "packages/a/1/1/noarch/a-1-1.noarch.rpm", i)
		}, "a package's file without its row: packages/a/1/1/noarch/a-1-1.noarch.rpm"},
		"a name without bytes": {func(tx *db.Tx, s *dir.Store) error {
			i, err := s.Put(ctx, strings.NewReader("x"), nil)
			if err != nil {
				return err
			}
			if err := s.Delete(ctx, i.Sum); err != nil {
				return err
			}
			return file.Put(ctx, tx, "scratch/a", i)
		}, "scratch/a has no bytes"},
		"bytes without a name are swept": {func(_ *db.Tx, s *dir.Store) error {
			_, err := s.Put(ctx, strings.NewReader("x"), nil)
			return err
		}, ""},
		"a row without its file": {func(tx *db.Tx, _ *dir.Store) error { return row(ctx, tx) }, "a package without its file: a-1-1.noarch"},
		"a build under another name": {func(tx *db.Tx, _ *dir.Store) error {
			if err := row(ctx, tx); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE build SET nvr = NULL")
			return err
		}, "a build that is not called what it is: a-1"},
		"a change without its event": {func(tx *db.Tx, _ *dir.Store) error { return row(ctx, tx) }, "rpm.import events differ"},
	} {
		t.Run(name, func(t *testing.T) {
			d := t.TempDir()
			s := &Site{Data: d, DatabaseURL: "sqlite:" + filepath.Join(d, "kura.db"), Blobs: filepath.Join(d, "blobs")}
			if err := os.Mkdir(s.Blobs, 0o755); err != nil {
				t.Fatal(err)
			}
			records, err := s.Records(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer records.Close()
			if err := records.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			store, err := dir.New(s.Blobs)
			if err != nil {
				t.Fatal(err)
			}
			if err := records.Update(ctx, func(tx *db.Tx) error { return c.harm(tx, store) }); err != nil {
				t.Fatal(err)
			}
			problems, err := s.Check(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(problems, "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// row makes a build with a package, and nothing that belongs to it.
func row(ctx context.Context, tx *db.Tx) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	user, err := tx.Insert(ctx, "INSERT INTO users (name) VALUES ('u') RETURNING id")
	if err != nil {
		return err
	}
	pkg, err := tx.Insert(ctx, "INSERT INTO package (name) VALUES ('a') RETURNING id")
	if err != nil {
		return err
	}
	b, err := tx.Insert(ctx, "INSERT INTO build (pkg_id, version, release, nvr, state, owner, create_event) VALUES ($1, '1', '1', 'a-1-1', 1, $2, $3) RETURNING id", pkg, user, ev)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO rpminfo (build_id, name, version, release, arch, payloadhash, size, buildtime, sum)
		VALUES ($1, 'a', '1', '1', 'noarch', 'x', 1, 1, 'x')`, b)
	return err
}
