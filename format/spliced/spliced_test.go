package spliced

import (
	"bytes"
	"compress/gzip"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// Go's own reader finds in a file what was written and what was spliced, in order.
func TestSplicedFiles(t *testing.T) {
	w := NewWriter(nil)
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("kernel glibc bash python3 a-name-that-is-long systemd <member> <name>build_id</name> <value><int>7</int></value>")
	text := func() (p []byte) { // no part of it is like another, all of it is made of the same
		for range r.IntN(9000) {
			p = append(p, words[r.IntN(len(words))]...)
		}
		return p
	}
	for range 200 {
		var file, want bytes.Buffer
		w.Reset(&file)
		for range r.IntN(8) {
			p := text()
			want.Write(p)
			if r.IntN(2) == 0 {
				if n, err := w.Write(p); err != nil || n != len(p) {
					t.Fatal(n, err)
				}
				continue
			}
			made, err := Pack(p)
			if err != nil {
				t.Fatal(err)
			}
			read, err := Read(made.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read.Open(); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("a piece of %d bytes opens to %d, %v", len(p), len(got), err)
			}
			if err := w.Splice(read); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%d bytes read, %d written: %v", len(got), want.Len(), err)
		}
		if file.Len() != 0 {
			t.Fatalf("%d bytes are left behind the file", file.Len())
		}
	}
}

func TestSumsOfParts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p := make([]byte, 100_000)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	for range 1000 {
		a := r.IntN(len(p))
		b := a + r.IntN(len(p)-a+1)
		if got := combine(crc32.ChecksumIEEE(p[:a]), crc32.ChecksumIEEE(p[a:b]), int64(b-a)); got != crc32.ChecksumIEEE(p[:b]) {
			t.Fatalf("%d and %d bytes: %08x", a, b-a, got)
		}
	}
	// More than there are powers for: the same in either order.
	for range 100 {
		first, second, third := r.Uint32(), r.Uint32(), r.Uint32()
		size := int64(1) << (20 + r.IntN(20))
		if combine(combine(first, second, size), third, size) != combine(first, combine(second, third, size), 2*size) {
			t.Fatalf("parts of %d bytes", size)
		}
	}
}

func TestWrongPieces(t *testing.T) {
	p, err := Pack([]byte("what was said"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(p.Bytes()[:headSize-1]); err == nil {
		t.Error("half a head is taken")
	}
	for _, wrong := range []Piece{{p.Data[:len(p.Data)-7], p.Size, p.Sum}, {p.Data, p.Size - 1, p.Sum}, {p.Data, p.Size + 1, p.Sum}, {p.Data, p.Size, p.Sum + 1}} {
		if got, err := wrong.Open(); err == nil {
			t.Errorf("%q is taken", got)
		}
	}
}
