package rpm

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// Rip reads a package's signature header, padding included, as Koji's sigcache
// stores it.
func Rip(r io.Reader) ([]byte, error) {
	var lead [leadSize]byte
	if _, err := io.ReadFull(r, lead[:]); err != nil {
		return nil, fmt.Errorf("reading the package's lead: %w", cut(err))
	}
	if err := new(Package).parseLead(lead[:]); err != nil {
		return nil, err
	}
	_, raw, err := readSig(r)
	if err != nil {
		return nil, fmt.Errorf("reading the package's signature header: %w", err)
	}
	return raw, nil
}

// ParseSigHeader parses a signature header that Rip, Unsigned or Replace gave.
func ParseSigHeader(raw []byte) (*Header, error) {
	h, padded, err := readSig(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("signature header: %w", err)
	}
	if len(padded) != len(raw) {
		return nil, fmt.Errorf("signature header: it has %d bytes and not %d", len(raw), len(padded))
	}
	return h, nil
}

// A Spliced package reads as the file it is made of, with another signature
// header in place of the file's.
type Spliced struct {
	io.Reader
	Size int64
}

// Splice makes a package of a file and a signature header. It refuses a
// signature header that belongs to another package.
func Splice(file io.ReaderAt, size int64, sighdr []byte) (*Spliced, error) {
	head := io.NewSectionReader(file, 0, size)
	old, err := Rip(head)
	if err != nil {
		return nil, err
	}
	h, err := ParseSigHeader(sighdr)
	if err != nil {
		return nil, err
	}
	oldHeader, err := ParseSigHeader(old)
	if err != nil {
		return nil, err
	}
	if !SameContent(oldHeader, h) {
		return nil, errors.New("the signature header belongs to another package than the file: their digests differ")
	}
	start := int64(leadSize + len(old))
	return &Spliced{
		Reader: io.MultiReader(io.NewSectionReader(file, 0, leadSize), bytes.NewReader(sighdr), io.NewSectionReader(file, start, size-start)),
		Size:   size - int64(len(old)) + int64(len(sighdr)),
	}, nil
}

// Unsigned is the signature header without signatures, padded. It has the size
// of the old one where the old one has room to give or take, so that an
// unsigned package of rpmbuild comes back as it was.
func Unsigned(sig *Header) []byte {
	out, _ := Replace(sig)
	return out
}

// Replace is the signature header with these OpenPGP signatures in place of all
// that it had, padded. Each covers the main header alone; its tag follows from
// its algorithm. Further signatures of the same kind go to the list that rpm 6
// reads; rpm 4 sees the first.
func Replace(sig *Header, packets ...[]byte) ([]byte, error) {
	b := sig.builder()
	for _, tag := range sigTags {
		b.Delete(tag)
	}
	_, hadRoom := sig.find(SigTagReservedSpace)
	b.Delete(SigTagReservedSpace)
	var more []string
	used := map[Tag]bool{}
	for _, p := range packets {
		s, err := ParseSignature(p)
		if err != nil {
			return nil, err
		}
		if used[s.Tag] || s.Version == 6 {
			more = append(more, base64.StdEncoding.EncodeToString(p))
			continue
		}
		used[s.Tag] = true
		b.SetBinary(s.Tag, p)
	}
	b.SetStrings(SigTagOpenPGP, more...)
	raw := b.Encode(TagHeaderSignatures)
	if hadRoom {
		// One more entry and its bytes fill what is left.
		if room := len(sig.raw) - len(raw) - 16; room > 0 {
			b.SetBinary(SigTagReservedSpace, make([]byte, room))
			raw = b.Encode(TagHeaderSignatures)
		}
	}
	return pad8(raw), nil
}

// builder gives the header's tags for change.
func (h *Header) builder() *HeaderBuilder {
	b := new(HeaderBuilder)
	for _, e := range h.entries {
		b.entries = append(b.entries, rawEntry{e.tag, e.typ, e.count, h.data[e.start:e.end]})
	}
	return b
}
