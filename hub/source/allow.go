package source

import (
	"path"
	"strings"

	"github.com/kura-build/kura"
)

// Rule is one entry of the list of addresses that may be built, as in Koji's
// allowed_scms. An entry that denies wins over those behind it; what no entry
// names is denied.
type Rule struct {
	Deny    bool
	Host    string   // a glob
	Path    string   // a glob; * matches / too
	Command []string // run in the root in place of kura's own fetch of the sources
}

// ParseRules reads Koji's notation: entries separated by spaces,
//
//	[!]host:path[:use_common[:source_cmd]]
//
// with commas in place of the spaces of a command.
func ParseRules(text string) ([]Rule, error) {
	var out []Rule
	for _, entry := range strings.Fields(text) {
		r := Rule{}
		body, deny := strings.CutPrefix(entry, "!")
		r.Deny = deny
		f := strings.Split(body, ":")
		if len(f) < 2 || f[0] == "" || f[1] == "" || len(f) > 4 {
			return nil, kura.Errorf("source.ParseRules", kura.Invalid,
				"allowed_scms: %q is not of the form [!]host:path[:use_common[:source_cmd]]", entry)
		}
		r.Host, r.Path = f[0], f[1]
		if len(f) == 4 && f[3] != "" {
			r.Command = strings.Split(f[3], ",")
		}
		if _, err := path.Match(r.Host, ""); err != nil {
			return nil, kura.Errorf("source.ParseRules", kura.Invalid, "allowed_scms: %q: %w", entry, err)
		}
		if _, err := path.Match(r.Path, ""); err != nil {
			return nil, kura.Errorf("source.ParseRules", kura.Invalid, "allowed_scms: %q: %w", entry, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Allow finds the rule that lets an address be built.
func Allow(rules []Rule, s *SCM) (Rule, error) {
	for _, r := range rules {
		if !glob(r.Host, s.Host) || !glob(r.Path, s.Path) {
			continue
		}
		if r.Deny {
			break
		}
		return r, nil
	}
	return Rule{}, kura.Errorf("source.Allow", kura.Denied,
		"%s:%s is not in the list of allowed SCMs: ask an administrator to add it to allowed_scms", s.Host, s.Path)
}

// glob matches with * for any run of characters, slashes included, and ? for
// one. It takes time in proportion to the product of the lengths at worst.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
