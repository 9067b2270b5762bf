package file_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

// pieceOf is a part of a stored text.
func pieceOf(b blob.Info, at, size int64) file.Piece {
	return file.Piece{Sum: b.Sum, At: at, Size: size, Whole: b.Size}
}

func TestJoinedFile(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := store(t)
		ctx := context.Background()
		one, two := put(t, s, "the first text"), put(t, s, "another one")
		entry := file.Entry{Path: "repos/a", Pieces: []file.Piece{pieceOf(one, 0, 4), pieceOf(two, 0, 8), pieceOf(one, 10, 4)}}
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			return file.PutAll(ctx, tx, []file.Entry{{Path: "repos/one", Blob: one}, {Path: "repos/two", Blob: two}, entry})
		})
		if got := content(t, d, s, "repos/a"); got != "the another text" {
			t.Fatalf("read %q", got)
		}
		// Put again it stays, with other contents it is refused.
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			return file.PutAll(ctx, tx, []file.Entry{entry, {Path: "repos/new", Blob: two}})
		})
		for _, other := range []file.Entry{{Path: "repos/a", Blob: one}, {Path: "repos/a", Pieces: entry.Pieces[:2]}, {Path: "repos/one", Pieces: entry.Pieces}} {
			err := d.Update(ctx, func(tx *db.Tx) error { return file.PutAll(ctx, tx, []file.Entry{other}) })
			if !kura.Is(err, kura.Exists) {
				t.Errorf("%s with other contents: %v", other.Path, err)
			}
		}
		if got := content(t, d, s, "repos/a"); got != "the another text" {
			t.Fatalf("read %q", got)
		}
		// Its blobs stay as long as it does, whoever they were first.
		update(t, d, func(ctx context.Context, tx *db.Tx) error {
			for _, p := range []string{"repos/one", "repos/two", "repos/new"} {
				if err := file.Remove(ctx, tx, p); err != nil {
					return err
				}
			}
			refs, err := file.References(ctx, tx)
			if err != nil || len(refs) != 2 || refs[0].Size+refs[1].Size != one.Size+two.Size {
				t.Errorf("referenced are %v, %v", refs, err)
			}
			return nil
		})
		swept, err := file.Sweep(ctx, d, s, -1)
		if err != nil || swept.Removed != 0 || len(swept.Missing) != 0 {
			t.Fatalf("swept %+v: %v", swept, err)
		}
		if got := content(t, d, s, "repos/a"); got != "the another text" {
			t.Fatalf("read %q", got)
		}
		if err := s.Delete(ctx, two.Sum); err != nil {
			t.Fatal(err)
		}
		if swept, err := file.Sweep(ctx, d, s, -1); err != nil || len(swept.Missing) != 1 || swept.Missing[0].Path() != "repos/a" {
			t.Errorf("missing are %v: %v", swept.Missing, err)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Remove(ctx, tx, "repos/a") })
		if swept, err := file.Sweep(ctx, d, s, -1); err != nil || swept.Removed != 1 {
			t.Errorf("swept %+v: %v", swept, err)
		}
	})
}

func TestHold(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var a, b file.Node
		update(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			if err = file.PutAll(ctx, tx, []file.Entry{{Path: "x/a", Blob: infoOf("a")}, {Path: "x/b", Blob: infoOf("b")}}); err != nil {
				return err
			}
			if a, err = file.Stat(ctx, tx, "x/a"); err == nil {
				b, err = file.Stat(ctx, tx, "x/b")
			}
			return err
		})
		hold := func() error {
			return d.Update(ctx, func(tx *db.Tx) error { return file.Hold(ctx, tx, []file.Node{a, b}) })
		}
		if err := hold(); err != nil {
			t.Fatal(err)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Replace(ctx, tx, "x/b", infoOf("c")) })
		if err := hold(); !kura.Is(err, kura.Conflict) {
			t.Errorf("replaced: %v", err)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return file.Remove(ctx, tx, "x/b") })
		if err := hold(); !kura.Is(err, kura.Conflict) || !strings.Contains(err.Error(), "x/b") {
			t.Errorf("removed: %v", err)
		}
	})
}

// Any range of any pieces reads as the same range of their bytes.
func TestReaderOfPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := store(t)
	ctx := context.Background()
	for range 50 {
		var pieces []file.Piece
		var whole []byte
		for range random.IntN(12) {
			text := strings.Repeat("0123456789abcdef", 1+random.IntN(200))
			b := put(t, s, text)
			at := random.Int64N(b.Size)
			n := 1 + random.Int64N(b.Size-at)
			pieces, whole = append(pieces, pieceOf(b, at, n)), append(whole, text[at:at+n]...)
		}
		c := file.Pieces(pieces)
		r := c.Open(ctx, s)
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, whole) {
			t.Fatalf("read %d bytes of %d: %v", len(got), len(whole), err)
		}
		for range 20 {
			from := random.Int64N(int64(len(whole)) + 1)
			n := random.Int64N(int64(len(whole)) - from + 1)
			buf := make([]byte, n)
			if done, err := r.ReadAt(buf, from); err != nil || done != len(buf) || !bytes.Equal(buf, whole[from:from+n]) {
				t.Fatalf("range %d+%d: %d, %v", from, n, done, err)
			}
			part := file.Pieces(c.Slice(from, n)).Open(ctx, s)
			got, err := io.ReadAll(part)
			if err != nil || !bytes.Equal(got, whole[from:from+n]) {
				t.Fatalf("slice %d+%d: %v", from, n, err)
			}
			part.Close()
			//nolint:errorlint // io.ReaderAt promises the very io.EOF
			if done, err := r.ReadAt(make([]byte, n+1), int64(len(whole))-n); err != io.EOF || int64(done) != n {
				t.Fatalf("over the end: %d, %v", done, err)
			}
		}
		r.Close()
	}
}
