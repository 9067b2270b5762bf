package rpm

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

const requiresSuffix = "-buildrequires"

// writeRequires makes a package that has a source package's BuildRequires for
// its Requires and nothing else, in a directory of its own. It is never
// installed: a resolver that is asked for it chooses what the build needs, rich
// dependencies and conflicts included.
func writeRequires(scratch, pkg string, requires, conflicts []rpm.Dep) (string, error) {
	dir := filepath.Join(scratch, "requires-"+unique())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	nvr, err := rpm.ParseNVR(pkg)
	if err != nil {
		return "", err
	}
	b := rpm.Build{
		Name: nvr.Name + requiresSuffix, Version: nvr.Version, Release: nvr.Release, Arch: "noarch", License: "none",
		Summary: "BuildRequires of " + pkg, Requires: requires, Conflicts: conflicts, NoSelfProvide: true, Compression: "none",
	}
	file := filepath.Join(dir, "buildrequires.rpm")
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = b.WriteTo(f)
	return file, errors.Join(err, f.Close())
}

var neededBy = regexp.MustCompile(`([^\s;]+)` + requiresSuffix + `-([^\s;]+)\.noarch( from @commandline)?`)

// forPeople puts the source package in place of the one made for the resolver.
func forPeople(s string) string { return neededBy.ReplaceAllString(s, "$1-$2.src") }

// buildRequires takes what a source package needs out of its header. dynamic
// reports that its spec file computes more.
func buildRequires(h *rpm.Header) (requires, conflicts []rpm.Dep, dynamic bool, err error) {
	all, err := h.Deps(rpm.Requires)
	if err != nil {
		return nil, nil, false, err
	}
	for _, d := range all {
		if strings.HasPrefix(d.Name, "rpmlib(") {
			dynamic = dynamic || d.Name == "rpmlib(DynamicBuildRequires)"
			continue
		}
		requires = append(requires, plainDep(d))
	}
	all, err = h.Deps(rpm.Conflicts)
	for _, d := range all {
		conflicts = append(conflicts, plainDep(d))
	}
	return requires, conflicts, dynamic, err
}

// plainDep leaves only the comparison of a dependency's flags.
func plainDep(d rpm.Dep) rpm.Dep {
	d.Flags &= rpm.SenseLess | rpm.SenseGreater | rpm.SenseEqual
	return d
}

func depStrings(deps []rpm.Dep) []string {
	var s []string
	for _, d := range deps {
		op := ""
		for _, x := range []struct {
			f rpm.Sense
			s string
		}{{rpm.SenseLess, "<"}, {rpm.SenseGreater, ">"}, {rpm.SenseEqual, "="}} {
			if d.Flags&x.f != 0 {
				op += x.s
			}
		}
		s = append(s, strings.TrimSpace(d.Name+" "+op+" "+d.Version))
	}
	slices.Sort(s)
	return slices.Compact(s)
}
