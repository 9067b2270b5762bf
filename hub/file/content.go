package file

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// Piece is a part of a blob.
type Piece struct {
	Sum      blob.Sum
	At, Size int64 // of the part
	Whole    int64 // the blob's own size
}

// placed is a piece at its place in a file.
type placed struct {
	start int64
	Piece
}

func (p placed) end() int64 { return p.start + p.Size }

func pieces(ctx context.Context, tx *db.Tx, dir, name string) ([]placed, error) {
	return db.All(ctx, tx, func(s db.Scanner) (p placed, err error) {
		var sum string
		if err := s.Scan(&p.start, &p.Size, &sum, &p.At, &p.Whole); err != nil {
			return p, err
		}
		p.Sum, err = blob.ParseSum(sum)
		return p, err
	}, "SELECT start, size, sum, at, coalesce(whole, size) FROM part WHERE dir = $1 AND name = $2 ORDER BY start", dir, name)
}

// Content is the bytes behind a node at one moment.
type Content struct {
	Node   Node
	pieces []placed
}

// Read finds what a path leads to, with the bytes it has now.
func Read(ctx context.Context, tx *db.Tx, path string) (*Content, error) {
	const op = "file.Read"
	n, err := Stat(ctx, tx, path)
	if err != nil {
		return nil, kura.E(op, err)
	}
	c := &Content{Node: n}
	switch n.Kind {
	case File:
		c.pieces = []placed{{0, Piece{n.Sum, 0, n.Size, n.Size}}}
	case Growing, Joined:
		if c.pieces, err = pieces(ctx, tx, n.Dir, n.Name); err != nil {
			return nil, kura.E(op, err)
		}
	default:
		return nil, kura.Errorf(op, kura.Invalid, "%s is a directory", path)
	}
	return c, nil
}

// Pieces is content without a name.
func Pieces(pieces []Piece) *Content {
	c := &Content{pieces: make([]placed, len(pieces))}
	for i, p := range pieces {
		c.pieces[i] = placed{c.Node.Size, p}
		c.Node.Size += p.Size
	}
	return c
}

// Slice gives the pieces of which a range of the content consists.
func (c *Content) Slice(offset, size int64) []Piece {
	var out []Piece
	for i := c.find(offset); i < len(c.pieces) && size > 0; i++ {
		p := c.pieces[i]
		skip := offset - p.start
		n := min(size, p.Size-skip)
		out = append(out, Piece{p.Sum, p.At + skip, n, p.Whole})
		offset, size = offset+n, size-n
	}
	return out
}

// find gives the piece in which a position lies, or their number behind the end.
func (c *Content) find(pos int64) int {
	i, _ := slices.BinarySearchFunc(c.pieces, pos, func(p placed, pos int64) int {
		if p.end() <= pos {
			return -1
		}
		return 1
	})
	return i
}

// Open opens the bytes. The caller closes the reader.
func (c *Content) Open(ctx context.Context, s blob.Store) *Reader {
	return &Reader{ctx: ctx, store: s, c: c, kept: map[blob.Sum]blob.Reader{}}
}

// Reader reads a file. Read and Seek share a position and are for one
// goroutine; ReadAt may be called from many.
type Reader struct {
	ctx   context.Context
	store blob.Store
	c     *Content
	pos   int64
	cur   blob.Reader // what Read reads: a long log has thousands of pieces
	at    blob.Sum    // of cur

	mu   sync.Mutex
	kept map[blob.Sum]blob.Reader // what ReadAt has read
}

func (r *Reader) Read(b []byte) (int, error) {
	i := r.c.find(r.pos)
	if i == len(r.c.pieces) {
		return 0, io.EOF
	}
	p := r.c.pieces[i]
	if r.cur == nil || r.at != p.Sum {
		if r.cur != nil {
			r.cur.Close()
		}
		var err error
		if r.cur, err = r.store.Open(r.ctx, p.Sum); err != nil {
			r.cur = nil
			return 0, err
		}
		r.at = p.Sum
	}
	n, err := readPiece(r.cur, p, b, r.pos)
	r.pos += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(b []byte, offset int64) (done int, err error) {
	for i := r.c.find(offset); done < len(b); i++ {
		if i >= len(r.c.pieces) {
			return done, io.EOF
		}
		p := r.c.pieces[i]
		from, err := r.keep(p.Sum)
		if err != nil {
			return done, err
		}
		n, err := readPiece(from, p, b[done:], offset+int64(done))
		done += n
		if err != nil {
			return done, err
		}
		if want := p.end() - offset; int64(done) < min(want, int64(len(b))) {
			return done, io.ErrUnexpectedEOF
		}
	}
	return done, nil
}

// readPiece reads what a piece has of a file from a position on.
func readPiece(from blob.Reader, p placed, b []byte, pos int64) (int, error) {
	if most := p.end() - pos; int64(len(b)) > most {
		b = b[:most]
	}
	n, err := from.ReadAt(b, p.At+pos-p.start)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (r *Reader) keep(sum blob.Sum) (blob.Reader, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.kept[sum]
	if got == nil {
		var err error
		if got, err = r.store.Open(r.ctx, sum); err != nil {
			return nil, err
		}
		r.kept[sum] = got
	}
	return got, nil
}

func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.c.Node.Size
	}
	if offset < 0 {
		return 0, errors.New("file: seek before the start")
	}
	r.pos = offset
	return offset, nil
}

func (r *Reader) Close() error {
	var errs []error
	if r.cur != nil {
		errs = append(errs, r.cur.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kept {
		errs = append(errs, k.Close())
	}
	return errors.Join(errs...)
}
