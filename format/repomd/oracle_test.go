package repomd

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// oracleItem is an Item with its lists.
type oracleItem struct {
	Item
	Provides, Requires []string
}

// oracleScan is Scan by means of encoding/xml: slow, and lenient where documents
// are joined.
func oracleScan(r io.Reader, kind Kind, f func(*oracleItem) error) error {
	x := newOracle(r, maxOpen)
	root, ns := kind.root()
	err := x.root(root, ns)
	x.src.restart(x.dec.InputOffset())
	for err == nil {
		var t xml.Token
		if t, err = x.next(); err != nil {
			break
		}
		if s, ok := t.(xml.StartElement); ok {
			if s.Name.Local != "package" {
				err = fmt.Errorf("it has <%s> where a package should be", s.Name.Local)
				break
			}
			var it *oracleItem
			if it, err = x.item(s, kind); err == nil {
				err = f(it)
			}
		}
		x.src.restart(x.dec.InputOffset())
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("reading %s: %w", kind, err)
}

func (x *oracle) item(s xml.StartElement, kind Kind) (*oracleItem, error) {
	it := &oracleItem{Item: Item{PkgID: attr(s, "pkgid"), Name: attr(s, "name"), Arch: attr(s, "arch")}}
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if kind == Primary || t.Name.Local == "version" {
				err = x.field(it, t)
			}
		case xml.EndElement:
			if x.depth < depth {
				it.Raw = append(x.src.kept, '\n')
				return it, it.check(kind)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("package %q: %w", it.Name, err)
		}
	}
}

func (it *oracleItem) check(kind Kind) error {
	if it.PkgID == "" || it.Name == "" || it.Arch == "" {
		return fmt.Errorf("package %q of architecture %q lacks its name, architecture or checksum", it.Name, it.Arch)
	}
	if kind == Primary {
		if err := checkHref(it.Href); err != nil {
			return fmt.Errorf("package %q: %w", it.Name, err)
		}
	}
	return nil
}

// field reads a field of primary.
func (x *oracle) field(it *oracleItem, s xml.StartElement) (err error) {
	number := func(name string, into *int64) {
		if v := attr(s, name); v != "" && err == nil {
			*into, err = strconv.ParseInt(v, 10, 64)
		}
	}
	switch s.Name.Local {
	case "name":
		it.Name, err = x.text()
	case "arch":
		it.Arch, err = x.text()
	case "version":
		it.Epoch, it.Version, it.Release = attr(s, "epoch"), attr(s, "ver"), attr(s, "rel")
	case "checksum":
		it.ChecksumType = attr(s, "type")
		it.PkgID, err = x.text()
	case "summary":
		it.Summary, err = x.text()
	case "sourcerpm":
		it.SourceRPM, err = x.text()
	case "time":
		number("file", &it.FileTime)
		number("build", &it.BuildTime)
	case "size":
		number("package", &it.Size)
		number("installed", &it.Installed)
	case "header-range":
		number("start", &it.HeaderStart)
		number("end", &it.HeaderEnd)
	case "location":
		it.Href, it.Base = attr(s, "href"), attr(s, "base")
	case "provides":
		it.Provides, err = x.entries()
	case "requires":
		it.Requires, err = x.entries()
	}
	return err
}

func (x *oracle) entries() (names []string, err error) {
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			names = append(names, attr(t, "name"))
		case xml.EndElement:
			if x.depth < depth {
				return names, nil
			}
		}
	}
}

// oracle is an XML reader for foreign documents: no document types, so no
// entities; bounded depth; bounded tokens, because the decoder holds a whole
// token in memory before it gives it.
type oracle struct {
	dec   *xml.Decoder
	src   *oracleSource
	depth int
}

func newOracle(r io.Reader, limit int64) *oracle {
	src := &oracleSource{r: bufio.NewReaderSize(&limited{r, limit}, 64<<10)}
	return &oracle{dec: xml.NewDecoder(src), src: src}
}

// oracleSource counts the bytes of a token, and keeps those of a package.
type oracleSource struct {
	r     *bufio.Reader
	n     int64
	token int
	keep  bool
	kept  []byte
}

// Read is never asked for: the decoder takes bytes one by one.
func (s *oracleSource) Read([]byte) (int, error) { return 0, errors.New("read by bytes only") }

func (s *oracleSource) ReadByte() (byte, error) {
	if s.token++; s.token > maxToken {
		return 0, fmt.Errorf("one of its parts is longer than %d bytes", maxToken)
	}
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	s.n++
	if s.keep {
		if len(s.kept) >= maxItem {
			return 0, fmt.Errorf("one of its packages is longer than %d bytes", maxItem)
		}
		s.kept = append(s.kept, b)
	}
	return b, nil
}

// restart begins to keep what follows the offset at which the decoder stands.
// It has taken the next "<" already when it gives the text before.
func (s *oracleSource) restart(offset int64) {
	ahead := int(s.n - offset)
	s.kept = append(s.kept[:0], s.kept[len(s.kept)-min(ahead, len(s.kept)):]...)
	s.keep = true
}

func (x *oracle) next() (xml.Token, error) {
	x.src.token = 0
	t, err := x.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t.(type) {
	case xml.Directive:
		return nil, errors.New("it has a document type, which is not allowed")
	case xml.StartElement:
		if x.depth++; x.depth > maxDepth {
			return nil, fmt.Errorf("it is nested deeper than %d elements", maxDepth)
		}
	case xml.EndElement:
		x.depth--
	}
	return t, nil
}

// root goes to the first element, which must be of this name.
func (x *oracle) root(name, namespace string) error {
	for {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if s, ok := t.(xml.StartElement); ok {
			if s.Name.Local != name || s.Name.Space != namespace {
				return fmt.Errorf("it begins with <%s> of %q, not with <%s> of %q", s.Name.Local, s.Name.Space, name, namespace)
			}
			return nil
		}
	}
}

// text reads the text of the element that was just begun, to its end.
func (x *oracle) text() (string, error) {
	var b strings.Builder
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			if b.Len()+len(t) > maxToken {
				return "", fmt.Errorf("one of its texts is longer than %d bytes", maxToken)
			}
			b.Write(t)
		case xml.EndElement:
			if x.depth < depth {
				return b.String(), nil
			}
		}
	}
}
