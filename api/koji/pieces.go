package koji

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/spliced"
	"github.com/kura-build/kura/format/xmlrpc"
)

// lists keep what lists of tags' builds are made of: a tag that holds one build more
// holds the others as before, and what is told of these is neither read nor written nor
// compressed again.
type lists struct {
	pieces ring
	from   int // a list of fewer builds has no pieces
	mean   int // a piece is of so many builds as a rule, and of four times as many at most
}

const (
	keepPieces = 128 << 20 // all of them
	piecedFrom = 256
	pieceMean  = 64
	// readAtOnce is of how many builds what is not kept is read with one question.
	readAtOnce = 500
)

func newLists(from, mean int) *lists {
	return &lists{pieces: ring{most: keepPieces}, from: from, mean: mean}
}

// serve reports whether a list of so many builds is made of pieces. What a transaction
// has written may come to nothing, so who may write gets the list without them.
func (l *lists) serve(tx *db.Tx, builds int) bool { return tx.ReadOnly() && builds >= l.from }

// pieced is a list of rows that tell of builds, in the order of these.
type pieced[T any] struct {
	lists *lists
	about []byte // what the rows depend on besides the builds
	n     int    // builds
	build func(i int) int64
	mark  func(b []byte, i int) []byte // appends what the rows of a build depend on
	read  func(from, to int) ([]T, error)
	of    func(T) int64 // the build that a row tells of
	shape xmlrpc.Shape[T]
}

// piece is a part of a list.
type piece struct {
	from, to int
	key      question
}

// about tells lists of one kind, with these arguments, from others; what is told of
// builds is the same for as long as nothing is altered.
func about(ctx context.Context, tx *db.Tx, kind string, args ...any) ([]byte, error) {
	s, err := tx.State(ctx)
	return mark(mark(mark(nil, kind), s.Altered), args), err
}

// cuts cuts the list where the builds themselves say, so that a build that comes or
// goes changes the piece that it is in, and no other.
func (l pieced[T]) cuts(yield func(piece) bool) {
	var marks []byte
	for from := 0; from < l.n; {
		marks = append(marks[:0], l.about...)
		s := piece{from: from, to: from}
		for s.to < l.n {
			marks = l.mark(marks, s.to)
			id := uint64(l.build(s.to))
			s.to++
			if int(id*0x9e3779b97f4a7c15>>33)%l.lists.mean == 0 || s.to-from == 4*l.lists.mean {
				break
			}
		}
		s.key = sha256.Sum256(marks)
		if !yield(s) {
			return
		}
		from = s.to
	}
}

// EncodeXMLRPC writes the rows, those of kept pieces as they are.
func (l pieced[T]) EncodeXMLRPC(e *xmlrpc.Encoder) error {
	e.BeginArray()
	var missing []piece
	for s := range l.cuts {
		kept := l.lists.pieces.find(s.key, db.State{})
		if kept == nil {
			missing = append(missing, s)
		}
		if len(missing) > 0 && (kept != nil || s.to-missing[0].from >= readAtOnce) {
			if err := l.make(e, missing); err != nil {
				return err
			}
			missing = missing[:0]
		}
		if kept != nil {
			p, err := spliced.Read(kept)
			if err != nil {
				return err
			}
			if err := e.Through(func(w io.Writer) error { return splice(w, p, nil) }); err != nil {
				return err
			}
		}
	}
	if len(missing) > 0 {
		if err := l.make(e, missing); err != nil {
			return err
		}
	}
	e.EndArray()
	return e.Err()
}

// make reads the rows of pieces, one behind the other, and writes and keeps them.
func (l pieced[T]) make(e *xmlrpc.Encoder, cuts []piece) error {
	rows, err := l.read(cuts[0].from, cuts[len(cuts)-1].to)
	if err != nil {
		return err
	}
	for _, s := range cuts {
		var doc bytes.Buffer
		enc := xmlrpc.NewEncoder(&doc)
		for i := s.from; i < s.to; i++ {
			for id := l.build(i); len(rows) > 0 && l.of(rows[0]) == id; rows = rows[1:] {
				_ = l.shape.Encode(enc, rows[0]) // sticks
			}
		}
		if err := enc.Flush(); err != nil {
			return err
		}
		p, err := spliced.Pack(doc.Bytes())
		if err != nil {
			return err
		}
		l.lists.pieces.put(&answer{question: s.key, data: p.Bytes()})
		if err := e.Through(func(w io.Writer) error { return splice(w, p, doc.Bytes()) }); err != nil {
			return err
		}
	}
	return nil
}

// splice writes a piece to an answer that takes it compressed, or to anything else as
// it is.
func splice(w io.Writer, p spliced.Piece, open []byte) (err error) {
	if r, ok := w.(interface {
		splice(p spliced.Piece, open []byte) error
	}); ok {
		return r.splice(p, open)
	}
	if open == nil {
		if open, err = p.Open(); err != nil {
			return err
		}
	}
	_, err = w.Write(open)
	return err
}

// Structs gives the rows to who looks at them.
func (l pieced[T]) Structs() xmlrpc.Stream {
	return func(yield func(any, error) bool) {
		for from := 0; from < l.n; from += readAtOnce {
			rows, err := l.read(from, min(from+readAtOnce, l.n))
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range rows {
				s, err := l.shape.Struct(row)
				if !yield(s, err) || err != nil {
					return
				}
			}
		}
	}
}

// addNumber appends a number to a mark.
func addNumber(b []byte, n int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(n)) }
