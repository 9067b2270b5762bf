package multilib

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Config is a configuration file of python-multilib, as far as the method
// "devel" looks at it.
type Config struct {
	Runtime, Devel Lists
}

// Lists are the names of packages that are taken whatever they hold, and those
// that are not. The black list comes first.
type Lists struct {
	White, Black map[string]bool
}

// ReadConfig reads a configuration file. Lists are asked for even if they are
// empty: a section that is misspelt would let through what it should stop.
func ReadConfig(r io.Reader) (*Config, error) {
	options, err := readINI(r)
	if err != nil {
		return nil, fmt.Errorf("multilib configuration: %w", err)
	}
	c := new(Config)
	for _, section := range []struct {
		name  string
		lists *Lists
	}{{"runtime", &c.Runtime}, {"devel", &c.Devel}} {
		for _, list := range []struct {
			name string
			set  *map[string]bool
		}{{"white", &section.lists.White}, {"black", &section.lists.Black}} {
			words, ok := options[section.name+"/"+list.name]
			if !ok {
				words, ok = options["DEFAULT/"+list.name]
			}
			if !ok {
				return nil, fmt.Errorf("multilib configuration: section [%s] has no option %q: it may be empty, not missing", section.name, list.name)
			}
			*list.set = make(map[string]bool, len(words))
			for _, w := range words {
				(*list.set)[w] = true
			}
		}
	}
	return c, nil
}

// readINI gives each option's words by "section/option", as Python's
// ConfigParser reads it: a line that is indented goes on with the option before,
// and lines that begin with # or ; say nothing.
func readINI(r io.Reader) (map[string][]string, error) {
	out := map[string][]string{}
	var section, option string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
		case option != "" && (line[0] == ' ' || line[0] == '\t'):
			out[option] = append(out[option], strings.Fields(text)...)
		case text[0] == '[':
			if !strings.HasSuffix(text, "]") || len(text) == 2 {
				return nil, fmt.Errorf("line %d: %q is no section", n, text)
			}
			section, option = text[1:len(text)-1], ""
		default:
			i := strings.IndexAny(text, "=:")
			if section == "" || i <= 0 {
				return nil, fmt.Errorf("line %d: %q stands in no section, or is no option", n, text)
			}
			option = section + "/" + strings.ToLower(strings.TrimSpace(text[:i]))
			if _, twice := out[option]; twice {
				return nil, fmt.Errorf("line %d: option %s is there twice", n, option)
			}
			out[option] = append([]string{}, strings.Fields(text[i+1:])...)
		}
	}
	return out, lines.Err()
}
