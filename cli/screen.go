package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// run of text in one shade.
type textSpan struct {
	text  string
	shade shade
}

// line is one line of a screen.
type line []textSpan

// screen draws a block of lines at the end of a terminal's text and draws it
// anew in place. Only lines that changed are written, in one write, between
// marks that make terminals show it at once: nothing flickers, and what is
// above stays.
type screen struct {
	w     io.Writer
	size  func() (cols, rows int)
	color bool

	drawn  []string // as written
	widths []int    // of them
	cols   int      // of the terminal then
}

// room is how many lines fit.
func (s *screen) room() int {
	_, rows := s.size()
	return max(rows-1, 1) // the cursor's line is below
}

// draw shows the lines in the place of those before.
func (s *screen) draw(lines []line) {
	cols, _ := s.size()
	lines = lines[:min(len(lines), s.room())]
	next, widths := make([]string, len(lines)), make([]int, len(lines))
	for i, l := range lines {
		next[i], widths[i] = s.render(l, cols)
	}
	var b bytes.Buffer
	if n := s.height(cols); n > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", n)
	}
	changed := len(next) != len(s.drawn)
	if cols != s.cols && len(s.drawn) > 0 { // lines were broken or joined: start over
		b.WriteString("\r\x1b[J")
		s.drawn, changed = nil, true
	}
	s.cols = cols
	for i, text := range next {
		if i < len(s.drawn) && s.drawn[i] == text {
			b.WriteString("\r\n")
			continue
		}
		changed = true
		b.WriteString("\r" + text + "\x1b[K\r\n")
	}
	if len(next) < len(s.drawn) {
		b.WriteString("\x1b[J")
	}
	s.drawn, s.widths = next, widths
	if changed {
		fmt.Fprintf(s.w, "\x1b[?2026h%s\x1b[?2026l", b.Bytes())
	}
}

// height is how many rows the block takes now. A terminal that was made
// narrower breaks the lines that no longer fit.
func (s *screen) height(cols int) int {
	n := len(s.drawn)
	for _, w := range s.widths[:n] {
		n += max(w-1, 0) / max(cols, 1)
	}
	return n
}

// render cuts a line to the terminal's width, and gives how wide it is.
func (s *screen) render(l line, cols int) (string, int) {
	var b strings.Builder
	left := cols
	for _, span := range l {
		text, n := cut(span.text, left)
		left -= n
		if s.color && span.shade != plain && span.shade != 0 && strings.TrimSpace(text) != "" {
			text = span.shade.wrap(text)
		}
		b.WriteString(text)
	}
	text := b.String()
	trimmed := strings.TrimRight(text, " ")
	return trimmed, cols - left - (len(text) - len(trimmed))
}

// cut gives as much of a text as fits, and how wide that is.
func cut(s string, cols int) (string, int) {
	n := 0
	for i, r := range s {
		w := runeWidth(r)
		if n+w > cols {
			return s[:i], n
		}
		n += w
	}
	return s, n
}

func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is how many columns terminals give a character.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// pad fills a text up with blanks.
func pad(s string, cols int) string {
	return s + strings.Repeat(" ", max(cols-width(s), 0))
}
