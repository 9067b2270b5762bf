package web

import (
	"strings"
	"unicode/utf8"
)

// clean makes a line of a log fit to be looked at. Escape sequences, which are
// for terminals, vanish when they are whole; what else would command something
// is shown as a sign that does nothing. So nothing that a build prints can
// hide what it printed: half a sequence stays visible, and so do signs that
// turn the direction of text.
func clean(line []byte) string {
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	var b strings.Builder
	b.Grow(len(line))
	for len(line) > 0 {
		c := line[0]
		if c == 0x1b {
			n := sequence(line)
			if n == 0 {
				b.WriteRune('␛')
				n = 1
			}
			line = line[n:]
			continue
		}
		r, n := utf8.DecodeRune(line)
		line = line[n:]
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case r < 0x20:
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case r < 0xa0 && r >= 0x80, turns(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r) // bytes that are no UTF-8 are RuneError already
		}
	}
	return b.String()
}

// turns tells characters that change the direction of text, or break lines
// where no line ends.
func turns(r rune) bool {
	switch {
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x200e, r == 0x200f, r == 0x61c, r == 0x2028, r == 0x2029, r == 0xfeff:
		return true
	}
	return false
}

// sequence gives the length of the escape sequence at the beginning of a line,
// or 0 when it has no end there.
func sequence(line []byte) int {
	if len(line) < 2 {
		return 0
	}
	switch line[1] {
	case '[': // colours, cursor
		i := span(line, 2, 0x30, 0x3f)
		return final(line, span(line, i, 0x20, 0x2f), 0x40)
	case ']', 'P', 'X', '^', '_': // titles, links, and what terminals keep to themselves
		for i := 2; i < len(line); i++ {
			if line[i] == 7 && line[1] == ']' {
				return i + 1
			}
			if line[i] == 0x1b {
				if i+1 < len(line) && line[i+1] == '\\' {
					return i + 2
				}
				return 0
			}
		}
		return 0
	}
	return final(line, span(line, 1, 0x20, 0x2f), 0x30)
}

func span(line []byte, i int, from, to byte) int {
	for i < len(line) && line[i] >= from && line[i] <= to {
		i++
	}
	return i
}

func final(line []byte, i int, from byte) int {
	if i < len(line) && line[i] >= from && line[i] <= 0x7e {
		return i + 1
	}
	return 0
}
