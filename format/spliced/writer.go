package spliced

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Writer compresses what is written, between pieces that are compressed already.
type Writer struct {
	w     io.Writer
	z     *flate.Writer
	fresh bool // nothing was written to z since it began
	begun bool // the head is out
	sum   uint32
	size  int64
	err   error
}

// NewWriter gives a writer to w. Nothing is complete before Close.
func NewWriter(w io.Writer) *Writer {
	z, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	out := &Writer{z: z}
	out.Reset(w)
	return out
}

// Reset begins another file.
func (w *Writer) Reset(to io.Writer) {
	*w = Writer{w: to, z: w.z, fresh: true}
	w.z.Reset(to)
}

// head writes what a file begins with: deflate, no flags, no time, compressed for
// speed, by an unknown system.
func (w *Writer) head() error {
	if !w.begun && w.err == nil {
		w.begun = true
		_, w.err = w.w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255})
	}
	return w.err
}

// Write compresses p.
func (w *Writer) Write(p []byte) (int, error) {
	if w.head() != nil || len(p) == 0 {
		return 0, w.err
	}
	w.fresh = false
	w.sum = crc32.Update(w.sum, crc32.IEEETable, p)
	w.size += int64(len(p))
	var n int
	n, w.err = w.z.Write(p)
	return n, w.err
}

// Splice puts a piece in.
func (w *Writer) Splice(p Piece) error {
	if w.head() != nil {
		return w.err
	}
	if !w.fresh {
		if w.err = w.z.Flush(); w.err != nil {
			return w.err
		}
		// What comes behind the piece must not be told by what was before it.
		w.z.Reset(w.w)
		w.fresh = true
	}
	w.sum = combine(w.sum, p.Sum, p.Size)
	w.size += p.Size
	_, w.err = w.w.Write(p.Data)
	return w.err
}

// Close writes the end. It does not close what is below.
func (w *Writer) Close() error {
	if w.head() != nil {
		return w.err
	}
	if w.fresh {
		_, w.err = w.w.Write([]byte{3, 0}) // a last block, which is empty
	} else {
		w.err = w.z.Close()
	}
	if w.err == nil {
		_, w.err = w.w.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, w.sum), uint32(w.size)))
	}
	return w.err
}
