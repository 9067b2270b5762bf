package multilib

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// Pool is the packages of one repository, among which is looked for what each
// of them needs.
type Pool struct {
	packages []*Package
	needs    map[rpm.Dep]*need
	requires [][]*need
	weak     [][]*need // recommended
	reverse  [][]*need // supplemented
	provides map[string][]provided
	files    map[string][]int // by path; those that dependencies name
	broken   []bool           // something that it requires is not there
}

type provided struct {
	by  int
	dep rpm.Dep
}

// NewPool makes a pool. Before it is asked, Own must tell who owns the paths
// that dependencies name.
func NewPool(packages []*Package) *Pool {
	p := &Pool{packages: packages, needs: map[rpm.Dep]*need{}, provides: map[string][]provided{}, files: map[string][]int{}}
	for i, pkg := range packages {
		self := rpm.Dep{Name: pkg.Name, Flags: rpm.SenseEqual, Version: fmt.Sprintf("%d:%s-%s", pkg.EVR.Epoch, pkg.EVR.Version, pkg.EVR.Release)}
		said := false
		for _, d := range pkg.Provides {
			p.provides[d.Name] = append(p.provides[d.Name], provided{i, d})
			said = said || d.Name == pkg.Name
		}
		if !said {
			p.provides[pkg.Name] = append(p.provides[pkg.Name], provided{i, self})
		}
		p.requires = append(p.requires, p.all(pkg.Requires))
		p.weak = append(p.weak, p.all(pkg.Recommends))
		p.reverse = append(p.reverse, p.all(pkg.Supplements))
	}
	return p
}

// all takes dependencies apart, each that recurs once. What rpm itself
// provides, and what may be missing, is left out.
func (p *Pool) all(deps []rpm.Dep) []*need {
	out := make([]*need, 0, len(deps))
	for _, d := range deps {
		if d.Flags&(rpm.SenseRPMLib|rpm.SenseMissingOK) != 0 || strings.HasPrefix(d.Name, "rpmlib(") {
			continue
		}
		d.Flags &= rpm.SenseCompare
		n := p.needs[d]
		if n == nil {
			n = parse(d)
			p.needs[d] = n
			n.each(func(n *need) {
				if strings.HasPrefix(n.dep.Name, "/") {
					p.files[n.dep.Name] = nil
				}
			})
		}
		out = append(out, n)
	}
	return out
}

func (n *need) each(f func(*need)) {
	f(n)
	for _, a := range n.args {
		a.each(f)
	}
}

// Names says whether some dependency names a path.
func (p *Pool) Names(path string) bool {
	_, ok := p.files[path]
	return ok
}

// Own tells that a package has a file.
func (p *Pool) Own(i int, path string) { p.files[path] = append(p.files[path], i) }

// index finds the packages that provide what a single one must: a plain
// dependency, or one with "with" or "without".
func (p *Pool) index(n *need) []int {
	if n.indexed {
		return n.providers
	}
	n.indexed = true
	switch n.op {
	case "":
		for _, v := range p.provides[n.dep.Name] {
			if meets(v.dep, n.dep) && (len(n.providers) == 0 || n.providers[len(n.providers)-1] != v.by) {
				n.providers = append(n.providers, v.by)
			}
		}
		n.providers = append(n.providers, p.files[n.dep.Name]...)
	case "with", "without":
		also := map[int]bool{}
		for _, i := range p.index(n.args[1]) {
			also[i] = true
		}
		for _, i := range p.index(n.args[0]) {
			if also[i] == (n.op == "with") {
				n.providers = append(n.providers, i)
			}
		}
	default: // "or" within "with": any of them
		for _, a := range n.args {
			n.providers = append(n.providers, p.index(a)...)
		}
	}
	return n.providers
}

// single says whether one package must meet the need.
func (n *need) single() bool { return n.op == "" || n.op == "with" || n.op == "without" }

// findBroken finds the packages that cannot be installed from this pool, so
// that others are taken in their place where there are others.
func (p *Pool) findBroken() {
	p.broken = make([]bool, len(p.packages))
	for again := true; again; {
		again = false
		for i, needs := range p.requires {
			for _, n := range needs {
				if !p.broken[i] && !p.can(n) {
					p.broken[i], again = true, true
				}
			}
		}
	}
}

// can says whether packages that are whole can meet a need. Conditions are
// taken to be met: whether they are depends on what is chosen.
func (p *Pool) can(n *need) bool {
	switch n.op {
	case "and":
		return p.can(n.args[0]) && p.can(n.args[1])
	case "or":
		return p.can(n.args[0]) || p.can(n.args[1])
	case "if", "unless":
		return true
	}
	for _, i := range p.index(n) {
		if !p.broken[i] {
			return true
		}
	}
	return false
}

// best picks the package that installers would: one that is whole, that is
// named as is asked, the newest, of the best architecture, of the shortest name.
func (p *Pool) best(n *need) int {
	list := p.index(n)
	best := list[0]
	for _, i := range list[1:] {
		if p.compare(n, i, best) > 0 {
			best = i
		}
	}
	return best
}

func (p *Pool) compare(n *need, a, b int) int {
	x, y := p.packages[a], p.packages[b]
	yes := func(v bool) int {
		if v {
			return 1
		}
		return 0
	}
	named := func(x *Package) int { return yes(x.Name == n.dep.Name) }
	newest := 0
	if x.Name == y.Name {
		newest = x.EVR.Compare(y.EVR)
	}
	return cmp.Or(yes(!p.broken[a])-yes(!p.broken[b]), named(x)-named(y), newest, strings.Compare(x.Arch, y.Arch)*yes(x.Name == y.Name),
		len(y.Name)-len(x.Name), strings.Compare(y.Name, x.Name), b-a)
}
