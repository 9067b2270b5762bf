package repomd

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// indexMagic begins an encoded index; other versions are not read.
const indexMagic = "kura repository index 1\n"

// Marshal encodes the index. It is kept beside the repository and read by
// kura alone: an index that cannot be read costs time, nothing else.
func (x *Index) Marshal() []byte {
	b := make([]byte, 0, 1<<10+len(x.Entries)*320+len(x.Groups)*200)
	b = append(b, indexMagic...)
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	num := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) }
	str(string(x.Compression))
	str(x.Checksum)
	num(int64(x.GroupSize))
	for _, h := range x.Hrefs {
		str(h)
	}
	num(int64(len(x.Entries)))
	num(int64(len(x.Groups)))
	for i := range x.Groups {
		g := &x.Groups[i]
		b = append(b, g.Key[:]...)
		num(int64(g.Count))
		for _, f := range g.Frames {
			num(f.Offset)
			num(f.Size)
			num(f.Open)
			b = binary.LittleEndian.AppendUint64(b, f.Sum)
		}
		if g.encoded != "" {
			b = append(b, g.encoded...)
			continue
		}
		for k := range g.Count {
			e := &x.Entries[g.First+k]
			b = append(b, e.ID[:]...)
			for _, s := range e.texts() {
				str(*s)
			}
			num(e.FileTime)
			num(e.Changed)
			for _, n := range g.lens[k] {
				num(int64(n))
			}
		}
	}
	num(int64(len(x.marks)))
	for _, m := range x.marks {
		num(int64(m.group))
		for _, kind := range m.sums {
			for _, state := range kind {
				str(string(state))
			}
		}
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func (e *Entry) texts() [8]*string {
	return [...]*string{&e.Name, &e.Arch, &e.Epoch, &e.Version, &e.Release, &e.Source, &e.Href, &e.Base}
}

// UnmarshalIndex reads what Marshal wrote.
func UnmarshalIndex(b []byte) (*Index, error) {
	body, ok := bytes.CutPrefix(b, []byte(indexMagic))
	if !ok || len(body) < 8 {
		return nil, errors.New("it is no index of this version")
	}
	body = body[:len(body)-8]
	if xxhash.Sum64(b[:len(b)-8]) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return nil, errors.New("it was changed or cut off")
	}
	d := &indexDecoder{b: string(body)}
	x := d.index()
	if d.bad || d.b != "" {
		return nil, errors.New("its contents make no sense")
	}
	return x, nil
}

// indexDecoder reads an index. All of its strings share the memory of b.
type indexDecoder struct {
	b   string
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
		}
		for k := range g.Frames {
			g.Frames[k] = Frame{Offset: int64(d.num()), Size: int64(d.num()), Open: int64(d.num())}
			if s := d.bytes(8); len(s) == 8 {
				g.Frames[k].Sum = binary.LittleEndian.Uint64([]byte(s))
			}
			if f := g.Frames[k]; f.Offset < 0 || f.Size < 0 || f.Size > maxItem*maxGroup || f.Open < 0 || f.Open > maxItem*maxGroup {
				d.bad = true
			}
		}
		if d.bad {
			return x
		}
		g.lens = lens[next : next+g.Count : next+g.Count]
		from := d.b
		for k := range g.Count {
			e := &x.Entries[next+k]
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
		next += g.Count
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
