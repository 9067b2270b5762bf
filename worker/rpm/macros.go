package rpm

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var macroName = regexp.MustCompile(`^%?[A-Za-z_][A-Za-z0-9_]*(\([^()\s]*\))?$`)

// writeMacros puts the tag's macros, and those that make a build be one of
// ours, into the builder's home.
func (t *task) writeMacros() error {
	set := map[string]string{
		"_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
	}
	for k, v := range t.order.Macros {
		if !macroName.MatchString(k) {
			return fmt.Errorf("tag %s sets a macro %q, which is no macro's name", t.order.Tag, k)
		}
		set[strings.TrimPrefix(k, "%")] = v
	}
	set["_topdir"] = "/builddir/build"
	if t.order.Arch != "noarch" {
		set["_host_cpu"] = t.order.Arch
	}
	if t.b.opt.BuildHost != "" {
		set["_buildhost"] = t.b.opt.BuildHost
	}
	var s strings.Builder
	for _, k := range sortedKeys(set) {
		v := strings.ReplaceAll(strings.TrimRight(set[k], "\n"), "\n", "\\\n")
		fmt.Fprintf(&s, "%%%s %s\n", k, v)
	}
	p := filepath.Join(t.home, ".rpmmacros")
	if err := os.WriteFile(p, []byte(s.String()), 0o644); err != nil {
		return err
	}
	return t.scratch.Give(p)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
