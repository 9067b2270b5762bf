package rpm

import (
	"encoding/binary"
	"slices"
)

var headerMagic = [8]byte{0x8e, 0xad, 0xe8, 0x01}

// A HeaderBuilder collects tags and encodes them as a header. Setting a tag
// again replaces it. The result depends on the tags alone, not on their order.
type HeaderBuilder struct{ entries []rawEntry }

type rawEntry struct {
	tag   Tag
	typ   Type
	count uint32
	data  []byte
}

func (b *HeaderBuilder) set(tag Tag, typ Type, count int, data []byte) {
	b.Delete(tag)
	if count > 0 {
		b.entries = append(b.entries, rawEntry{tag, typ, uint32(count), data})
	}
}

// Delete removes a tag.
func (b *HeaderBuilder) Delete(tag Tag) {
	b.entries = slices.DeleteFunc(b.entries, func(e rawEntry) bool { return e.tag == tag })
}

// SetString sets a single string.
func (b *HeaderBuilder) SetString(tag Tag, s string) {
	b.set(tag, TypeString, 1, append([]byte(s), 0))
}

// SetStrings sets an array of strings; none removes the tag.
func (b *HeaderBuilder) SetStrings(tag Tag, ss ...string) {
	b.set(tag, TypeStringArray, len(ss), joinStrings(ss))
}

// SetI18N sets a translated string in the languages of TagHeaderI18NTable.
func (b *HeaderBuilder) SetI18N(tag Tag, ss ...string) {
	b.set(tag, TypeI18NString, len(ss), joinStrings(ss))
}

// SetBinary sets bytes.
func (b *HeaderBuilder) SetBinary(tag Tag, data []byte) {
	b.set(tag, TypeBinary, len(data), slices.Clone(data))
}

// SetInt16 sets an array of 16 bit integers.
func (b *HeaderBuilder) SetInt16(tag Tag, vs ...uint16) {
	var d []byte
	for _, v := range vs {
		d = binary.BigEndian.AppendUint16(d, v)
	}
	b.set(tag, TypeInt16, len(vs), d)
}

// SetInt32 sets an array of 32 bit integers.
func (b *HeaderBuilder) SetInt32(tag Tag, vs ...uint32) {
	var d []byte
	for _, v := range vs {
		d = binary.BigEndian.AppendUint32(d, v)
	}
	b.set(tag, TypeInt32, len(vs), d)
}

// SetInt64 sets an array of 64 bit integers.
func (b *HeaderBuilder) SetInt64(tag Tag, vs ...uint64) {
	var d []byte
	for _, v := range vs {
		d = binary.BigEndian.AppendUint64(d, v)
	}
	b.set(tag, TypeInt64, len(vs), d)
}

func joinStrings(ss []string) []byte {
	n := 0
	for _, s := range ss {
		n += len(s) + 1
	}
	d := make([]byte, 0, n)
	for _, s := range ss {
		d = append(append(d, s...), 0)
	}
	return d
}

// Encode gives the header's bytes, magic first. A region tag (62 or 63) wraps
// all entries in a region of that tag, as rpm has done since version 4; 0 does
// without, as version 3 did. Signature headers are to be padded by the caller.
func (b *HeaderBuilder) Encode(region Tag) []byte {
	entries := slices.Clone(b.entries)
	slices.SortFunc(entries, func(x, y rawEntry) int { return int(x.tag) - int(y.tag) })
	var index, data []byte
	put := func(dst []byte, tag Tag, typ Type, offset int32, count uint32) []byte {
		dst = binary.BigEndian.AppendUint32(dst, uint32(tag))
		dst = binary.BigEndian.AppendUint32(dst, uint32(typ))
		dst = binary.BigEndian.AppendUint32(dst, uint32(offset))
		return binary.BigEndian.AppendUint32(dst, count)
	}
	n := len(entries)
	if region != 0 {
		n++
	}
	for _, e := range entries {
		if w := e.typ.size(); w > 1 {
			for len(data)%w != 0 {
				data = append(data, 0)
			}
		}
		index = put(index, e.tag, e.typ, int32(len(data)), e.count)
		data = append(data, e.data...)
	}
	if region != 0 {
		index = append(put(nil, region, TypeBinary, int32(len(data)), 16), index...)
		data = put(data, region, TypeBinary, int32(-16*n), 16)
	}
	out := make([]byte, 0, 16+len(index)+len(data))
	out = append(out, headerMagic[:]...)
	out = binary.BigEndian.AppendUint32(out, uint32(n))
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	out = append(out, index...)
	return append(out, data...)
}

// pad8 pads a signature header to the eight bytes at which the next one starts.
func pad8(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}
