package web

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext":                       "plain\ttext",
		"\x1b[1;31merror\x1b[0m":            "error",
		"\x1b]0;title\x07after":             "after",
		"\x1b]8;;http://x\x1b\\link\x1b\\":  "link",
		"\x1b(Bx":                           "x",
		"\x1b]0;never ends":                 "␛]0;never ends",
		"\x1b[12":                           "␛[12",
		"\x1b":                              "␛",
		"10%\r20%\r":                        "10%␍20%",
		"bell\x07 back\x08 nul\x00 del\x7f": "bell␇ back␈ nul␀ del␡",
		"bad \xff utf8":                     "bad \ufffd utf8",
		"c1 \u009b31m":                      "c1 \ufffd31m",
		"turn \u202egpj.exe":                "turn \ufffdgpj.exe",
		"蔵 é 🍶":                             "蔵 é 🍶",
	} {
		if got := clean([]byte(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"\x1b[31mx", "\x1b]8;;u\x1b\\t", "\xff\x00\x9b", "\u202e", "\x1bP1\x1b\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := clean(in)
		if !utf8.ValidString(out) {
			t.Fatalf("%q gives invalid UTF-8", in)
		}
		for _, r := range out {
			if unicode.IsControl(r) && r != '\t' || turns(r) {
				t.Fatalf("%q lets %U pass", in, r)
			}
		}
		if again := clean([]byte(out)); again != out {
			t.Fatalf("%q: cleaning twice gives %q, then %q", in, out, again)
		}
	})
}

// Whatever its length and its end, the last n lines of a log are found, and so
// is a line by its number.
func TestLastAndSkippedLines(t *testing.T) {
	for total := range 12 {
		for _, end := range []string{"\n", ""} {
			var all []string
			for i := range total {
				all = append(all, fmt.Sprintf("line %d", i+1))
			}
			text := strings.Join(all, "\n")
			if total > 0 {
				text += end
			}
			offset, before, err := lastLines(iotest.OneByteReader(strings.NewReader(text)), 5)
			if err != nil || before != int64(max(0, total-5)) {
				t.Fatalf("%d lines: %d before the last 5, %v", total, before, err)
			}
			l := newLines(strings.NewReader(text[offset:]), offset)
			for i := int(before); i < total; i++ {
				got, whole, err := l.next()
				if err != nil || got != all[i] || whole != (i < total-1 || end == "\n") {
					t.Fatalf("%d lines: line %d is %q, whole: %v, %v", total, i+1, got, whole, err)
				}
			}
			if _, _, err := l.next(); !errors.Is(err, io.EOF) || l.offset != int64(len(text)) {
				t.Fatalf("after the last line: %v at %d of %d", err, l.offset, len(text))
			}
			for from := 1; from <= total; from++ {
				offset, before, err := skipLines(iotest.OneByteReader(strings.NewReader(text)), int64(from))
				if err != nil || before != int64(from-1) || !strings.HasPrefix(text[offset:], all[from-1]) {
					t.Fatalf("line %d of %d at %d, %v", from, total, offset, err)
				}
			}
		}
	}
}

func TestLongLineIsCut(t *testing.T) {
	l := newLines(strings.NewReader(strings.Repeat("x", 1_000_000)+"\nnext\n"), 0)
	got, _, err := l.next()
	if err != nil || len(got) > maxLine+100 || !strings.Contains(got, "more in the raw file") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, _, err := l.next(); got != "next" || err != nil {
		t.Errorf("then %q, %v", got, err)
	}
}
