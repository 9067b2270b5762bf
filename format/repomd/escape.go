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
	w.raw(" " + name + `="`)
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
	w.raw(indent + "<" + name + ">")
	w.text(s)
	w.raw("</" + name + ">\n")
}
