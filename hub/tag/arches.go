package tag

import (
	"strings"

	"github.com/kura-build/kura"
)

// Arches normalises a list of architectures: names separated by spaces, and by
// commas too where loose. None is nil: for a tag, as inherited.
func Arches(list *string, loose bool) (*string, error) {
	if list == nil {
		return nil, nil
	}
	s := *list
	if loose {
		s = strings.ReplaceAll(s, ",", " ")
	}
	names := strings.Fields(s)
	for _, n := range names {
		for i := range len(n) {
			c := n[i]
			if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return nil, kura.Errorf("tag.Arches", kura.Invalid, "Architecture can be only [a-zA-Z0-9_-], not %.64q", n)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	s = strings.Join(names, " ")
	if len(s) > 1024 {
		return nil, kura.Errorf("tag.Arches", kura.TooLarge, "a list of %d architectures is too long", len(names))
	}
	return &s, nil
}

// Canonical gives the architecture that a repository is made for: i686's is
// i386's, armv7hl's is armhfp's.
func Canonical(arch string) string {
	switch {
	case len(arch) == 4 && arch[0] == 'i' && arch[2:] == "86", arch == "athlon":
		return "i386"
	case arch == "ia32e":
		return "x86_64"
	case arch == "ppc64le":
		return arch
	case strings.HasPrefix(arch, "ppc64"):
		return "ppc64"
	case strings.HasPrefix(arch, "sparc64"):
		return "sparc64"
	case strings.HasPrefix(arch, "sparc"):
		return "sparc"
	case strings.HasPrefix(arch, "alpha"):
		return "alpha"
	case strings.HasPrefix(arch, "arm") && strings.Contains(arch[3:], "h"):
		return "armhfp"
	case strings.HasPrefix(arch, "arm"):
		return "arm"
	}
	return arch
}
