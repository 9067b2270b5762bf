package repomd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// source holds the part of a document that is being read: a package at most.
type source struct {
	r          io.Reader
	buf        []byte
	start, end int // what was read and not yet taken
	err        error
}

const chunk = 256 << 10 // read at once; it stays in the processor's cache

func newSource(r io.Reader) *source {
	return &source{r: &limited{r, maxOpen}, buf: make([]byte, 2*chunk)}
}

func (s *source) bytes() []byte { return s.buf[s.start:s.end] }

// more reads at least as much as lies there already, so that whoever begins again
// with it does so a few times only, in however small pieces it comes.
func (s *source) more() error {
	have := s.end - s.start
	if s.err != nil {
		return s.err
	}
	if have >= maxItem {
		return fmt.Errorf("one of its packages is longer than %d bytes", maxItem)
	}
	want := min(have+max(have, chunk), maxItem)
	buf := s.buf
	if want >= len(buf) { // one byte is left for the newline behind a package
		buf = make([]byte, want+1)
	}
	copy(buf, s.bytes())
	s.buf, s.start, s.end = buf, 0, have
	for idle := 0; s.end < want && s.err == nil; idle++ {
		n, err := s.r.Read(s.buf[s.end:want])
		s.end += n
		s.err = err
		if n > 0 {
			idle = 0
		} else if idle == 100 {
			s.err = io.ErrNoProgress
		}
	}
	if s.end == have {
		return s.err
	}
	return nil
}

// take reads one thing of the document. What the function has read is gone after.
func (s *source) take(read func(b []byte) (int, error)) error {
	for {
		n, err := read(s.bytes())
		s.start += n
		if !errors.Is(err, errShort) {
			return err
		}
		if err := s.more(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// document reads what is not in packages.
type document struct {
	source
	kind Kind
	tag  tag
	rpm  bool // the prefix is declared, and means what it should
}

// prolog reads to the first package. It says whether there may be any.
func (d *document) prolog() (open bool, err error) {
	if err := d.take(d.declaration); err != nil {
		return false, err
	}
	if err := d.take(between); err != nil {
		return false, err
	}
	if err := d.take(d.root); err != nil {
		return false, err
	}
	return !d.tag.empty, nil
}

// declaration reads a byte order mark and the XML declaration, if there are any.
func (d *document) declaration(b []byte) (int, error) {
	i := 0
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		i = 3
	}
	if rest := b[i:]; len(rest) < 6 {
		if d.err != nil { // all of the document; what it lacks is found later
			return i, nil
		}
		return 0, errShort
	} else if string(rest[:5]) != "<?xml" || special[rest[5]]&space == 0 {
		return i, nil
	}
	i += 5
	length := bytes.Index(b[i:], []byte("?>"))
	if length < 0 {
		return 0, short(b, 0)
	}
	t := &d.tag
	*t = tag{name: b[i-3 : i], root: true}
	t.attrs = t.room[:0]
	inside := b[i : i+length]
	for k := skipSpace(inside, 0); k < len(inside); k = skipSpace(inside, k) {
		var err error
		if k, err = t.attribute(inside, k); err != nil {
			return 0, errors.New("it begins with a declaration that is none of XML")
		}
	}
	if v := t.get("version").String(); v != "1.0" {
		return 0, fmt.Errorf("it is of version %q of XML, not 1.0", brief(v))
	}
	if v := t.get("encoding").String(); v != "" && !strings.EqualFold(v, "utf-8") {
		return 0, fmt.Errorf("it is encoded in %q, not in UTF-8", brief(v))
	}
	return i + length + 2, nil
}

// root reads the start tag of the first element, which must be of this kind.
func (d *document) root(b []byte) (int, error) {
	t := &d.tag
	*t = tag{root: true}
	end, err := t.start(b, 1)
	if err != nil {
		return 0, orShort(err, b, 0)
	}
	element, namespace := d.kind.root()
	if got := t.get("xmlns").String(); string(t.name) != element || got != namespace {
		return 0, fmt.Errorf("it begins with <%s> of %q, not with <%s> of %q", t.name, brief(got), element, namespace)
	}
	for _, a := range t.attrs {
		switch string(a.name) {
		case "xmlns:rpm":
			if got := a.String(); got != rpmNamespace {
				return 0, fmt.Errorf("it means %q by the prefix rpm, not %q", brief(got), rpmNamespace)
			}
			d.rpm = d.kind == Primary // it is not declared where the others are joined
		case "xml:base":
			return 0, errors.New("it has xml:base at its first element, which is for locations")
		}
	}
	return end, nil
}

const rpmNamespace = "http://linux.duke.edu/metadata/rpm"

// rootEnd reads the end tag of the first element.
func (d *document) rootEnd(b []byte) (int, error) {
	element, _ := d.kind.root()
	end, err := closing(b, 2, []byte(element))
	if err != nil {
		return 0, orShort(err, b, 0)
	}
	return end, nil
}

// epilog reads what is behind the first element, which is next to nothing.
func (d *document) epilog() error {
	err := d.take(between)
	switch {
	case err == nil:
		return fmt.Errorf("it has more behind its end, %q", d.bytes()[:min(16, len(d.bytes()))])
	case errors.Is(err, io.ErrUnexpectedEOF) && errors.Is(d.err, io.EOF) && d.start == d.end:
		return nil
	}
	return err
}

// between reads what may stand between packages, and before and behind the first
// element: white space, comments, processing instructions. They are checked and
// left out. It ends before a tag.
func between(b []byte) (i int, err error) {
	for {
		if i = skipSpace(b, i); i+1 >= len(b) {
			return i, errShort
		}
		if b[i] != '<' {
			return i, fmt.Errorf("it has the text %q outside of its packages", b[i:min(i+16, len(b))])
		}
		var end int
		switch b[i+1] {
		case '?':
			end, err = instruction(b, i)
		case '!':
			end, err = comment(b, i)
		default:
			return i, nil
		}
		if err != nil {
			return i, orShort(err, b, i)
		}
		i = end
	}
}

func comment(b []byte, i int) (int, error) {
	if len(b)-i < 4 {
		return i, errShort
	}
	if string(b[i:i+4]) != "<!--" {
		if b[i+2] == '[' {
			return i, errors.New("it has a CDATA section outside of its packages")
		}
		return i, errors.New("it has a document type, which is not allowed")
	}
	i += 4
	length := bytes.Index(b[i:], []byte("--"))
	if length < 0 || i+length+2 == len(b) {
		return i, errShort
	}
	if b[i+length+2] != '>' {
		return i, errors.New(`it has "--" in a comment`)
	}
	return i + length + 3, characters(b[i : i+length])
}

func instruction(b []byte, i int) (int, error) {
	length := bytes.Index(b[i:], []byte("?>"))
	if length < 0 {
		return i, errShort
	}
	end, colon, err := name(b, i+2)
	switch {
	case err != nil:
		return i, err
	case colon >= 0 || strings.EqualFold(string(b[i+2:end]), "xml"):
		return i, fmt.Errorf("it has a processing instruction of the name %s", b[i+2:end])
	case end != i+length && special[b[end]]&space == 0:
		return i, fmt.Errorf("it has a processing instruction without a name")
	}
	return i + length + 2, characters(b[i : i+length])
}

// characters says whether all of them may stand in a document.
func characters(b []byte) error {
	for i := plain(b, 0); i < len(b); i = plain(b, i) {
		if special[b[i]]&space != 0 || b[i] == '<' || b[i] == '>' || b[i] == '&' {
			i++
			continue
		}
		end, err := beyond(b, i)
		if errors.Is(err, errShort) {
			err = errors.New("it is not UTF-8")
		}
		if err != nil {
			return err
		}
		i = end
	}
	return nil
}

// short is errShort, unless the token at i is too long already.
func short(b []byte, i int) error {
	if len(b)-i >= maxToken {
		return fmt.Errorf("one of its parts is longer than %d bytes", maxToken)
	}
	return errShort
}

func orShort(err error, b []byte, i int) error {
	if errors.Is(err, errShort) {
		return short(b, i)
	}
	return err
}
