package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/kura-build/kura/client"
)

// clean makes foreign text harmless for a terminal: no control characters,
// no marks that turn the direction of writing, one line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, s)
}

// cleanLog is clean for logs, whose lines stay lines.
func cleanLog(p []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r == '\r' {
			return -1
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '?'
		}
		return r
	}, string(p))
}

func (a *app) writeJSON(v any) error {
	e := json.NewEncoder(a.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// show prints a value as JSON, or as text.
func (a *app) show(v any, text func(*table)) error {
	if a.json {
		return a.writeJSON(v)
	}
	t := &table{color: a.color(a.Out)}
	text(t)
	return t.write(a.Out)
}

// shade is a colour of the terminal.
type shade int

const (
	plain  shade = 39
	red    shade = 31
	green  shade = 32
	yellow shade = 33
	purple shade = 35
	cyan   shade = 36
	gray   shade = 90
)

func (s shade) wrap(text string) string { return fmt.Sprintf("\x1b[%dm%s\x1b[0m", int(s), text) }

// tint is a coloured cell.
type tint struct {
	text  string
	shade shade
}

// table aligns rows. A row of one cell is a line of its own.
type table struct {
	color bool
	rows  [][]any
}

// head is the first row; its cells are given in capitals.
func (t *table) head(cells ...any) { t.row(cells...) }

// row adds a row of texts, numbers, times and tints.
func (t *table) row(cells ...any) { t.rows = append(t.rows, cells) }

// line adds text that takes no part in the alignment.
func (t *table) line(format string, args ...any) {
	t.rows = append(t.rows, []any{clean(fmt.Sprintf(format, args...))})
}

// field adds a name with its value, unless there is none.
func (t *table) field(name string, value any) {
	if s := cell(value); s != "" {
		t.row(name+":", value)
	}
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return clean(v)
	case tint:
		return clean(v.text)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return clean(fmt.Sprint(v))
}

// write aligns blocks of rows with the same number of cells. In a column with
// a tint each cell gets an escape of the same length, or the columns would not
// stand below each other.
func (t *table) write(w io.Writer) error {
	for from := 0; from < len(t.rows); {
		to := from + 1
		for to < len(t.rows) && len(t.rows[to]) == len(t.rows[from]) {
			to++
		}
		if err := t.block(w, t.rows[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (t *table) block(w io.Writer, rows [][]any) error {
	tinted := make([]bool, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			if _, ok := c.(tint); ok && t.color {
				tinted[i] = true
			}
		}
	}
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			text := cell(c)
			if tinted[i] {
				s := plain
				if c, ok := c.(tint); ok {
					s = c.shade
				}
				text = s.wrap(text)
			}
			fmt.Fprint(tw, text)
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for l := range strings.Lines(b.String()) { // no blanks at the end of a line
		if _, err := fmt.Fprintln(w, strings.TrimRight(l, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func taskTint(s client.TaskState) tint {
	switch s {
	case client.TaskOpen, client.TaskAssigned:
		return tint{s.String(), cyan}
	case client.TaskClosed:
		return tint{s.String(), green}
	case client.TaskFailed:
		return tint{s.String(), red}
	case client.TaskCanceled:
		return tint{s.String(), purple}
	}
	return tint{s.String(), gray}
}

func buildTint(s client.BuildState) tint {
	switch s {
	case client.BuildBuilding:
		return tint{s.String(), cyan}
	case client.BuildComplete:
		return tint{s.String(), green}
	case client.BuildFailed:
		return tint{s.String(), red}
	case client.BuildCanceled:
		return tint{s.String(), purple}
	}
	return tint{s.String(), gray}
}

// when shows an instant in the user's zone.
func (a *app) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.Zone).Format("2006-01-02 15:04:05")
}

// span shows how long something took: 0:07, 12:30, 3:04:05.
func span(d time.Duration) string {
	s := int64(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// bytesText shows a number of bytes.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < 4 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, " KMGT"[unit])
}

func joinIDs(ids []int64) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(parts, ", ")
}

func join(parts []string, sep string) string { return strings.Join(parts, sep) }
