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

// reader is an XML reader for small foreign documents: no document types, so no
// entities; bounded depth; bounded tokens, because the decoder holds a whole
// token in memory before it gives it.
type reader struct {
	dec   *xml.Decoder
	src   *tokenSource
	depth int
}

func newReader(r io.Reader, limit int64) *reader {
	src := &tokenSource{r: bufio.NewReaderSize(&limited{r, limit}, 64<<10)}
	return &reader{dec: xml.NewDecoder(src), src: src}
}

// tokenSource counts the bytes of a token.
type tokenSource struct {
	r     *bufio.Reader
	token int
}

// Read is never asked for: the decoder takes bytes one by one.
func (s *tokenSource) Read([]byte) (int, error) { return 0, errors.New("read by bytes only") }

func (s *tokenSource) ReadByte() (byte, error) {
	if s.token++; s.token > maxToken {
		return 0, fmt.Errorf("one of its parts is longer than %d bytes", maxToken)
	}
	return s.r.ReadByte()
}

func (x *reader) next() (xml.Token, error) {
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
func (x *reader) root(name, namespace string) error {
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
func (x *reader) text() (string, error) {
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

func (x *reader) number() (int64, error) {
	s, err := x.text()
	if err != nil {
		return 0, err
	}
	s = strings.TrimSpace(s)
	if whole, _, ok := strings.Cut(s, "."); ok { // yum wrote fractions of seconds
		s = whole
	}
	return strconv.ParseInt(s, 10, 64)
}

func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
