package lint

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// configFile is where the import laws are written.
const configFile = ".golangci.yml"

// rule is one list of golangci-lint's depguard, in its lax mode: what is not
// denied is allowed, and the longer of two entries that match wins.
type rule struct {
	Name     string `yaml:"-"`
	ListMode string `yaml:"list-mode"`
	Files    []string
	Deny     []struct{ Pkg, Desc string }
	Allow    []string

	in, out []*regexp.Regexp
}

func readRules(root string) ([]*rule, error) {
	b, err := os.ReadFile(filepath.Join(root, configFile))
	if err != nil {
		return nil, err
	}
	var c struct {
		Linters struct {
			Enable   []string
			Settings struct {
				Depguard struct{ Rules map[string]*rule }
			}
		}
	}
	if err := yaml.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	byName := c.Linters.Settings.Depguard.Rules
	if len(byName) == 0 || !slices.Contains(c.Linters.Enable, "depguard") {
		return nil, fmt.Errorf("%s has no import laws: linters.settings.depguard.rules is empty, or depguard is not enabled", configFile)
	}
	var rules []*rule
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		r := byName[name]
		r.Name = name
		if err := r.compile(); err != nil {
			return nil, fmt.Errorf("%s: rule %s: %w", configFile, name, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// compile refuses what this reader of the rules would understand otherwise
// than depguard does.
func (r *rule) compile() error {
	if r.ListMode != "lax" {
		return fmt.Errorf("list-mode is %q: only lax is read here", r.ListMode)
	}
	if len(r.Files) == 0 || len(r.Deny) == 0 {
		return fmt.Errorf("files or deny is empty")
	}
	for _, d := range r.Deny {
		if d.Pkg == "" || d.Desc == "" {
			return fmt.Errorf("an entry of deny has no package or no reason")
		}
	}
	// Depguard looks at the nearest entry before a path, so one entry within
	// another would hide it.
	for _, a := range r.Allow {
		for _, b := range r.Allow {
			if a != b && !strings.HasSuffix(a, "$") && strings.HasPrefix(b, a+"/") {
				return fmt.Errorf("allows %s, which is within %s: one of them is without effect", b, a)
			}
		}
	}
	for _, f := range r.Files {
		pattern, negated := strings.CutPrefix(f, "!")
		re, err := glob(pattern)
		if err != nil {
			return err
		}
		if negated {
			r.out = append(r.out, re)
		} else {
			r.in = append(r.in, re)
		}
	}
	return nil
}

// glob reads a pattern of files, whose paths are relative to the tree here.
func glob(pattern string) (*regexp.Regexp, error) {
	switch pattern {
	case "$all":
		pattern = "**"
	case "$test":
		pattern = "**_test.go"
	default:
		p, ok := strings.CutPrefix(pattern, "${config-path}/")
		if !ok || strings.ContainsAny(p, "?[]{}\\$") {
			return nil, fmt.Errorf("the pattern %q is none of $all, $test, ${config-path}/…", pattern)
		}
		pattern = p
	}
	s := regexp.QuoteMeta(pattern)
	s = strings.ReplaceAll(s, `\*\*`, "\x00")
	s = strings.ReplaceAll(s, `\*`, "[^/]*")
	s = strings.ReplaceAll(s, "\x00", ".*")
	return regexp.Compile("^" + s + "$")
}

// holds tells whether the rule speaks of a file.
func (r *rule) holds(file string) bool {
	match := func(re *regexp.Regexp) bool { return re.MatchString(file) }
	return (len(r.in) == 0 || slices.ContainsFunc(r.in, match)) && !slices.ContainsFunc(r.out, match)
}

// refuses gives the reason why an import is forbidden, or "".
func (r *rule) refuses(imported string) string {
	longest, reason := 0, ""
	for _, d := range r.Deny {
		if len(d.Pkg) > longest && covers(d.Pkg, imported) {
			longest, reason = len(d.Pkg), d.Desc
		}
	}
	for _, a := range r.Allow {
		if len(a) > longest && covers(a, imported) {
			return ""
		}
	}
	return reason
}

func covers(entry, imported string) bool {
	if exact, ok := strings.CutSuffix(entry, "$"); ok {
		return imported == exact
	}
	return strings.HasPrefix(imported, entry)
}

// denies tells whether a package is on the rule's list of what is denied.
func (r *rule) denies(pkg string) bool {
	for _, d := range r.Deny {
		if d.Pkg == pkg {
			return true
		}
	}
	return false
}

// imports looks at every import of every file, and for files that no law holds
// for: a new room needs one.
func (t *tree) imports(rules []*rule) {
	for _, f := range t.files {
		var held []*rule
		for _, r := range rules {
			if r.holds(f.path) {
				held = append(held, r)
			}
		}
		for _, i := range f.imports() {
			for _, r := range held {
				if reason := r.refuses(i.path); reason != "" {
					t.problem(f.at(i.pos), "must not import %s: %s (rule %s of %s)", i.path, reason, r.Name, configFile)
				}
			}
		}
	}
	for _, dir := range t.dirs() {
		for _, need := range t.needed(dir) {
			if !slices.ContainsFunc(rules, func(r *rule) bool { return r.holds(path.Join(dir, "x.go")) && r.denies(need) }) {
				t.problem(dir, "no import law holds for this package: add a rule to %s that denies %s to it", configFile, need)
			}
		}
	}
}

// needed are the packages that some law must deny to a directory's files: all
// of ours, and in the hub and the ways in the neighbours too.
func (t *tree) needed(dir string) []string {
	first, rest, _ := strings.Cut(dir, "/")
	switch {
	case first == "cmd" || first == "test":
		return nil // may import everything
	case (first == "hub" || first == "api") && rest != "":
		return []string{t.module, t.module + "/" + first}
	}
	return []string{t.module}
}
