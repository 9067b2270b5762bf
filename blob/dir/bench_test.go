package dir_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/kura-build/kura/blob/blobtest"
)

// BenchmarkPut is a package of 4 MiB, on disk, one after the other.
func BenchmarkPut(b *testing.B) {
	s := open(b, b.TempDir())
	data := blobtest.Data(1, 4<<20)
	b.SetBytes(int64(len(data)))
	var n uint64
	for b.Loop() {
		n++
		binary.LittleEndian.PutUint64(data, n)
		if _, err := s.Put(b.Context(), bytes.NewReader(data), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPutSmall is a log chunk: what syncing costs.
func BenchmarkPutSmall(b *testing.B) {
	s := open(b, b.TempDir())
	var data [512]byte
	var n uint64
	for b.Loop() {
		n++
		binary.LittleEndian.PutUint64(data[:], n)
		if _, err := s.Put(b.Context(), bytes.NewReader(data[:]), nil); err != nil {
			b.Fatal(err)
		}
	}
}
