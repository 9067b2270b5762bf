package repomd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// The lexical rules of XML 1.0, for bytes that lie in memory. Each function is
// given a place and gives the place behind what it has read. errShort says that
// the bytes end before it does: the caller gets more and begins again, so
// nothing here keeps a state.
//
// It is stricter than XML where nothing is lost by it: names are of ASCII, and
// the parts of one tag are bounded.

var errShort = errors.New("there is more to come")

const (
	maxAttrs = 32  // of one tag; metadata has six
	maxName  = 256 // bytes of the name of an element or attribute

	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain gives the first place from i on at which there is no plain text: "<",
// ">", "&", a control character or a byte of something beyond ASCII. It looks
// at sixteen bytes at once. A subtraction borrows from the next byte only where
// it has found something itself, so the lowest of the bits found is right.
func plain(b []byte, i int) int {
	for ; i+16 <= len(b); i += 16 {
		m, n := marks(binary.LittleEndian.Uint64(b[i:])), marks(binary.LittleEndian.Uint64(b[i+8:]))
		if m != 0 {
			return i + lowest(m)
		}
		if n != 0 {
			return i + 8 + lowest(n)
		}
	}
	for i < len(b) && special[b[i]]&notPlain == 0 {
		i++
	}
	return i
}

// marks has the highest bit of the bytes that are not plain.
func marks(w uint64) uint64 {
	and := w ^ '&'*ones
	angle := (w | 2*ones) ^ '>'*ones // "<" is ">" without this bit
	return (w | (w - ' '*ones) | (and - ones) | (angle - ones)) & highs
}

// lowest is which byte the lowest bit is of.
func lowest(m uint64) int { return bits.TrailingZeros64(m) / 8 }

// plainValue is plain within a quoted value: it stops at the quote, and not at
// ">".
func plainValue(b []byte, i int, quote byte) int {
	quotes := uint64(quote) * ones
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		and := w ^ '&'*ones
		less := w ^ '<'*ones
		end := w ^ quotes
		if m := (w | (w - ' '*ones) | (and - ones) | (less - ones) | (end - ones)) & highs; m != 0 {
			return i + lowest(m)
		}
	}
	for i < len(b) && b[i] != quote && (special[b[i]]&notPlain == 0 || b[i] == '>') {
		i++
	}
	return i
}

// special says what a byte may be.
var special = func() (t [256]byte) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
			t[c] = nameStart | namePart
		case c >= '0' && c <= '9' || c == '-' || c == '.':
			t[c] = namePart
		case c == ' ':
			t[c] = space
		case c == '\t' || c == '\n' || c == '\r':
			t[c] = space | notPlain
		case c < ' ' || c >= 0x80 || c == '<' || c == '>' || c == '&':
			t[c] = notPlain
		}
	}
	return t
}()

const (
	nameStart = 1 << iota
	namePart
	space
	notPlain
)

func skipSpace(b []byte, i int) int {
	for i < len(b) && special[b[i]]&space != 0 {
		i++
	}
	return i
}

// text reads to the next "<". verbatim says that it means what it says: no
// references, no ends of lines to be made equal.
func text(b []byte, i int) (end int, verbatim bool, err error) {
	start := i
	verbatim = true
	if i < len(b) && b[i] == '\n' { // what stands between most tags
		for i++; i < len(b) && b[i] == ' '; {
			i++
		}
		if i < len(b) && b[i] == '<' {
			return i, true, nil
		}
	}
	for {
		if i = plain(b, i); i == len(b) {
			return i, false, errShort
		}
		switch c := b[i]; {
		case c == '<':
			return i, verbatim, nil
		case c == '\n' || c == '\t':
			i++
		case c == '\r':
			verbatim = false
			i++
		case c == '>':
			if i-start >= 2 && b[i-1] == ']' && b[i-2] == ']' {
				return i, false, errors.New(`it has "]]>" in a text`)
			}
			i++
		case c == '&':
			verbatim = false
			_, i, err = reference(b, i)
		default:
			i, err = beyond(b, i)
		}
		if err != nil {
			return i, false, err
		}
	}
}

// value reads a quoted value from behind its quote to the same quote.
func value(b []byte, i int, quote byte) (end int, verbatim bool, err error) {
	verbatim = true
	for {
		if i = plainValue(b, i, quote); i == len(b) {
			return i, false, errShort
		}
		switch c := b[i]; c {
		case quote:
			return i, verbatim, nil
		case '\n', '\t', '\r': // a space, to who reads it
			verbatim = false
			i++
		case '<':
			return i, false, errors.New(`it has "<" in the value of an attribute`)
		case '&':
			verbatim = false
			_, i, err = reference(b, i)
		default:
			i, err = beyond(b, i)
		}
		if err != nil {
			return i, false, err
		}
	}
}

// beyond reads characters beyond ASCII, and refuses control characters.
func beyond(b []byte, i int) (int, error) {
	for i < len(b) && b[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(b[i:])
		if n == 1 {
			if !utf8.FullRune(b[i:]) {
				return i, errShort
			}
			return i, fmt.Errorf("it is not UTF-8 at the bytes % x", b[i:min(i+4, len(b))])
		}
		if forbidden(r) {
			return i, fmt.Errorf("it has the character %U, which XML does not allow", r)
		}
		i += n
	}
	if i < len(b) && b[i] < ' ' && special[b[i]]&space == 0 {
		return i, fmt.Errorf("it has the control character %U, which XML does not allow", b[i])
	}
	return i, nil
}

// reference reads an entity or character reference. Without document types there
// are five entities.
func reference(b []byte, i int) (r rune, end int, err error) {
	j := i + 1
	for j < len(b) && b[j] != ';' && j-i < 32 {
		j++
	}
	if j == len(b) {
		return 0, i, errShort
	}
	name := b[i+1 : j]
	if b[j] == ';' {
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
			r = character(name)
		}
	}
	if r == 0 {
		return 0, i, fmt.Errorf("invalid character entity %q", b[i:j+1])
	}
	return r, j + 1, nil
}

// character is what "#65" and "#x41" mean, 0 if XML does not allow it.
func character(name []byte) (r rune) {
	radix := rune(16)
	digits, ok := bytes.CutPrefix(name, []byte("#x"))
	if !ok {
		radix = 10
		if digits, ok = bytes.CutPrefix(name, []byte("#")); !ok {
			return 0
		}
	}
	for _, c := range digits {
		d := rune(c) - '0'
		if lower := rune(c | 0x20); radix == 16 && lower >= 'a' && lower <= 'f' {
			d = lower - 'a' + 10
		} else if d < 0 || d > 9 {
			return 0
		}
		if r = r*radix + d; r > utf8.MaxRune {
			return 0
		}
	}
	if forbidden(r) || !utf8.ValidRune(r) {
		return 0
	}
	return r
}

// meaning appends what a text or value that was read means: references resolved,
// ends of lines made "\n". In values white space is spaces.
func meaning(to, b []byte, inValue bool) []byte {
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '&':
			r, end, err := reference(b, i)
			if err != nil { // bytes that changed since they were read
				return to
			}
			to = utf8.AppendRune(to, r)
			i = end
			continue
		case c == '\r' || c == '\n' || c == '\t':
			if c == '\r' {
				if c = '\n'; i+1 < len(b) && b[i+1] == '\n' {
					i++
				}
			}
			if inValue {
				c = ' '
			}
			to = append(to, c)
		default:
			to = append(to, c)
		}
		i++
	}
	return to
}
