package repo

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/hub/file"
)

// maxPieces is of how many pieces a file may consist. Each change of a tag adds
// one or two; now and then some are made one.
const maxPieces = 128

// sinkBuffer holds short lines together on their way.
const sinkBuffer = 32 << 10

// sink is one file on its way to the store. What is written streams into a blob
// of its own; what is pasted stays where it is.
type sink struct {
	ctx    context.Context
	tree   *tree
	closed func(named)

	own     *bufio.Writer // nil while nothing was written
	pipe    *io.PipeWriter
	done    chan error
	info    blob.Info // of what was written
	written int64
	pieces  []file.Piece // those of the own blob without its sum
	ended   bool
}

func newSink(ctx context.Context, t *tree) *sink { return &sink{ctx: ctx, tree: t} }

func (s *sink) Write(b []byte) (int, error) {
	if s.own == nil {
		s.begin()
	}
	s.append(file.Piece{At: s.written, Size: int64(len(b))})
	s.written += int64(len(b))
	return s.own.Write(b)
}

// begin starts the blob of what is written.
func (s *sink) begin() {
	r, w := io.Pipe()
	s.own, s.pipe, s.done = bufio.NewWriterSize(w, sinkBuffer), w, make(chan error, 1)
	go func() {
		info, err := s.tree.store.Put(s.ctx, r, nil)
		r.CloseWithError(err)
		s.info = info
		s.done <- err
	}()
}

// paste takes over a range of a file.
func (s *sink) paste(from *file.Content, offset, size int64) {
	s.tree.use(from.Node)
	for _, p := range from.Slice(offset, size) {
		s.append(p)
	}
}

// append adds a piece; one that follows the last in its blob makes it longer.
func (s *sink) append(p file.Piece) {
	if p.Size == 0 {
		return
	}
	if n := len(s.pieces); n > 0 {
		if l := &s.pieces[n-1]; l.Sum == p.Sum && l.At+l.Size == p.At {
			l.Size += p.Size
			return
		}
	}
	s.pieces = append(s.pieces, p)
}

func (s *sink) Close() error {
	if s.ended {
		return nil
	}
	s.ended = true
	if len(s.pieces) == 0 && s.own == nil {
		s.begin() // an empty file
	}
	if s.own != nil {
		err := s.own.Flush()
		s.pipe.Close()
		if err = cmp.Or(<-s.done, err); err != nil {
			return err
		}
	}
	f := named{info: s.info}
	if s.own == nil || len(s.pieces) > 1 || len(s.pieces) == 1 && !s.pieces[0].Sum.IsZero() {
		for i := range s.pieces {
			if p := &s.pieces[i]; p.Sum.IsZero() {
				p.Sum, p.Whole = s.info.Sum, s.info.Size
			}
		}
		var err error
		if f, err = s.tidy(); err != nil {
			if kura.Is(err, kura.NotFound) {
				err = errors.Join(errUsedGone, err)
			}
			return kura.E("repo.tidy", err)
		}
	}
	if s.closed != nil {
		s.closed(f)
	}
	return nil
}

// tidy keeps a file from consisting of ever more pieces, and from keeping much
// more alive than it shows.
func (s *sink) tidy() (named, error) {
	if len(s.pieces) <= maxPieces {
		return named{pieces: s.pieces}, nil
	}
	var shown, kept int64
	seen := map[blob.Sum]bool{}
	for _, p := range s.pieces {
		shown += p.Size
		if !seen[p.Sum] {
			seen[p.Sum] = true
			kept += p.Whole
		}
	}
	if kept > 4*shown {
		info, err := s.copy(s.pieces)
		return named{info: info}, err
	}
	// The run of pieces that costs least to copy.
	run := len(s.pieces) - maxPieces/2 + 1
	var sizes []int64
	for i := range len(s.pieces) - run + 1 {
		var n int64
		for _, p := range s.pieces[i : i+run] {
			n += p.Size
		}
		sizes = append(sizes, n)
	}
	at := slices.Index(sizes, slices.MinFunc(sizes, cmp.Compare[int64]))
	info, err := s.copy(s.pieces[at : at+run])
	if err != nil {
		return named{}, err
	}
	one := file.Piece{Sum: info.Sum, Size: info.Size, Whole: info.Size}
	return named{pieces: slices.Replace(s.pieces, at, at+run, one)}, nil
}

// copy makes pieces one blob.
func (s *sink) copy(pieces []file.Piece) (blob.Info, error) {
	r := file.Pieces(pieces).Open(s.ctx, s.tree.store)
	defer r.Close()
	return s.tree.store.Put(s.ctx, r, nil)
}
