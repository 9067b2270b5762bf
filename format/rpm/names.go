package rpm

import (
	"errors"
	"fmt"
	"strings"
)

// maxNamePart bounds each part of a name, so that name-version-release.arch.rpm
// with the usual suffixes stays a file name that every file system takes.
const maxNamePart = 128

// CheckName says whether a package name may be used: in a path, in a shell
// word, in a log line. It allows what rpmbuild allows: letters, digits and
// "-._+", beginning with a letter, a digit or "_".
func CheckName(name string) error { return checkPart("package name", name, "-._+", false) }

// CheckVersion is CheckName for a version: "._+~^" beside letters and digits.
func CheckVersion(v string) error { return checkPart("version", v, "._+~^", true) }

// CheckRelease is CheckName for a release.
func CheckRelease(r string) error { return checkPart("release", r, "._+~^", true) }

// CheckArch is CheckName for an architecture: letters, digits and "_".
func CheckArch(a string) error { return checkPart("architecture", a, "_", false) }

func checkPart(what, s, also string, version bool) error {
	fault := func(why string) error { return fmt.Errorf("%s %q %s", what, s, why) }
	switch {
	case s == "":
		return errors.New("the " + what + " is empty")
	case len(s) > maxNamePart:
		return fmt.Errorf("%s %q... is longer than %d bytes", what, s[:32], maxNamePart)
	case strings.Contains(s, ".."):
		return fault(`has two dots in a row`)
	case !isAlnum(s[0]) && s[0] != '_' && !(version && (s[0] == '~' || s[0] == '^' || s[0] == '+')):
		return fault("must begin with a letter or a digit")
	}
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && strings.IndexByte(also, s[i]) < 0 {
			return fault(fmt.Sprintf("has %q in it, which is not allowed; letters, digits and %q are", s[i:i+1], also))
		}
	}
	return nil
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
