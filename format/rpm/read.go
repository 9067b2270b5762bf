package rpm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Package is what stands before a package's payload.
type Package struct {
	Sig          *Header
	Header       *Header
	RawSig       []byte // the signature header with its padding, as Koji's sigcache keeps it
	HeaderStart  int64
	HeaderEnd    int64 // the payload begins here
	leadIsSource bool
}

// Read reads a package up to the end of its main header, and nothing behind.
// It checks that the bytes are well formed, not that they are unharmed: that
// is Verify's.
func Read(r io.Reader) (*Package, error) {
	var lead [leadSize]byte
	if _, err := io.ReadFull(r, lead[:]); err != nil {
		return nil, fmt.Errorf("reading the package's lead: %w", cut(err))
	}
	p := new(Package)
	if err := p.parseLead(lead[:]); err != nil {
		return nil, err
	}
	var err error
	if p.Sig, p.RawSig, err = readSig(r); err != nil {
		return nil, fmt.Errorf("reading the package's signature header: %w", err)
	}
	if p.Header, err = readHeader(r, maxEntries, maxData); err != nil {
		return nil, fmt.Errorf("reading the package's header: %w", err)
	}
	return p, p.place()
}

// Parse is Read from memory, without copies: the package's headers are the bytes
// of b, and what they give is good as long as those do not change. ok says
// whether b holds both headers whole; if not, Read will do, or say what is wrong.
func Parse(b []byte) (p *Package, ok bool, err error) {
	p = new(Package)
	if len(b) < leadSize {
		return nil, false, nil
	}
	if err := p.parseLead(b[:leadSize]); err != nil {
		return nil, true, err
	}
	var n int
	if p.Sig, n, err = headerAt(b[leadSize:], maxSigEntries, maxSigData); p.Sig == nil {
		return nil, err != nil, err
	}
	padded := (n + 7) / 8 * 8
	if len(b)-leadSize < padded {
		return nil, false, nil
	}
	p.RawSig = b[leadSize : leadSize+padded : leadSize+padded]
	if p.Header, _, err = headerAt(b[leadSize+padded:], maxEntries, maxData); p.Header == nil {
		return nil, err != nil, err
	}
	return p, true, p.place()
}

// headerAt parses the header that b begins with. It gives none, and no error,
// where b ends too early.
func headerAt(b []byte, maxIL, maxDL int) (*Header, int, error) {
	if len(b) < 16 {
		return nil, 0, nil
	}
	il, dl, err := preamble(b[:16], maxIL, maxDL)
	if err != nil {
		return nil, 0, fmt.Errorf("reading a header of the package: %w", err)
	}
	n := 16 + 16*il + dl
	if len(b) < n {
		return nil, 0, nil
	}
	h, err := parseHeader(b[:n:n], il)
	if err != nil {
		return nil, n, fmt.Errorf("reading a header of the package: %w", err)
	}
	return h, n, nil
}

// place notes where the headers lie.
func (p *Package) place() error {
	p.HeaderStart = leadSize + int64(len(p.RawSig))
	p.HeaderEnd = p.HeaderStart + int64(len(p.Header.raw))
	if p.Sig.region == TagHeaderImmutable || p.Header.region == TagHeaderSignatures {
		return errors.New("reading the package: a header is of the wrong kind")
	}
	return nil
}

func (p *Package) parseLead(b []byte) error {
	switch {
	case !bytes.Equal(b[:4], leadMagic[:]):
		return errors.New("this is not an RPM package: its first bytes are others")
	case b[4] < 3 || b[4] > 4:
		return fmt.Errorf("packages of format %d are not supported", b[4])
	case b[6] != 0 || b[7] > 1:
		return errors.New("the package's lead is malformed: it is neither binary nor source")
	case b[78] != 0 || b[79] != 5:
		return errors.New("the package has no signature header; rpm 2 wrote such, they are not supported")
	}
	p.leadIsSource = b[7] == 1
	return nil
}

// readSig reads a signature header and its padding, which starts where the lead ends.
func readSig(r io.Reader) (*Header, []byte, error) {
	h, err := readHeader(r, maxSigEntries, maxSigData)
	if err != nil {
		return nil, nil, err
	}
	raw := pad8(bytes.Clone(h.raw))
	if _, err := io.ReadFull(r, raw[len(h.raw):]); err != nil {
		return nil, nil, cut(err)
	}
	return h, raw, nil
}

// IsSource says whether it is a source package (also one without its sources).
func (p *Package) IsSource() bool {
	return p.Header.Has(TagSourcePackage) || !p.Header.Has(TagSourceRPM)
}

// Arch is the architecture by which the package is filed: for a source package
// "src", or "nosrc" if sources or patches were left out.
func (p *Package) Arch() string {
	switch {
	case !p.IsSource():
		return p.Header.String(TagArch)
	case p.Header.Has(TagNoSource) || p.Header.Has(TagNoPatch):
		return "nosrc"
	}
	return "src"
}

// NEVRA is the package's full name. Check it before use.
func (p *Package) NEVRA() NEVRA {
	n := NEVRA{
		Name: p.Header.String(TagName), Version: p.Header.String(TagVersion),
		Release: p.Header.String(TagRelease), Arch: p.Arch(),
	}
	if e, ok := p.Header.Int(TagEpoch); ok {
		e32 := uint32(e)
		n.Epoch = &e32
	}
	return n
}

// PayloadMD5 is the MD5 of header and payload that the signature header states,
// which Koji calls sigmd5 and payloadhash; nil if there is none.
func (p *Package) PayloadMD5() []byte { return p.Sig.Bytes(SigTagMD5) }

// ArchiveSize is the size of the payload uncompressed, 0 if not stated.
func (p *Package) ArchiveSize() uint64 {
	for _, at := range []struct {
		h   *Header
		tag Tag
	}{{p.Sig, SigTagPayloadSize}, {p.Sig, SigTagLongArchiveSize}, {p.Header, TagPayloadSizeAlt}, {p.Header, TagArchiveSize}} {
		if v, ok := at.h.Int(at.tag); ok {
			return v
		}
	}
	return 0
}

// Size is the size of the files once installed.
func (p *Package) Size() uint64 {
	if v, ok := p.Header.Int(TagSize); ok {
		return v
	}
	v, _ := p.Header.Int(TagLongSize)
	return v
}
