package repomd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Index says what a repository that Write made consists of: which packages,
// and where their groups lie in its files. With it the next repository costs
// what changed.
type Index struct {
	Compression Compression
	Checksum    string
	GroupSize   int
	Hrefs       [3]string // of primary, filelists, other
	Entries     []Entry
	Groups      []Group
	marks       []mark
	from        []origin // of each group, until the index is written

	keys  map[ID]int
	ids   map[ID]place
	byKey sync.Once
	byID  sync.Once
}

// mark is the state of the checksums before a group. A file that begins with
// the same groups need not be summed up from its start.
type mark struct {
	group int
	sums  [3][2][]byte // of each file: compressed, open
}

// markEvery is how many groups lie between marks: a thousand packages or so.
func markEvery(groupSize int) int { return max(1, 1024/groupSize) }

// Indexed is a repository at hand together with its index.
type Indexed struct {
	*Index
	// File gives one of the three files for reading. It is called once for each.
	File func(Kind) (io.ReaderAt, error)

	once  [3]sync.Once
	files [3]io.ReaderAt
	errs  [3]error
}

// place is where a package stands: a group, and which of it.
type place struct{ group, at int }

var kinds = [3]Kind{Primary, Filelists, Other}

func (x *Indexed) file(i int) (io.ReaderAt, error) {
	x.once[i].Do(func() { x.files[i], x.errs[i] = x.File(kinds[i]) })
	return x.files[i], x.errs[i]
}

// find gives the group with a key, or -1.
func (x *Index) find(key ID) int {
	x.byKey.Do(func() {
		x.keys = make(map[ID]int, len(x.Groups))
		for i := range x.Groups {
			x.keys[x.Groups[i].Key] = i
		}
	})
	if i, ok := x.keys[key]; ok {
		return i
	}
	return -1
}

// where gives the place of a package.
func (x *Index) where(id ID) (place, bool) {
	x.byID.Do(func() {
		x.ids = make(map[ID]place, len(x.Entries))
		for g := range x.Groups {
			for i := range x.Groups[g].Count {
				if x.Groups[g].lens[i][0] == 0 { // it could not be listed
					continue
				}
				x.ids[x.Entries[x.Groups[g].First+i].ID] = place{g, i}
			}
		}
	})
	p, ok := x.ids[id]
	return p, ok
}

var errChanged = errors.New("the repository's files are not those that its index speaks of")

// window is a piece of a base's file: frames that follow one another are read
// together.
type window struct {
	base *Indexed
	from int64
	buf  []byte
}

// readAhead is how much is read at once.
const readAhead = 1 << 20

// frame gives a group's compressed bytes of one kind, and proves that they are
// still what was written. They are good until the next call with the window.
func (x *Indexed) frame(group, kind int, w *window) ([]byte, error) {
	f := x.Groups[group].Frames[kind]
	if w.base != x || f.Offset < w.from || f.Offset+f.Size > w.from+int64(len(w.buf)) {
		r, err := x.file(kind)
		if err != nil {
			return nil, err
		}
		n := f.Size
		if w.base == x { // the frame before it was asked for as well
			n = max(n, readAhead)
		}
		if int64(cap(w.buf)) < n {
			w.buf = make([]byte, n)
		}
		w.base, w.from = x, f.Offset
		got, err := r.ReadAt(w.buf[:n], f.Offset)
		if w.buf = w.buf[:got]; int64(got) < f.Size {
			return nil, fmt.Errorf("read %s: %w", x.Hrefs[kind], err)
		}
	}
	b := w.buf[f.Offset-w.from:][:f.Size]
	if xxhash.Sum64(b) != f.Sum {
		return nil, errChanged
	}
	return b, nil
}

// decoder serves all goroutines; what it may unpack is bounded by the index.
var decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<30))

// open gives a group's decompressed bytes of one kind. buf is a buffer to use.
func (x *Indexed) open(group, kind int, buf []byte) ([]byte, error) {
	b, err := x.frame(group, kind, new(window))
	if err != nil {
		return nil, err
	}
	return x.unpack(group, kind, b, buf)
}

// unpack decompresses a group's frame.
func (x *Indexed) unpack(group, kind int, b, buf []byte) (_ []byte, err error) {
	f := x.Groups[group].Frames[kind]
	switch x.Compression {
	case Zstd:
		if int64(cap(buf)) < f.Open {
			buf = make([]byte, 0, f.Open)
		}
		b, err = decoder.DecodeAll(b, buf[:0])
	case Gzip:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			b, err = io.ReadAll(io.LimitReader(z, f.Open+1))
		}
	}
	if err == nil && int64(len(b)) != f.Open {
		err = errChanged
	}
	return b, err
}

// fragments gives the fragments of a whole group.
func (x *Indexed) fragments(group int) ([]Fragments, error) {
	g := &x.Groups[group]
	out := make([]Fragments, g.Count)
	for kind := range kinds {
		b, err := x.open(group, kind, nil)
		if err != nil {
			return nil, err
		}
		for i := range out {
			n := int(g.lens[i][kind])
			if n > len(b) {
				return nil, errChanged
			}
			*out[i].of(kind) = b[:n:n]
			b = b[n:]
		}
	}
	return out, nil
}

// of is one of the three.
func (f *Fragments) of(kind int) *[]byte {
	switch kind {
	case 0:
		return &f.Primary
	case 1:
		return &f.Filelists
	}
	return &f.Other
}
