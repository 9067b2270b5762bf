package cli

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// terminal is a virtual one: it shows what a person would see.
type terminal struct {
	mu         sync.Mutex
	cols, rows int
	lines      [][]rune // all that was ever shown, the last rows of it on the screen
	row, col   int      // of the cursor, in lines
	changes    []int    // lines that were written to since the last look
	writes     int
}

func newTerminal(cols, rows int) *terminal { return &terminal{cols: cols, rows: rows} }

func (t *terminal) size(w io.Writer) (int, int, bool) { return t.cols, t.rows, w == io.Writer(t) }

var sequence = regexp.MustCompile(`^\x1b\[([?0-9;]*)([A-Za-z])`)

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	s := string(p)
	for s != "" {
		if found := sequence.FindStringSubmatch(s); found != nil {
			t.control(found[1], found[2])
			s = s[len(found[0]):]
			continue
		}
		r := []rune(s)[0]
		s = s[len(string(r)):]
		switch r {
		case '\n': // as the tty driver does: back to the first column
			t.col = 0
			t.row++
		case '\r':
			t.col = 0
		case '\x1b':
			panic(fmt.Sprintf("unknown sequence %q", s))
		default:
			t.put(r)
		}
		t.extend()
	}
	return len(p), nil
}

func (t *terminal) extend() {
	for len(t.lines) <= t.row {
		t.lines = append(t.lines, nil)
	}
}

func (t *terminal) put(r rune) {
	t.extend()
	if t.col >= t.cols {
		t.row, t.col = t.row+1, 0
		t.extend()
	}
	for len(t.lines[t.row]) <= t.col {
		t.lines[t.row] = append(t.lines[t.row], ' ')
	}
	t.lines[t.row][t.col] = r
	t.col++
	if n := len(t.changes); n == 0 || t.changes[n-1] != t.row {
		t.changes = append(t.changes, t.row)
	}
}

func (t *terminal) control(arg, op string) {
	t.extend()
	n, _ := strconv.Atoi(arg)
	switch op {
	case "A": // not above the screen's first line
		t.row = max(t.row-max(n, 1), len(t.lines)-t.rows, 0)
	case "K":
		t.lines[t.row] = t.lines[t.row][:min(t.col, len(t.lines[t.row]))]
	case "J":
		t.lines[t.row] = t.lines[t.row][:min(t.col, len(t.lines[t.row]))]
		t.lines = t.lines[:t.row+1]
	case "m", "h", "l":
	default:
		panic("unknown control " + op)
	}
}

// text is what stands there.
func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, l := range t.lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// touched gives the lines that were written to since it was asked last.
func (t *terminal) touched() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.changes
	t.changes = nil
	return c
}
