package distro

import (
	"strings"
)

// stanza is one block of Debian's control format: field names to values, the
// continuation lines joined by newlines, their leading blanks cut.
type stanza map[string]string

// parseStanzas reads blocks parted by empty lines. A line that is neither a
// field nor a continuation is ignored: apt's own output may carry such lines.
func parseStanzas(text string) []stanza {
	var all []stanza
	for block := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		s, last := stanza{}, ""
		for line := range strings.SplitSeq(block, "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			if line[0] == ' ' || line[0] == '\t' {
				if last != "" {
					s[last] += "\n" + strings.TrimSpace(line)
				}
				continue
			}
			if name, value, ok := strings.Cut(line, ":"); ok {
				last = name
				s[name] = strings.TrimSpace(value)
			}
		}
		if len(s) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// source gives the name and version of the source package that s was built of.
func (s stanza) source() (name, version string) {
	name, version = s["Package"], s["Version"]
	if src := s["Source"]; src != "" {
		var paren string
		name, paren, _ = strings.Cut(src, " ")
		if v := strings.Trim(strings.TrimSpace(paren), "()"); v != "" {
			version = v
		}
	}
	return name, version
}

// summary is the first line of the description.
func (s stanza) summary() string {
	line, _, _ := strings.Cut(s["Description"], "\n")
	if line == "" {
		line = s["Package"]
	}
	return line
}

// debRel is one alternative of a Debian relation: a name, and perhaps a bound.
type debRel struct{ name, op, version string }

// parseRelations reads a relation field: "a (>= 1) | b, c:any" is [[a b] [c]].
// Architecture qualifiers are dropped: the distribution has one architecture.
func parseRelations(field string) [][]debRel {
	var all [][]debRel
	for clause := range strings.SplitSeq(field, ",") {
		var alts []debRel
		for alt := range strings.SplitSeq(clause, "|") {
			if r, ok := parseRelation(alt); ok {
				alts = append(alts, r)
			}
		}
		if len(alts) > 0 {
			all = append(all, alts)
		}
	}
	return all
}

func parseRelation(text string) (debRel, bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexAny(text, " \t\n([:")
	if end < 0 {
		return debRel{name: text}, text != ""
	}
	r := debRel{name: text[:end]}
	if _, rest, ok := strings.Cut(text, "("); ok {
		bound, _, _ := strings.Cut(rest, ")")
		bound = strings.TrimSpace(bound)
		n := len(bound) - len(strings.TrimLeft(bound, "<>="))
		r.op, r.version = bound[:n], strings.TrimSpace(bound[n:])
		if r.op == "" || r.version == "" {
			r.op, r.version = "", ""
		}
	}
	return r, r.name != ""
}
