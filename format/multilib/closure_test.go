package multilib

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/rpm"
)

// pkg describes a package: "name version", then dependencies: "p:libfoo = 1",
// "r:", "w:" recommended, "s:" supplements.
func pkg(spec string, deps ...string) *Package {
	name, evr, _ := strings.Cut(spec, " ")
	p := &Package{Name: name, Arch: "i686", EVR: rpm.ParseEVR(evr)}
	p.EVR.Release = "1"
	for _, d := range deps {
		kind, text, _ := strings.Cut(d, ":")
		dep := rpm.Dep{Name: text}
		if f := strings.Fields(text); len(f) == 3 && f[0][0] != '(' {
			dep.Name, dep.Version = f[0], f[2]
			for sign, flag := range map[string]rpm.Sense{"<": rpm.SenseLess, ">": rpm.SenseGreater, "=": rpm.SenseEqual} {
				if strings.Contains(f[1], sign) {
					dep.Flags |= flag
				}
			}
		}
		to := map[string]*[]rpm.Dep{"p": &p.Provides, "r": &p.Requires, "w": &p.Recommends, "s": &p.Supplements}[kind]
		*to = append(*to, dep)
	}
	return p
}

func TestClose(t *testing.T) {
	for _, v := range []struct {
		what     string
		packages []*Package
		files    map[string]int
		want     string
		missing  string
	}{
		{"alone", []*Package{pkg("a 1"), pkg("b 1")}, nil, "a", ""},
		{"what it requires, and that", []*Package{pkg("a 1", "r:libb.so()(64bit)"), pkg("b 1", "p:libb.so()(64bit)", "r:c >= 2"), pkg("c 2"), pkg("d 1")}, nil, "a b c", ""},
		{"rpm's own", []*Package{pkg("a 1", "r:rpmlib(X) <= 1")}, nil, "a", ""},
		{"nothing provides it", []*Package{pkg("a 1", "r:b"), pkg("c 1")}, nil, "a", "a needs b"},
		{"too old", []*Package{pkg("a 1", "r:b > 2"), pkg("b 2")}, nil, "a", "a needs b > 2"},
		{"far away", []*Package{pkg("a 1", "r:b"), pkg("b 1", "r:c = 1")}, nil, "a b", "b needs c = 1"},
		{"files", []*Package{pkg("a 1", "r:/usr/bin/b"), pkg("b 1")}, map[string]int{"/usr/bin/b": 1}, "a b", ""},
		{"the newest", []*Package{pkg("a 1", "r:b"), pkg("b 9"), pkg("b 10"), pkg("b 2")}, nil, "a b10", ""},
		{"the one of the name", []*Package{pkg("a 1", "r:bb"), pkg("b 1", "p:bb"), pkg("bb 1")}, nil, "a bb", ""},
		{"one that is whole", []*Package{pkg("a 1", "r:x"), pkg("x 1", "r:none"), pkg("xy 1", "p:x")}, nil, "a xy", ""},
		{"whole through another", []*Package{pkg("a 1", "r:x"), pkg("x 1", "r:y"), pkg("y 1", "r:none"), pkg("long 1", "p:x")}, nil, "a long", ""},
		{"circles", []*Package{pkg("a 1", "r:b"), pkg("b 1", "r:a")}, nil, "a b", ""},
		{"recommended", []*Package{pkg("a 1", "w:b", "w:none", "w:c"), pkg("b 1", "r:d"), pkg("c 1", "r:none"), pkg("d 1")}, nil, "a b d", ""},
		{"supplements", []*Package{pkg("a 1"), pkg("b 1", "s:a"), pkg("c 1", "s:d"), pkg("e 1", "s:a", "r:none")}, nil, "a b", ""},
		{"rich: and, or", []*Package{pkg("a 1", "r:(b and (none or c >= 2))"), pkg("b 1"), pkg("c 2")}, nil, "a b c", ""},
		{"rich: a long or", []*Package{pkg("a 1", "r:(x or y or c)"), pkg("c 2")}, nil, "a c", ""},
		{"rich: if not", []*Package{pkg("a 1", "r:(b if c)"), pkg("b 1"), pkg("c 2")}, nil, "a", ""},
		{"rich: if, found later", []*Package{pkg("a 1", "r:(b if c)", "r:d"), pkg("b 1"), pkg("c 2"), pkg("d 1", "r:c")}, nil, "a d c b", ""},
		{"rich: if and nothing there", []*Package{pkg("a 1", "r:(none if b)", "r:b"), pkg("b 1")}, nil, "a b", "a needs none"},
		{"rich: else", []*Package{pkg("a 1", "r:(b if c else d)"), pkg("b 1"), pkg("c 2"), pkg("d 1")}, nil, "a d", ""},
		{"rich: unless", []*Package{pkg("a 1", "r:(b unless c)"), pkg("b 1"), pkg("c 2")}, nil, "a b", ""},
		{"rich: with", []*Package{pkg("a 1", "r:(b >= 2 with b < 4)"), pkg("b 1"), pkg("b 3"), pkg("b 5")}, nil, "a b3", ""},
		{"rich: without", []*Package{pkg("a 1", "r:(x without y)"), pkg("b 1", "p:x", "p:y"), pkg("bb 1", "p:x")}, nil, "a bb", ""},
		{"rich: none", []*Package{pkg("a 1", "r:(b or"), pkg("b 1")}, nil, "a", "a needs (b or"},
	} {
		p := NewPool(v.packages)
		for path, by := range v.files {
			if !p.Names(path) || p.Names(path+"x") {
				t.Errorf("%s: paths are not known", v.what)
			}
			p.Own(by, path)
		}
		got, missing := p.Close([]int{0})
		var names, needs []string
		for _, i := range got {
			n := v.packages[i].Name
			if twice := func(x *Package) bool { return x.Name == n && x != v.packages[i] }; slices.ContainsFunc(v.packages, twice) {
				n += v.packages[i].EVR.Version
			}
			names = append(names, n)
		}
		for _, m := range missing {
			needs = append(needs, v.packages[m.Package].Name+" needs "+m.Need)
		}
		if diff := cmp.Diff([]string{v.want, v.missing}, []string{strings.Join(names, " "), strings.Join(needs, ", ")}); diff != "" {
			t.Error(v.what, diff)
		}
	}
}

func TestVersionsMeet(t *testing.T) {
	for text, want := range map[string]bool{
		"x = 1|x": true, "x|x = 1": true, "x = 1|y": false, "x = 1-2|x = 1": true, "x = 1-2|x = 1-3": false,
		"x = 1:1|x >= 2": true, "x = 1|x >= 1:0": false, "x = 2|x > 2": false, "x >= 2|x > 3": true, "x <= 2|x > 3": false, "x < 2|x >= 2": false,
	} {
		have, need, _ := strings.Cut(text, "|")
		if got := meets(pkg("x 1", "p:"+have).Provides[0], pkg("x 1", "p:"+need).Provides[0]); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// Dependencies come from packages: whatever stands there is read to an end.
func FuzzDependency(f *testing.F) {
	for _, s := range []string{"(a if b >= 1 else (c with d))", "((((", "(a and b or c)", "(lib()(64bit) = 1)", ")", "(a else b)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := parse(rpm.Dep{Name: s})
		if n.op != "" {
			if again := parse(rpm.Dep{Name: n.String()}); again.String() != n.String() {
				t.Errorf("%q is read as %q, and that as %q", s, n, again)
			}
		}
		p := NewPool([]*Package{{Name: "a", Requires: []rpm.Dep{{Name: s}}}})
		p.Close([]int{0})
	})
}
