package distro

import (
	"regexp"
	"slices"
	"strings"
)

// dep is one RPM dependency: a name, which may be a path, a soname or a rich
// expression in parentheses, and perhaps an operator with a version.
type dep struct{ Name, Op, Version string }

func (d dep) String() string {
	if d.Op == "" {
		return d.Name
	}
	return d.Name + " " + d.Op + " " + d.Version
}

// relations are the dependency sets of one RPM.
type relations struct {
	Provides, Requires, Recommends, Suggests []dep
	NeedsUsers                               bool // its files belong to users of "setup"
}

// world says which names the distribution has: a relation to anything else is
// left out, as an alternative or altogether.
type world struct {
	packages map[string]bool // Debian names
	provided map[string]bool // names that some of them provide
	isa      string          // "x86-64"
}

func newWorld(debs []stanza, isa string) *world {
	w := &world{packages: map[string]bool{}, provided: map[string]bool{}, isa: isa}
	for _, s := range debs {
		w.packages[s["Package"]] = true
		for _, alts := range parseRelations(s["Provides"]) {
			w.provided[alts[0].name] = true
		}
	}
	return w
}

// debOps maps Debian's operators; "<" and ">" are old spellings of "<=", ">=".
var debOps = map[string]string{">=": ">=", "<=": "<=", ">>": ">", "<<": "<", "=": "=", ">": ">=", "<": "<="}

// translate turns one Debian alternative into RPM's terms.
func (w *world) translate(r debRel) (dep, bool) {
	switch {
	case w.packages[r.name]:
		op, bound := debOps[r.op], convertBound(r.version)
		if op == "" {
			return dep{Name: rpmName(r.name)}, true
		}
		if op == ">" && bound.release == "" {
			// RPM ignores releases when the bound has none, Debian does not:
			// 1.2-3 is >> 1.2 there.
			op = ">="
		}
		return dep{rpmName(r.name), op, bound.String()}, true
	case w.provided[r.name]:
		return dep{Name: r.name}, true
	}
	return dep{}, false
}

// field translates a relation field. Alternatives become a rich dependency.
func (w *world) field(text string) []dep {
	var all []dep
	for _, alts := range parseRelations(text) {
		var known []dep
		for _, a := range alts {
			if d, ok := w.translate(a); ok && !slices.Contains(known, d) {
				known = append(known, d)
			}
		}
		switch len(known) {
		case 0:
		case 1:
			all = append(all, known[0])
		default:
			words := make([]string, len(known))
			for i, d := range known {
				words[i] = d.String()
			}
			all = append(all, dep{Name: "(" + strings.Join(words, " or ") + ")"})
		}
	}
	return all
}

// relations makes the dependency sets that the control data alone decides.
func (w *world) relations(s stanza) relations {
	deb, name := s["Package"], rpmName(s["Package"])
	me := convertVersion(s["Version"]).String()
	at := func(n string) dep { return dep{n, "=", me} }

	r := relations{Provides: []dep{at(name), at("deb(" + deb + ")")}}
	if s["Architecture"] != "all" {
		r.Provides = append(r.Provides, at(name+"("+w.isa+")"))
	}
	if name != deb {
		r.Provides = append(r.Provides, at(deb))
	}
	for _, n := range develNames(deb) {
		if n != name {
			r.Provides = append(r.Provides, at(n))
		}
	}
	for _, n := range aliases[deb] {
		if strings.HasPrefix(n, "/") {
			r.Provides = append(r.Provides, dep{Name: n})
		} else {
			r.Provides = append(r.Provides, at(n))
		}
	}
	for _, alts := range parseRelations(s["Provides"]) {
		a := alts[0]
		switch {
		case w.packages[a.name]:
		case a.op == "=":
			r.Provides = append(r.Provides, dep{a.name, "=", convertBound(a.version).String()})
		default:
			r.Provides = append(r.Provides, dep{Name: a.name})
		}
	}
	r.Requires = append(w.field(s["Depends"]), w.field(s["Pre-Depends"])...)
	r.Recommends = w.field(s["Recommends"])
	r.Suggests = w.field(s["Suggests"])
	r.Requires = append(r.Requires, dep{Name: "filesystem"})
	return r
}

var soversion = regexp.MustCompile(`^(lib.*?)[0-9.-]*$`)

// develNames are the names under which a spec may ask for a -dev package.
func develNames(deb string) []string {
	base, ok := strings.CutSuffix(deb, "-dev")
	if !ok {
		return nil
	}
	names := []string{base + "-devel", strings.TrimPrefix(base, "lib") + "-devel"}
	if m := soversion.FindStringSubmatch(base); m != nil {
		names = append(names, m[1]+"-devel")
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "-devel" })
}

// tidy sorts a set and drops what is there twice.
func tidy(deps []dep) []dep {
	slices.SortFunc(deps, func(a, b dep) int {
		return strings.Compare(a.Name+"\x00"+a.Op+"\x00"+a.Version, b.Name+"\x00"+b.Op+"\x00"+b.Version)
	})
	return slices.Compact(deps)
}
