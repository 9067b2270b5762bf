package client

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// section is one part of a configuration file.
type section map[string]string

// maxConfig bounds a configuration file: larger ones are something else.
const maxConfig = 1 << 20

// readINI reads Koji's kind of configuration: sections, "key = value" or
// "key: value", full-line comments, and indented lines that go on with the
// value before. Later files override earlier ones key by key.
func readINI(into map[string]section, name string, r io.Reader) error {
	sc := bufio.NewScanner(io.LimitReader(r, maxConfig))
	var current section
	var last string
	for n := 1; sc.Scan(); n++ {
		raw := sc.Text()
		line := strings.TrimSpace(raw)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case raw[0] == ' ' || raw[0] == '\t':
			if current == nil || last == "" {
				return fmt.Errorf("%s:%d: an indented line goes on with a value, and there is none before it", name, n)
			}
			current[last] += "\n" + line
			continue
		case line[0] == '[':
			title, ok := strings.CutSuffix(line[1:], "]")
			if !ok || title == "" {
				return fmt.Errorf("%s:%d: %q is no section: want [name]", name, n, line)
			}
			if into[title] == nil {
				into[title] = section{}
			}
			current, last = into[title], ""
			continue
		}
		i := strings.IndexAny(line, "=:")
		if i <= 0 || current == nil {
			return fmt.Errorf("%s:%d: want \"key = value\" inside of a [section]", name, n)
		}
		last = strings.ToLower(strings.TrimSpace(line[:i]))
		current[last] = strings.TrimSpace(line[i+1:])
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
