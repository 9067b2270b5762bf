package source

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
)

// Source names a file of the lookaside cache by what its `sources` line says.
type Source struct {
	Package string
	File    string
	Type    string // sha512; md5 and sha256 only for reading old ones
	Hash    string
}

var hashes = map[string]func() hash.Hash{"sha512": sha512.New, "sha256": sha256.New, "md5": md5.New}

// Check refuses names and hashes that are none. The names become parts of a
// path.
func (s Source) Check() error {
	const op = "source.Lookaside"
	if err := rpm.CheckName(s.Package); err != nil {
		return &kura.Error{Op: op, Kind: kura.Invalid, Err: err}
	}
	if err := file.CheckName(s.File); err != nil || strings.HasPrefix(s.File, "-") || strings.HasPrefix(s.File, ".") {
		return kura.Errorf(op, kura.Invalid, "%q cannot be the name of a source file", s.File)
	}
	h, ok := hashes[s.Type]
	if !ok {
		return kura.Errorf(op, kura.Invalid, "unknown hash type %q: use sha512", s.Type)
	}
	b, err := hex.DecodeString(s.Hash)
	if err != nil || len(b) != h().Size() || strings.ToLower(s.Hash) != s.Hash {
		return kura.Errorf(op, kura.Invalid, "%q is no %s in lower-case hexadecimal", s.Hash, s.Type)
	}
	return nil
}

// Path is the file's place in the tree.
func (s Source) Path() string {
	return file.Join("lookaside", s.Package, s.File, s.Type, s.Hash, s.File)
}

// Lookaside keeps what does not belong into git.
type Lookaside struct {
	db    *db.DB
	blobs blob.Store
}

// NewLookaside makes the cache on its legs.
func NewLookaside(d *db.DB, b blob.Store) *Lookaside { return &Lookaside{db: d, blobs: b} }

// Has reports whether a source is there.
func (l *Lookaside) Has(ctx context.Context, s Source) (bool, error) {
	if err := s.Check(); err != nil {
		return false, err
	}
	err := l.db.View(ctx, func(tx *db.Tx) error {
		_, err := file.Stat(ctx, tx, s.Path())
		return err
	})
	if kura.Is(err, kura.NotFound) {
		return false, nil
	}
	return err == nil, kura.E("source.Has", err)
}

// Store takes a source in. Its hash is computed as it streams by: bytes that
// do not match it are kept nowhere. Only sha512 is taken for new files.
func (l *Lookaside) Store(ctx context.Context, s Source, by string, body io.Reader) (int64, error) {
	const op = "source.Store"
	if err := s.Check(); err != nil {
		return 0, kura.E(op, err)
	}
	if s.Type != "sha512" {
		return 0, kura.Errorf(op, kura.Invalid, "%s is too weak for a new source: upload %s with sha512", s.Type, s.File)
	}
	h := hashes[s.Type]()
	info, err := l.blobs.Put(ctx, &checked{r: io.TeeReader(body, h), h: h, want: s.Hash, file: s.File}, nil)
	if err != nil {
		return 0, kura.E(op, err)
	}
	err = l.db.Update(ctx, func(tx *db.Tx) error {
		if err := file.Put(ctx, tx, s.Path(), info); err != nil {
			return err
		}
		return event.Emit(ctx, tx, "source.upload", map[string]any{"package": s.Package, "file": s.File, s.Type: s.Hash, "by": by})
	})
	return info.Size, kura.E(op, err)
}

// checked fails at the end of a stream whose hash is not the one promised, so
// that the blob store never commits it.
type checked struct {
	r    io.Reader
	h    hash.Hash
	want string
	file string
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if err == io.EOF {
		if got := hex.EncodeToString(c.h.Sum(nil)); got != c.want {
			return n, kura.Errorf("source.Store", kura.Invalid, "%s has the hash %s, not %s as announced: it was damaged on its way, or the wrong file", c.file, got, c.want)
		}
	}
	return n, err
}
