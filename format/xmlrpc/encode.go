package xmlrpc

import (
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// flushAt is when the encoder hands its buffer on, which begins with firstRoom:
// most answers are small. maxNesting stops values that hold themselves.
const (
	flushAt    = 32 << 10
	firstRoom  = 1 << 10
	maxNesting = 256
)

// Encoder writes values as they come. The first failure sticks: later calls do
// nothing, and Flush reports it.
type Encoder struct {
	w     io.Writer
	buf   []byte
	err   error
	depth int
}

// NewEncoder gives an encoder that writes to w in pieces of some 32 KiB.
// Nothing is complete before Flush.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{w: w, buf: make([]byte, 0, firstRoom)}
}

// Err is the first failure, if there was one.
func (e *Encoder) Err() error { return e.err }

// Flush hands everything on and reports the first failure.
func (e *Encoder) Flush() error {
	if e.err == nil && len(e.buf) > 0 {
		_, e.err = e.w.Write(e.buf)
		e.buf = e.buf[:0]
	}
	return e.err
}

func (e *Encoder) fail(err error) error {
	if e.err == nil {
		e.err = err
	}
	return e.err
}

func (e *Encoder) raw(s string) {
	if e.err != nil {
		return
	}
	e.buf = append(e.buf, s...)
	if len(e.buf) >= flushAt {
		_ = e.Flush() // sticks
	}
}

// Raw writes XML that an encoder made before, such as a value that is kept
// encoded. The caller answers for its form.
func (e *Encoder) Raw(xml []byte) error {
	if e.err == nil && len(xml) >= flushAt {
		if e.Flush() == nil {
			_, e.err = e.w.Write(xml)
		}
		return e.err
	}
	if e.err == nil {
		e.buf = append(e.buf, xml...)
	}
	return e.err
}

// Through hands on what was written, and has fn write to where it goes: what an
// encoder made before, by ways of the writer's own. The caller answers for its form.
func (e *Encoder) Through(fn func(w io.Writer) error) error {
	if e.Flush() == nil {
		e.err = fn(e.w)
	}
	return e.err
}

// BeginArray opens an array; its elements are the values written next.
func (e *Encoder) BeginArray() { e.raw("<value><array><data>\n") }

// EndArray closes what BeginArray opened.
func (e *Encoder) EndArray() { e.raw("</data></array></value>\n") }

// BeginStruct opens a struct; only members may follow.
func (e *Encoder) BeginStruct() { e.raw("<value><struct>\n") }

// EndStruct closes what BeginStruct opened.
func (e *Encoder) EndStruct() { e.raw("</struct></value>\n") }

// BeginMember opens a member; exactly one value must follow.
func (e *Encoder) BeginMember(name string) {
	e.raw("<member>\n<name>")
	e.escape(name)
	e.raw("</name>\n")
}

// EndMember closes what BeginMember opened.
func (e *Encoder) EndMember() { e.raw("</member>\n") }

// Member writes one member with a value of any kind.
func (e *Encoder) Member(name string, v any) {
	e.BeginMember(name)
	_ = e.Value(v) // sticks
	e.EndMember()
}

// IntMember writes an integer member without boxing.
func (e *Encoder) IntMember(name string, n int64) {
	e.BeginMember(name)
	e.Int(n)
	e.EndMember()
}

// StringMember writes a string member without boxing.
func (e *Encoder) StringMember(name, s string) {
	e.BeginMember(name)
	e.String(s)
	e.EndMember()
}

// DoubleMember writes a double member without boxing.
func (e *Encoder) DoubleMember(name string, f float64) {
	e.BeginMember(name)
	e.Double(f)
	e.EndMember()
}

// BoolMember writes a boolean member without boxing.
func (e *Encoder) BoolMember(name string, b bool) {
	e.BeginMember(name)
	e.Bool(b)
	e.EndMember()
}

// NilMember writes a nil member.
func (e *Encoder) NilMember(name string) {
	e.BeginMember(name)
	e.Nil()
	e.EndMember()
}

// Nil writes nil.
func (e *Encoder) Nil() { e.raw("<value><nil/></value>") }

// Bool writes a boolean.
func (e *Encoder) Bool(b bool) {
	if b {
		e.raw("<value><boolean>1</boolean></value>\n")
	} else {
		e.raw("<value><boolean>0</boolean></value>\n")
	}
}

// Int writes an int, or an i8 if 32 bits are too few.
func (e *Encoder) Int(n int64) {
	if e.err != nil {
		return
	}
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		e.raw("<value><int>")
		e.buf = strconv.AppendInt(e.buf, n, 10)
		e.raw("</int></value>\n")
		return
	}
	e.raw("<value><i8>")
	e.buf = strconv.AppendInt(e.buf, n, 10)
	e.raw("</i8></value>\n")
}

// Double writes a double in the spelling of Python's repr, on which clients
// that compare texts rely.
func (e *Encoder) Double(f float64) {
	if e.err != nil {
		return
	}
	e.raw("<value><double>")
	e.buf = appendDouble(e.buf, f)
	e.raw("</double></value>\n")
}

func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			b = append(b, '-')
		}
		return append(b, "inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	n := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if slices.Index(b[n:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

// String writes a string; see the package comment on forbidden characters.
func (e *Encoder) String(s string) {
	e.raw("<value><string>")
	e.escape(s)
	e.raw("</string></value>\n")
}

var escapeClass = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['\t'], t['\n'] = false, false
	t['&'], t['<'], t['>'] = true, true, true
	for c := 0x80; c < 0x100; c++ {
		t[c] = true
	}
	return t
}()

func (e *Encoder) escape(s string) {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if !escapeClass[c] {
			i++
			continue
		}
		size, with := 1, "\uFFFD"
		switch c {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '\r':
			with = "&#13;"
		default:
			if c < 0x80 {
				break
			}
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if allowed(r) && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		e.raw(s[from:i])
		e.raw(with)
		i += size
		from = i
	}
	e.raw(s[from:])
}

// Base64 writes bytes, in lines of 76 characters as the field does.
func (e *Encoder) Base64(p []byte) {
	e.raw("<value><base64>\n")
	for len(p) > 0 && e.err == nil {
		n := min(len(p), 57)
		e.buf = base64.StdEncoding.AppendEncode(e.buf, p[:n])
		e.raw("\n")
		p = p[n:]
	}
	e.raw("</base64></value>\n")
}

func (e *Encoder) dateTime(t DateTime) {
	e.raw("<value><dateTime.iso8601>")
	e.escape(string(t))
	e.raw("</dateTime.iso8601></value>\n")
}

// Value writes one value: nil, bool, a number, string, []byte, DateTime, Struct,
// a map with string keys (sorted), a slice of such values, a Stream, or a
// Marshaler. Any other type is an error, not a guess.
func (e *Encoder) Value(v any) error {
	if e.err != nil {
		return e.err
	}
	if e.depth++; e.depth > maxNesting {
		return e.fail(fmt.Errorf("XML-RPC: a value with more than %d levels", maxNesting))
	}
	e.value(v)
	e.depth--
	return e.err
}
