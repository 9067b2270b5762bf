package upload

import (
	"context"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/file"
)

var ada, bea = account.Actor{ID: 7, Name: "ada"}, account.Actor{ID: 8, Name: "bea"}

func onRooms(t *testing.T, fn func(t *testing.T, r *Room)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		blobs, err := dir.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		fn(t, New(d, blobs))
	})
}

func TestPiecesMakeAFile(t *testing.T) {
	ctx := context.Background()
	onRooms(t, func(t *testing.T, r *Room) {
		put := func(by account.Actor, dir, name string, offset int64, body string) (Stored, error) {
			return r.Put(ctx, by, Piece{Name: Name{Dir: dir, Name: name}, Offset: offset, Verify: "sha256"}, strings.NewReader(body))
		}
		if got, err := put(ada, "cli-build/1", "a", 0, "hello "); err != nil || got.Whole != 6 || got.Size != 6 {
			t.Fatalf("%+v, %v", got, err)
		}
		for range 2 { // the answer was lost: it comes again
			if got, err := put(ada, "cli-build/1", "a", 6, "world"); err != nil || got.Whole != 11 {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		for offset, want := range map[int64]kura.Kind{12: kura.Invalid, 6: kura.Exists, 3: kura.Exists} {
			if _, err := put(ada, "cli-build/1", "a", offset, "else"); !kura.Is(err, want) {
				t.Errorf("at %d: %v", offset, err)
			}
		}
		if _, err := put(bea, "cli-build/1", "b", 0, "mine"); !kura.Is(err, kura.Denied) {
			t.Errorf("another one's directory: %v", err)
		}
		if _, err := put(bea, "tasks/1/1", "b", 0, "mine"); err == nil {
			t.Error("somebody who is no host wrote for a task")
		}
		sum := blob.Sum(sha256.Sum256([]byte("other")))
		p := Piece{Name: Name{Dir: "cli-build/1", Name: "c"}, Expect: &sum}
		if _, err := r.Put(ctx, ada, p, strings.NewReader("cut of")); !kura.Is(err, kura.Invalid) {
			t.Errorf("a piece of another sum: %v", err)
		}
		p = Piece{Name: Name{Dir: "cli-build/1", Name: "a"}, Overwrite: true}
		if got, err := r.Put(ctx, ada, p, strings.NewReader("new")); err != nil || got.Whole != 3 {
			t.Errorf("the whole file anew: %+v, %v", got, err)
		}
		info, err := Seal(ctx, r.db, r.blobs, "cli-build/1/a")
		if err != nil || info.Size != 3 || info.Sum != blob.Sum(sha256.Sum256([]byte("new"))) {
			t.Errorf("sealed: %+v, %v", info, err)
		}
		if _, err := Seal(ctx, r.db, r.blobs, "cli-build/1/c"); !kura.Is(err, kura.NotFound) || !strings.Contains(err.Error(), "upload it first") {
			t.Errorf("a file that was refused: %v", err)
		}
		if got, err := r.Stat(ctx, Query{Name: p.Name, Verify: "md5"}); err != nil || got.Digest != "22af645d1859cb5ca6da0c484f1f37ea" || got.SumLength != 3 {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := r.Stat(ctx, Query{Name: Name{Dir: "cli-build/2", Name: "a"}}); got != nil || err != nil {
			t.Errorf("what is not there: %+v, %v", got, err)
		}
	})
}

func TestNamesOfUploads(t *testing.T) {
	ctx := context.Background()
	onRooms(t, func(t *testing.T, r *Room) {
		for _, n := range []Name{
			{Dir: "../x", Name: "a"}, {Dir: "/etc", Name: "a"}, {Dir: "", Name: "a"}, {Dir: "x", Name: "../a"}, {Dir: "x", Name: ".hidden"}, {Dir: "x", Name: "a\x00b"},
			{Dir: "x/../../y", Name: "a"}, {Dir: strings.Repeat("x", 256), Name: "a"}, {Dir: "x", Name: ""}, {Dir: "x", Name: "a/b"}, {Dir: "x\xff", Name: "a"},
		} {
			if _, err := r.Put(ctx, ada, Piece{Name: n}, strings.NewReader("x")); !kura.Is(err, kura.Invalid) {
				t.Errorf("%+v: %v", n, err)
			}
			if _, err := r.Stat(ctx, Query{Name: n}); !kura.Is(err, kura.Invalid) {
				t.Errorf("%+v: %v", n, err)
			}
		}
		if _, err := r.Put(ctx, ada, Piece{Name: Name{Dir: "x", Name: "a", Volume: "other"}}, strings.NewReader("x")); !kura.Is(err, kura.NotFound) {
			t.Errorf("a volume: %v", err)
		}
		for _, name := range []string{"../db", "/etc/passwd", "", "a/../../b"} {
			if _, err := Seal(ctx, r.db, r.blobs, name); !kura.Is(err, kura.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}

func TestWhatWasUploaded(t *testing.T) {
	ctx := context.Background()
	onRooms(t, func(t *testing.T, r *Room) {
		for _, name := range []string{"import/b", "import/a", "cg/1/x"} {
			dir, base := file.Split(name)
			if _, err := r.Put(ctx, ada, Piece{Name: Name{Dir: dir, Name: base}}, strings.NewReader(name)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Put(ctx, bea, Piece{Name: Name{Dir: "import/below", Name: "c"}}, strings.NewReader("c")); err != nil {
			t.Fatal(err)
		}
		err := r.db.View(ctx, func(tx *db.Tx) error {
			dirs, err := Directories(ctx, tx, ada.ID)
			if diff := cmp.Diff([]string{"cg/1", "import"}, dirs); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			files, err := Files(ctx, tx, "import")
			var names []string
			for _, n := range files {
				names = append(names, n.Path())
			}
			if diff := cmp.Diff([]string{"work/import/a", "work/import/b"}, names); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			if _, err := Files(ctx, tx, "import/a"); !kura.Is(err, kura.NotFound) {
				t.Errorf("the files of a file: %v", err)
			}
			_, err = Files(ctx, tx, "../packages")
			if !kura.Is(err, kura.Invalid) {
				t.Errorf("files elsewhere: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOnePieceAtATime(t *testing.T) {
	ctx := context.Background()
	onRooms(t, func(t *testing.T, r *Room) {
		in, out := io.Pipe()
		first := make(chan error)
		p := Piece{Name: Name{Dir: "x", Name: "a"}}
		go func() {
			_, err := r.Put(ctx, ada, p, in)
			first <- err
		}()
		if _, err := out.Write([]byte("slow")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Put(ctx, ada, p, strings.NewReader("fast")); !kura.Is(err, kura.Locked) {
			t.Errorf("beside another one: %v", err)
		}
		out.Close()
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
	if _, err := io.ReadAll(&bounded{r: strings.NewReader("four"), left: 3}); !kura.Is(err, kura.TooLarge) {
		t.Errorf("a piece that is too long: %v", err)
	}
}
