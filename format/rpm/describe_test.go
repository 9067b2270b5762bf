package rpm

import (
	"fmt"
	"strings"
	"testing"
)

// describe writes a package as the query of TestReadAgreesWithRPM does.
func describe(t *testing.T, p *Package) string {
	t.Helper()
	var b strings.Builder
	n := p.NEVRA()
	source := "(none)"
	if p.IsSource() {
		source, n.Arch = "1", p.Header.String(TagArch)
	}
	fmt.Fprintf(&b, "%s|%s\n", n, source)
	files, err := p.Header.Files()
	if err != nil {
		t.Error(err)
	}
	for _, f := range files {
		fmt.Fprintf(&b, "F %s %d %d %d %d %s %s.\n", f.Path(), f.Mode, f.Size, f.MTime, f.Flags, f.User, f.LinkTo)
	}
	for _, k := range []struct {
		letter string
		kind   DepKind
	}{{"R", Requires}, {"P", Provides}} {
		deps, err := p.Header.Deps(k.kind)
		if err != nil {
			t.Error(err)
		}
		for _, d := range deps {
			fmt.Fprintf(&b, "%s %s %d %s.\n", k.letter, d.Name, d.Flags, d.Version)
		}
	}
	changes, err := p.Header.Changelog()
	if err != nil {
		t.Error(err)
	}
	for _, c := range changes {
		fmt.Fprintf(&b, "C %d %s.\n", c.Time, c.Author)
	}
	return b.String()
}
