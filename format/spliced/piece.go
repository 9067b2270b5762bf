package spliced

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// Piece is bytes that were compressed, to stand anywhere in a file.
type Piece struct {
	Data []byte // deflate blocks, none of them the last one, that end with a byte
	Size int64  // of what was compressed
	Sum  uint32 // its CRC-32
}

var packers = sync.Pool{New: func() any { return NewWriter(nil) }}

// Pack compresses p.
func Pack(p []byte) (Piece, error) {
	w := packers.Get().(*Writer)
	defer packers.Put(w)
	var out bytes.Buffer
	w.z.Reset(&out)
	if _, err := w.z.Write(p); err != nil {
		return Piece{}, err
	}
	if err := w.z.Flush(); err != nil {
		return Piece{}, err
	}
	w.z.Reset(nil)
	return Piece{out.Bytes(), int64(len(p)), crc32.ChecksumIEEE(p)}, nil
}

var errPiece = errors.New("a compressed piece does not hold what it did")

// Open gives what was compressed.
func (p Piece) Open() ([]byte, error) {
	// The last block, which pieces have none of.
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p.Data), bytes.NewReader([]byte{3, 0})))
	defer r.Close()
	out := bytes.NewBuffer(make([]byte, 0, p.Size+bytes.MinRead))
	if _, err := out.ReadFrom(io.LimitReader(r, p.Size+1)); err != nil {
		return nil, err
	}
	if int64(out.Len()) != p.Size || crc32.ChecksumIEEE(out.Bytes()) != p.Sum {
		return nil, errPiece
	}
	return out.Bytes(), nil
}

const headSize = 12

// Bytes is the piece as Read takes it.
func (p Piece) Bytes() []byte {
	out := make([]byte, 0, headSize+len(p.Data))
	out = binary.LittleEndian.AppendUint64(out, uint64(p.Size))
	out = binary.LittleEndian.AppendUint32(out, p.Sum)
	return append(out, p.Data...)
}

// Read takes what Bytes gave.
func Read(b []byte) (Piece, error) {
	if len(b) < headSize {
		return Piece{}, errPiece
	}
	return Piece{b[headSize:], int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:])}, nil
}
