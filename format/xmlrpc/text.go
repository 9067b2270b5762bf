package xmlrpc

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// Classes of bytes in text, for the fast path.
const (
	plain   = iota
	special // needs the slow path: & \r and the lead byte of U+FFFE, U+FFFF
	markup  // <
	bad     // forbidden by XML
)

var textClass = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = bad
	}
	t['\t'], t['\n'] = plain, plain
	t['\r'], t['&'], t[0xEF] = special, special, special
	t['<'] = markup
	return t
}()

// text reads character data up to the next tag. The result is a part of the
// document, or scratch space: valid until the next call.
func (d *decoder) text() ([]byte, error) {
	from := d.pos
	for d.pos < len(d.buf) {
		switch textClass[d.buf[d.pos]] {
		case plain:
			d.pos++
			continue
		case bad:
			return nil, d.errf("control character %#02x, which XML forbids", d.buf[d.pos])
		case markup:
			if d.pos+1 < len(d.buf) && (d.buf[d.pos+1] == '!' || d.buf[d.pos+1] == '?') {
				return d.slowText(from)
			}
			return d.bounded(d.buf[from:d.pos])
		default:
			return d.slowText(from)
		}
	}
	return nil, d.errf("the document ends inside text")
}

func (d *decoder) bounded(b []byte) ([]byte, error) {
	if len(b) > d.lim.String {
		return nil, &LimitError{"bytes in one string", int64(d.lim.String)}
	}
	return b, nil
}

// slowText goes on from where text met something that does not stand for
// itself: a reference, a carriage return, a comment, a CDATA section.
func (d *decoder) slowText(from int) ([]byte, error) {
	out := append(d.scratch[:0], d.buf[from:d.pos]...)
	defer func() { d.scratch = out[:0] }()
	for d.pos < len(d.buf) {
		c := d.buf[d.pos]
		switch {
		case textClass[c] == bad:
			return nil, d.errf("control character %#02x, which XML forbids", c)
		case c == '&':
			r, err := d.reference()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		case c == '\r': // XML: line ends arrive as newlines
			out = d.newline(out)
		case c == 0xEF:
			r, n := utf8.DecodeRune(d.buf[d.pos:])
			if !allowed(r) {
				return nil, d.errf("character %U, which XML forbids", r)
			}
			out = append(out, d.buf[d.pos:d.pos+n]...)
			d.pos += n
		case bytes.HasPrefix(d.buf[d.pos:], []byte("<![CDATA[")):
			var err error
			if out, err = d.cdata(out); err != nil {
				return nil, err
			}
		case c == '<':
			skipped, err := d.skipMarkup()
			if err != nil {
				return nil, err
			}
			if !skipped {
				return d.bounded(out)
			}
		default:
			out = append(out, c)
			d.pos++
		}
	}
	return nil, d.errf("the document ends inside text")
}

func (d *decoder) newline(out []byte) []byte {
	d.pos++
	if d.pos < len(d.buf) && d.buf[d.pos] == '\n' {
		d.pos++
	}
	return append(out, '\n')
}

func (d *decoder) cdata(out []byte) ([]byte, error) {
	d.pos += len("<![CDATA[")
	n := bytes.Index(d.buf[d.pos:], []byte("]]>"))
	if n < 0 {
		return nil, d.errf("CDATA without an end")
	}
	for end := d.pos + n; d.pos < end; {
		if d.buf[d.pos] == '\r' {
			out = d.newline(out)
			continue
		}
		r, size := utf8.DecodeRune(d.buf[d.pos:end])
		if !allowed(r) {
			return nil, d.errf("character %U, which XML forbids", r)
		}
		out = append(out, d.buf[d.pos:d.pos+size]...)
		d.pos += size
	}
	d.pos += len("]]>")
	return out, nil
}

// reference reads &name; or &#n;.
func (d *decoder) reference() (rune, error) {
	rest := d.buf[d.pos+1:]
	n := bytes.IndexByte(rest[:min(len(rest), 16)], ';')
	if n <= 0 {
		return 0, d.errf("malformed reference")
	}
	name := rest[:n]
	var r rune
	switch string(name) {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if name[0] != '#' {
			return 0, d.errf("entity &%s; is not allowed", name)
		}
		digits, base := string(name[1:]), 10
		if len(digits) > 0 && digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		v, err := strconv.ParseUint(digits, base, 32)
		if err != nil || v > utf8.MaxRune || !allowed(rune(v)) {
			return 0, d.errf("reference &%s; to a character that XML forbids", name)
		}
		r = rune(v)
	}
	d.pos += n + 2
	return r, nil
}

// allowed reports whether XML 1.0 can carry r.
func allowed(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r < 0xE000, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}
