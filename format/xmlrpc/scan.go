package xmlrpc

import (
	"bytes"
	"fmt"
)

// tag is one of the elements that XML-RPC knows.
type tag uint8

const (
	tagNone tag = iota
	tagMethodCall
	tagMethodName
	tagMethodResponse
	tagFault
	tagParams
	tagParam
	tagValue
	tagArray
	tagData
	tagStruct
	tagMember
	tagName
	tagNil
	tagBool
	tagInt
	tagDouble
	tagString
	tagBase64
	tagDateTime
)

// tagOf looks up an element's name without its namespace prefix.
func tagOf(name []byte) tag {
	switch string(name) { // does not allocate
	case "value":
		return tagValue
	case "member":
		return tagMember
	case "name":
		return tagName
	case "string":
		return tagString
	case "int", "i4", "i8", "i1", "i2", "biginteger":
		return tagInt
	case "nil":
		return tagNil
	case "boolean":
		return tagBool
	case "double", "float", "bigdecimal":
		return tagDouble
	case "struct":
		return tagStruct
	case "array":
		return tagArray
	case "data":
		return tagData
	case "param":
		return tagParam
	case "params":
		return tagParams
	case "base64":
		return tagBase64
	case "dateTime.iso8601":
		return tagDateTime
	case "methodCall":
		return tagMethodCall
	case "methodName":
		return tagMethodName
	case "methodResponse":
		return tagMethodResponse
	case "fault":
		return tagFault
	}
	return tagNone
}

// element is a start tag as it stood in the document.
type element struct {
	tag   tag
	raw   []byte // name with prefix, for the end tag to match
	empty bool   // <x/>
}

// scanner walks over one document. The whole document is valid UTF-8 before
// it starts.
type scanner struct {
	buf []byte
	pos int
}

func (s *scanner) errf(format string, args ...any) error {
	return &SyntaxError{Offset: s.pos, Msg: fmt.Sprintf(format, args...)}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (s *scanner) space() {
	for s.pos < len(s.buf) && isSpace(s.buf[s.pos]) {
		s.pos++
	}
}

// misc skips white space, comments and processing instructions: all that may
// stand between elements.
func (s *scanner) misc() error {
	for {
		s.space()
		skipped, err := s.skipMarkup()
		if err != nil || !skipped {
			return err
		}
	}
}

// skipMarkup skips one comment or processing instruction, if one is here.
func (s *scanner) skipMarkup() (bool, error) {
	rest := s.buf[s.pos:]
	var open, end string
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		open, end = "<!--", "-->"
	case bytes.HasPrefix(rest, []byte("<?")):
		open, end = "<?", "?>"
	default:
		return false, nil
	}
	n := bytes.Index(rest[len(open):], []byte(end))
	if n < 0 {
		return false, s.errf("%s without an end", open)
	}
	s.pos += len(open) + n + len(end)
	return true, nil
}

// prolog skips the byte order mark and the XML declaration, and refuses
// encodings other than UTF-8 and its subset.
func (s *scanner) prolog() error {
	s.buf = bytes.TrimPrefix(s.buf, []byte("\xef\xbb\xbf"))
	if !bytes.HasPrefix(s.buf, []byte("<?xml")) {
		return nil
	}
	n := bytes.Index(s.buf, []byte("?>"))
	if n < 0 {
		return s.errf("XML declaration without an end")
	}
	decl := s.buf[len("<?xml"):n]
	s.pos = n + 2
	i := bytes.Index(decl, []byte("encoding"))
	if i < 0 {
		return nil
	}
	enc := bytes.TrimLeft(decl[i+len("encoding"):], "= \t\r\n")
	if len(enc) < 2 {
		return s.errf("malformed XML declaration")
	}
	j := bytes.IndexByte(enc[1:], enc[0])
	if (enc[0] != '"' && enc[0] != '\'') || j < 0 {
		return s.errf("malformed XML declaration")
	}
	switch name := bytes.ToLower(enc[1 : 1+j]); string(name) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return nil
	default:
		return s.errf("encoding %q is not supported, send UTF-8", name)
	}
}

// peekEnd reports whether an end tag comes next.
func (s *scanner) peekEnd() bool {
	return s.pos+1 < len(s.buf) && s.buf[s.pos] == '<' && s.buf[s.pos+1] == '/'
}

// start reads a start tag. Attributes (namespace declarations, mostly) are
// checked for form and dropped.
func (s *scanner) start() (element, error) {
	if s.pos >= len(s.buf) {
		return element{}, s.errf("the document ends early")
	}
	if s.buf[s.pos] != '<' {
		return element{}, s.errf("text where an element is expected")
	}
	if s.pos+1 < len(s.buf) && s.buf[s.pos+1] == '!' {
		return element{}, s.errf("DTD, entity or CDATA declarations are not allowed here")
	}
	if s.peekEnd() {
		return element{}, s.errf("an end tag where an element is expected")
	}
	s.pos++
	el := element{raw: s.name()}
	local := el.raw
	if i := bytes.LastIndexByte(local, ':'); i >= 0 {
		local = local[i+1:]
	}
	if el.tag = tagOf(local); el.tag == tagNone {
		return el, s.errf("unknown element %q", clip(el.raw))
	}
	if s.pos < len(s.buf) && s.buf[s.pos] == '>' {
		s.pos++
		return el, nil
	}
	return el, s.attributes(&el)
}

// name reads a name: everything up to a character that cannot be in one.
func (s *scanner) name() []byte {
	from := s.pos
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; {
		case c <= ' ', c == '>', c == '/', c == '=', c == '<', c == '&', c == '"', c == '\'':
			return s.buf[from:s.pos]
		}
		s.pos++
	}
	return s.buf[from:]
}

func (s *scanner) attributes(el *element) error {
	for {
		s.space()
		switch {
		case s.pos >= len(s.buf):
			return s.errf("the document ends inside a tag")
		case s.buf[s.pos] == '>':
			s.pos++
			return nil
		case bytes.HasPrefix(s.buf[s.pos:], []byte("/>")):
			s.pos += 2
			el.empty = true
			return nil
		}
		name := s.name()
		s.space()
		if len(name) == 0 || s.pos >= len(s.buf) || s.buf[s.pos] != '=' {
			return s.errf("malformed attribute")
		}
		s.pos++
		s.space()
		if s.pos >= len(s.buf) || (s.buf[s.pos] != '"' && s.buf[s.pos] != '\'') {
			return s.errf("attribute without quotes")
		}
		quote := s.buf[s.pos]
		n := bytes.IndexByte(s.buf[s.pos+1:], quote)
		if n < 0 {
			return s.errf("attribute without an end")
		}
		if bytes.ContainsAny(s.buf[s.pos+1:s.pos+1+n], "<&") {
			return s.errf("markup inside an attribute")
		}
		s.pos += n + 2
	}
}

// end reads the end tag of el.
func (s *scanner) end(el element) error {
	if el.empty {
		return nil
	}
	if !s.peekEnd() {
		if s.pos >= len(s.buf) {
			return s.errf("the document ends inside <%s>", clip(el.raw))
		}
		return s.errf("</%s> expected", clip(el.raw))
	}
	s.pos += 2
	if !bytes.Equal(s.name(), el.raw) {
		return s.errf("</%s> expected", clip(el.raw))
	}
	s.space()
	if s.pos >= len(s.buf) || s.buf[s.pos] != '>' {
		return s.errf("malformed end tag of <%s>", clip(el.raw))
	}
	s.pos++
	return nil
}

func clip(b []byte) string {
	if len(b) > 40 {
		return string(b[:40]) + "..."
	}
	return string(b)
}
