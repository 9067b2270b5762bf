package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unsafe"
)

// Limits that rpm itself keeps. They bound what a header may claim; memory is
// only taken for bytes that arrive.
const (
	maxEntries    = 0xffff
	maxData       = 256 << 20
	maxSigEntries = 64
	maxSigData    = 64 << 20
)

// Header is a parsed header. Everything in it was checked when it was parsed:
// the accessors cannot fail, they give nothing for a tag that is missing or of
// another kind.
type Header struct {
	raw     []byte
	data    []byte
	entries []entry // by tag

	region        Tag
	regionEntries int // entries that the region covers, itself included
	regionData    int
}

type entry struct {
	tag        Tag
	typ        Type
	count      uint32
	start, end uint32
}

// ParseHeader parses a header, magic first. Bytes after it are refused, but for
// the up to seven that pad a signature header.
func ParseHeader(raw []byte) (*Header, error) {
	if len(raw) < 16 {
		return nil, fmt.Errorf("a header has at least 16 bytes, this has %d", len(raw))
	}
	il, dl, err := preamble(raw[:16], maxEntries, maxData)
	if err != nil {
		return nil, err
	}
	want := 16 + 16*il + dl
	if len(raw) < want {
		return nil, fmt.Errorf("the header is cut short: %d of %d bytes", len(raw), want)
	}
	if rest := raw[want:]; len(rest) > 7 {
		return nil, fmt.Errorf("%d bytes follow the header", len(rest))
	}
	return parseHeader(raw[:want], il)
}

// preamble gives the number of entries and bytes of data of a header.
func preamble(b []byte, maxIL, maxDL int) (il, dl int, err error) {
	if !bytes.Equal(b[:4], headerMagic[:4]) {
		return 0, 0, fmt.Errorf("no header begins here: % x in place of its magic", b[:4])
	}
	n, d := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	if n == 0 || n > uint32(maxIL) {
		return 0, 0, fmt.Errorf("the header claims %d entries; 1 to %d are allowed", n, maxIL)
	}
	if d > uint32(maxDL) {
		return 0, 0, fmt.Errorf("the header claims %d bytes of data; %d are allowed", d, maxDL)
	}
	return int(n), int(d), nil
}

// readHeader reads one header and nothing behind it.
func readHeader(r io.Reader, maxIL, maxDL int) (*Header, error) {
	var pre [16]byte
	if _, err := io.ReadFull(r, pre[:]); err != nil {
		return nil, cut(err)
	}
	il, dl, err := preamble(pre[:], maxIL, maxDL)
	if err != nil {
		return nil, err
	}
	n := 16*il + dl
	var buf bytes.Buffer
	buf.Grow(16 + min(n, 1<<20))
	buf.Write(pre[:])
	if _, err := io.CopyN(&buf, r, int64(n)); err != nil {
		return nil, cut(err)
	}
	return parseHeader(buf.Bytes(), il)
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends inside of it")
	}
	return err
}

func parseHeader(raw []byte, il int) (*Header, error) {
	h := &Header{raw: raw, data: raw[16+16*il:], entries: make([]entry, 0, il)}
	var last uint32 // data of one entry ends before that of the next begins
	for i := range il {
		b := raw[16+16*i:]
		e := entry{tag: Tag(binary.BigEndian.Uint32(b)), typ: Type(binary.BigEndian.Uint32(b[4:])),
			start: binary.BigEndian.Uint32(b[8:]), count: binary.BigEndian.Uint32(b[12:])}
		if i == 0 && (e.tag == TagHeaderSignatures || e.tag == TagHeaderImmutable) {
			if err := h.parseRegion(e, il); err != nil {
				return nil, err
			}
			continue
		}
		if err := h.checkEntry(&e); err != nil {
			return nil, fmt.Errorf("tag %d: %w", e.tag, err)
		}
		if e.start < last {
			return nil, fmt.Errorf("tag %d: its data overlaps that of the tag before", e.tag)
		}
		last = e.end
		h.entries = append(h.entries, e)
	}
	slices.SortStableFunc(h.entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })
	for i := 1; i < len(h.entries); i++ {
		// Readers differ in which of two they take: what was checked must be
		// what is installed.
		if h.entries[i].tag == h.entries[i-1].tag {
			return nil, fmt.Errorf("tag %d is there twice", h.entries[i].tag)
		}
	}
	return h, nil
}

func (h *Header) checkEntry(e *entry) error {
	switch {
	case e.tag <= TagHeaderImmutable || e.tag > 0x7fffffff:
		return errors.New("no such tag is allowed here")
	case e.typ == TypeNull || e.typ > TypeI18NString:
		return fmt.Errorf("it has the unknown type %d", e.typ)
	case e.count == 0:
		return errors.New("it has no value")
	case e.start >= uint32(len(h.data)):
		return fmt.Errorf("its data lies outside of the header, at %d of %d", e.start, len(h.data))
	}
	room := uint32(len(h.data)) - e.start
	if w := uint32(e.typ.size()); w > 0 {
		if e.start%w != 0 {
			return fmt.Errorf("its data is not aligned to %d bytes", w)
		}
		if e.count > room/w {
			return fmt.Errorf("its %d values reach over the end of the header", e.count)
		}
		e.end = e.start + e.count*w
		return nil
	}
	if e.typ == TypeString && e.count != 1 {
		return fmt.Errorf("a string is counted as %d", e.count)
	}
	if e.count > room {
		return fmt.Errorf("its %d strings reach over the end of the header", e.count)
	}
	pos := e.start
	for range e.count {
		n := bytes.IndexByte(h.data[pos:], 0)
		if n < 0 {
			return errors.New("a string of it has no end")
		}
		pos += uint32(n) + 1
	}
	e.end = pos
	return nil
}

// parseRegion reads the region, the part of a header that digests and
// signatures cover. Its trailer repeats the tag and counts the entries.
func (h *Header) parseRegion(e entry, il int) error {
	if e.typ != TypeBinary || e.count != 16 {
		return errors.New("the header's region tag is malformed")
	}
	if len(h.data) < 16 || e.start > uint32(len(h.data)-16) {
		return errors.New("the header's region ends outside of the header")
	}
	t := h.data[e.start:]
	entries := -int64(int32(binary.BigEndian.Uint32(t[8:])))
	tag := Tag(binary.BigEndian.Uint32(t))
	// rpm 4.0 wrote 61 into the trailer of signature headers.
	if tag != e.tag && (e.tag != TagHeaderSignatures || tag != 61) ||
		Type(binary.BigEndian.Uint32(t[4:])) != TypeBinary || binary.BigEndian.Uint32(t[12:]) != 16 ||
		entries <= 0 || entries%16 != 0 || entries/16 > int64(il) {
		return errors.New("the trailer of the header's region is malformed")
	}
	h.region, h.regionEntries, h.regionData = e.tag, int(entries/16), int(e.start)+16
	return nil
}

// wholeRegion says whether the region covers all of the header.
func (h *Header) wholeRegion() bool {
	return h.region != 0 && len(h.raw) == 16+16*h.regionEntries+h.regionData
}

// Raw is the header's bytes, magic first, padding excluded.
func (h *Header) Raw() []byte { return h.raw }

func (h *Header) find(tag Tag) (entry, bool) {
	i, ok := slices.BinarySearchFunc(h.entries, tag, func(e entry, t Tag) int { return int(e.tag) - int(t) })
	if !ok {
		return entry{}, false
	}
	return h.entries[i], true
}

// Has says whether the tag is there.
func (h *Header) Has(tag Tag) bool { _, ok := h.find(tag); return ok }

// TypeOf gives the type of a tag and the number of its values, 0 if missing.
func (h *Header) TypeOf(tag Tag) (Type, int) {
	e, _ := h.find(tag)
	return e.typ, int(e.count)
}

// Tags lists the tags in ascending order.
func (h *Header) Tags() []Tag {
	ts := make([]Tag, len(h.entries))
	for i, e := range h.entries {
		ts[i] = e.tag
	}
	return ts
}

// String gives a string, or the first of an array or of translations.
func (h *Header) String(tag Tag) string {
	e, ok := h.find(tag)
	if !ok || !e.isString() {
		return ""
	}
	b := h.data[e.start:e.end]
	return string(b[:bytes.IndexByte(b, 0)])
}

func (e entry) isString() bool {
	return e.typ == TypeString || e.typ == TypeStringArray || e.typ == TypeI18NString
}

// Strings gives all strings of a tag.
func (h *Header) Strings(tag Tag) []string {
	e, ok := h.find(tag)
	if !ok || !e.isString() {
		return nil
	}
	// One copy for all: arrays of thousands of names are common.
	return cutStrings(string(h.data[e.start:e.end]), make([]string, 0, e.count))
}

// cutStrings divides at the zero bytes.
func cutStrings(s string, out []string) []string {
	for s != "" {
		n := strings.IndexByte(s, 0)
		out = append(out, s[:n])
		s = s[n+1:]
	}
	return out
}

// View is String without a copy: it is the header's own bytes, good as long as
// those do not change.
func (h *Header) View(tag Tag) string {
	e, ok := h.find(tag)
	if !ok || !e.isString() {
		return ""
	}
	b := h.data[e.start:e.end]
	return view(b[:bytes.IndexByte(b, 0)])
}

// Views is Strings without a copy, see View. It appends to out.
func (h *Header) Views(tag Tag, out []string) []string {
	e, ok := h.find(tag)
	if !ok || !e.isString() {
		return out
	}
	return cutStrings(view(h.data[e.start:e.end]), out)
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Ints gives the integers of a tag, whatever their width.
func (h *Header) Ints(tag Tag) []uint64 {
	v := h.Numbers(tag)
	if v.Len() == 0 {
		return nil
	}
	out := make([]uint64, v.Len())
	for i := range out {
		out[i] = v.At(i)
	}
	return out
}

// Int gives the first integer of a tag.
func (h *Header) Int(tag Tag) (uint64, bool) {
	v := h.Numbers(tag)
	if v.Len() == 0 {
		return 0, false
	}
	return v.At(0), true
}

// Numbers are the integers of a tag as they stand in the header.
type Numbers struct {
	b     []byte
	width int
}

// Numbers is Ints without a copy, see View.
func (h *Header) Numbers(tag Tag) Numbers {
	e, ok := h.find(tag)
	if !ok || e.isString() || e.typ == TypeBinary {
		return Numbers{}
	}
	return Numbers{h.data[e.start:e.end], max(e.typ.size(), 1)}
}

// Len is how many there are.
func (n Numbers) Len() int {
	if n.width == 0 {
		return 0
	}
	return len(n.b) / n.width
}

// At gives one of them.
func (n Numbers) At(i int) uint64 {
	switch b := n.b[i*n.width:]; n.width {
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	default:
		return uint64(b[0])
	}
}

// Bytes gives the bytes of a binary tag. They are the header's own.
func (h *Header) Bytes(tag Tag) []byte {
	e, ok := h.find(tag)
	if !ok || e.typ != TypeBinary {
		return nil
	}
	return h.data[e.start:e.end:e.end]
}
