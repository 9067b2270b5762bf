package repomd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unsafe"

	"github.com/cespare/xxhash/v2"
)

// indexMagic begins an encoded index; other versions are not read.
const indexMagic = "kura repository index 2\n"

// Marshal encodes the index. It is kept beside the repository and read by
// kura alone: an index that cannot be read costs time, nothing else.
func (x *Index) Marshal() []byte {
	b := bytes.NewBuffer(make([]byte, 0, 1<<10+len(x.Entries)*130+len(x.Groups)*200))
	_ = x.MarshalTo(b) // a buffer takes everything
	return b.Bytes()
}

// MarshalTo is Marshal into a file; a Paster takes over what its bases have.
func (x *Index) MarshalTo(w io.Writer) error {
	e := &indexWriter{w: w, sum: xxhash.New()}
	e.paster, _ = w.(Paster)
	x.encodeHead(e)
	for i := range x.Groups {
		g := &x.Groups[i]
		if g.encoded == "" {
			g.encoded = x.encodeGroup(g)
		}
		var from origin
		if x.from != nil {
			from = x.from[i]
		}
		old := g.at
		g.at = e.done + int64(len(e.buf))
		e.part(g.encoded, from.base, old)
	}
	e.num(int64(len(x.marks)))
	for _, m := range x.marks {
		e.num(int64(m.group))
		for _, kind := range m.sums {
			for _, state := range kind {
				e.str(string(state))
			}
		}
	}
	x.from = nil
	return e.end()
}

// encodeHead encodes all but the packages.
func (x *Index) encodeHead(e *indexWriter) {
	e.buf = append(e.buf, indexMagic...)
	e.str(string(x.Compression))
	e.str(x.Checksum)
	e.num(int64(x.GroupSize))
	for _, h := range x.Hrefs {
		e.str(h)
	}
	e.num(int64(len(x.Entries)))
	e.num(int64(len(x.Groups)))
	for i := range x.Groups {
		g := &x.Groups[i]
		e.buf = append(e.buf, g.Key[:]...)
		e.num(int64(g.Count))
		for _, f := range g.Frames {
			e.num(f.Offset)
			e.num(f.Size)
			e.num(f.Open)
			e.buf = binary.LittleEndian.AppendUint64(e.buf, f.Sum)
		}
	}
}

func (x *Index) encodeGroup(g *Group) string {
	var e indexWriter
	for k := range g.Count {
		p := &x.Entries[g.First+k]
		e.buf = append(e.buf, p.ID[:]...)
		for _, s := range p.texts() {
			e.str(*s)
		}
		e.num(p.FileTime)
		e.num(p.Changed)
		for _, n := range g.lens[k] {
			e.num(int64(n))
		}
	}
	return string(e.buf)
}

// indexWriter encodes an index on its way to a file.
type indexWriter struct {
	w      io.Writer
	paster Paster // nil where w is none
	sum    *xxhash.Digest
	buf    []byte
	done   int64 // bytes before buf
	err    error
}

func (e *indexWriter) str(s string) {
	e.num(int64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *indexWriter) num(n int64) { e.buf = binary.AppendUvarint(e.buf, uint64(n)) }

// part appends an encoded group, which lies in a base's index, if base is not nil.
func (e *indexWriter) part(s string, base *Indexed, at int64) {
	if base == nil || e.paster == nil || e.err != nil {
		e.text(s)
		return
	}
	e.flush()
	err := e.paster.Paste(base, IndexKind, at, int64(len(s)))
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		e.text(s)
	default:
		_, _ = e.sum.WriteString(s)
		e.done += int64(len(s))
		e.err = errors.Join(e.err, err)
	}
}

// indexChunk is how much is written at once.
const indexChunk = 256 << 10

func (e *indexWriter) text(s string) {
	if e.buf = append(e.buf, s...); len(e.buf) >= indexChunk {
		e.flush()
	}
}

func (e *indexWriter) flush() {
	if len(e.buf) == 0 {
		return
	}
	_, _ = e.sum.Write(e.buf)
	_, err := e.w.Write(e.buf)
	e.err = errors.Join(e.err, err)
	e.done += int64(len(e.buf))
	e.buf = e.buf[:0]
}

func (e *indexWriter) end() error {
	e.flush()
	e.buf = binary.LittleEndian.AppendUint64(e.buf, e.sum.Sum64())
	e.flush()
	return e.err
}

func (e *Entry) texts() [8]*string {
	return [...]*string{&e.Name, &e.Arch, &e.Epoch, &e.Version, &e.Release, &e.Source, &e.Href, &e.Base}
}

// UnmarshalIndex reads what Marshal wrote. The index keeps b, which must not
// change any more.
func UnmarshalIndex(b []byte) (*Index, error) {
	body, ok := bytes.CutPrefix(b, []byte(indexMagic))
	if !ok || len(body) < 8 {
		return nil, errors.New("it is no index of this version")
	}
	body = body[:len(body)-8]
	if xxhash.Sum64(b[:len(b)-8]) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return nil, errors.New("it was changed or cut off")
	}
	d := &indexDecoder{b: unsafe.String(unsafe.SliceData(body), len(body)), all: len(indexMagic) + len(body)}
	x := d.index()
	if d.bad || d.b != "" {
		return nil, errors.New("its contents make no sense")
	}
	return x, nil
}

// indexDecoder reads an index. All of its strings share the memory of b.
type indexDecoder struct {
	b   string
	all int // bytes from the start of the file to the end of b
	bad bool
}

func (d *indexDecoder) bytes(n uint64) string {
	if n > uint64(len(d.b)) {
		d.bad = true
		d.b = ""
		return ""
	}
	s := d.b[:n]
	d.b = d.b[n:]
	return s
}

func (d *indexDecoder) num() uint64 {
	var n uint64
	for i := range len(d.b) {
		c := d.b[i]
		if i == binary.MaxVarintLen64 {
			break
		}
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.b = d.b[i+1:]
			return n
		}
	}
	d.bad = true
	return 0
}

// count is a number of things of which each takes at least so many bytes.
func (d *indexDecoder) count(least int) int {
	n := d.num()
	if n > uint64(len(d.b)/least) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *indexDecoder) str() string { return d.bytes(d.num()) }

func (d *indexDecoder) id() (id ID) {
	copy(id[:], d.bytes(uint64(len(id))))
	return id
}

// group decodes a group's packages.
func (d *indexDecoder) group(x *Index, g *Group) {
	from := d.b
	g.at = int64(d.all - len(from))
	for k := range g.Count {
		e := &x.Entries[g.First+k]
		e.ID = d.id()
		for _, s := range e.texts() {
			*s = d.str()
		}
		e.FileTime, e.Changed = int64(d.num()), int64(d.num())
		for l := range g.lens[k] {
			g.lens[k][l] = uint32(d.num())
		}
	}
	g.encoded = from[:len(from)-len(d.b)]
}

func (d *indexDecoder) index() *Index {
	x := &Index{Compression: Compression(d.str()), Checksum: d.str(), GroupSize: int(d.num())}
	for i := range x.Hrefs {
		x.Hrefs[i] = d.str()
	}
	x.Entries = make([]Entry, d.count(len(ID{})))
	x.Groups = make([]Group, d.count(len(ID{})))
	lens := make([][3]uint32, len(x.Entries))
	next := 0
	for i := range x.Groups {
		g := &x.Groups[i]
		g.Key, g.First, g.Count = d.id(), next, int(d.num())
		if g.Count > len(x.Entries)-next || g.Count < 0 {
			d.bad = true
			return x
		}
		g.lens = lens[next : next+g.Count : next+g.Count]
		next += g.Count
		for k := range g.Frames {
			g.Frames[k] = Frame{Offset: int64(d.num()), Size: int64(d.num()), Open: int64(d.num())}
			if s := d.bytes(8); len(s) == 8 {
				g.Frames[k].Sum = binary.LittleEndian.Uint64([]byte(s))
			}
			if f := g.Frames[k]; f.Offset < 0 || f.Size < 0 || f.Size > maxItem*maxGroup || f.Open < 0 || f.Open > maxItem*maxGroup {
				d.bad = true
			}
		}
	}
	for i := range x.Groups {
		d.group(x, &x.Groups[i])
		if d.bad {
			return x
		}
	}
	if next != len(x.Entries) {
		d.bad = true
	}
	x.marks = make([]mark, d.count(7))
	for i := range x.marks {
		x.marks[i].group = int(d.num())
		for k := range x.marks[i].sums {
			for s := range x.marks[i].sums[k] {
				x.marks[i].sums[k][s] = []byte(d.str())
			}
		}
	}
	return x
}
