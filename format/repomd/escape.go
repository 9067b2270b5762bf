package repomd

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// clean makes a foreign string fit for XML. What is not UTF-8 (strictly: no
// overlong forms, no surrogates) is taken for Latin-1, of which 0x80 to 0xBF are
// dropped. Characters that XML cannot carry are left out. changed says that
// something had to be left out of good UTF-8.
func clean(s string) (out string, changed bool) {
	if isPlain(s) {
		return s, false
	}
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < 0x80 && (s[i] >= 0x20 || s[i] == '\t' || s[i] == '\n' || s[i] == '\r')
	}
	if plain {
		return s, false
	}
	var b strings.Builder
	if utf8.ValidString(s) {
		for _, r := range s {
			if forbidden(r) {
				changed = true
				continue
			}
			b.WriteRune(r)
		}
		return b.String(), changed
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0xc0:
			b.WriteRune(rune(c))
		case c >= 0x80:
		case forbidden(rune(c)):
			changed = true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), changed
}

func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// isPlain says whether a string can stand in text and in attributes as it is:
// printable ASCII without < > & and quotation marks. Nearly all strings are.
func isPlain(s string) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	has := func(x uint64, c byte) uint64 { // a byte that is c
		x ^= ones * uint64(c)
		return (x - ones) &^ x & highs
	}
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		low := (x - ones*0x20) &^ x // a byte below 0x20 sets its high bit, if none is above 0x7f
		if (x|low|(x+ones))&highs != 0 || has(x, '<')|has(x, '>')|has(x, '&')|has(x, '"') != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '&' || c == '"' {
			return false
		}
	}
	return true
}

// writer writes XML and keeps the first name that cannot be told.
type writer struct {
	b   []byte
	err error
}

func (w *writer) raw(s string) { w.b = append(w.b, s...) }

// name cleans a string that others match on. A repository that says another
// name than the package would be wrong in a way that nobody finds: refuse it.
func (w *writer) name(what, s string) string {
	c, changed := clean(s)
	if changed && w.err == nil {
		w.err = fmt.Errorf("the package cannot be listed in a repository: its %s %q holds control characters", what, s)
	}
	return c
}

// text writes character data; a carriage return would be lost on reading.
func (w *writer) text(s string) {
	if isPlain(s) {
		w.b = append(w.b, s...)
		return
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			w.raw("&lt;")
		case '>':
			w.raw("&gt;")
		case '&':
			w.raw("&amp;")
		case '\r':
			w.raw("&#13;")
		default:
			w.b = append(w.b, c)
		}
	}
}

// attr writes an attribute. All but ASCII is written as references, as libxml2
// does without an encoding.
func (w *writer) attr(name, s string) {
	w.b = append(w.b, ' ')
	w.b = append(w.b, name...)
	w.b = append(w.b, '=', '"')
	if isPlain(s) {
		w.b = append(w.b, s...)
		w.b = append(w.b, '"')
		return
	}
	for _, r := range s {
		switch {
		case r == '<':
			w.raw("&lt;")
		case r == '>':
			w.raw("&gt;")
		case r == '&':
			w.raw("&amp;")
		case r == '"':
			w.raw("&quot;")
		case r == '\t' || r == '\n' || r == '\r':
			w.b = fmt.Appendf(w.b, "&#%d;", r)
		case r >= 0x80:
			w.b = fmt.Appendf(w.b, "&#x%X;", r)
		default:
			w.b = append(w.b, byte(r))
		}
	}
	w.raw(`"`)
}

// element writes <name>text</name> on a line of its own; the text is for people.
func (w *writer) element(indent, name, s string) {
	s, _ = clean(s)
	w.b = append(append(append(append(w.b, indent...), '<'), name...), '>')
	w.text(s)
	w.b = append(append(append(w.b, "</"...), name...), ">\n"...)
}
