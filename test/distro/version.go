package distro

import "strings"

// evr is a version in RPM's three parts. Epoch "" and "0" mean the same.
type evr struct{ epoch, version, release string }

func (v evr) String() string {
	s := v.version
	if v.release != "" {
		s += "-" + v.release
	}
	if v.epoch != "" && v.epoch != "0" {
		s = v.epoch + ":" + s
	}
	return s
}

// convertVersion turns a Debian version into RPM's parts. A version without a
// Debian revision gets the release 0.
func convertVersion(deb string) evr {
	v := splitVersion(deb)
	if v.release == "" {
		v.release = "0"
	}
	return v
}

// convertBound is convertVersion for the bound of a dependency: without a
// revision there is no release, so that any release meets it.
func convertBound(deb string) evr {
	v := splitVersion(deb)
	if v.release == "." {
		v.release = "99999" // "<< 1.2-." is Debian for: any revision of 1.2
	}
	return v
}

func splitVersion(deb string) evr {
	var v evr
	if epoch, rest, ok := strings.Cut(deb, ":"); ok {
		v.epoch, deb = epoch, rest
	}
	v.version = deb
	if i := strings.LastIndexByte(deb, '-'); i >= 0 {
		v.version, v.release = deb[:i], deb[i+1:]
	}
	v.version, v.release = rpmChars(v.version), rpmChars(v.release)
	return v
}

// rpmChars replaces what an RPM version may not hold (the hyphen above all).
func rpmChars(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._+~^", r):
			return r
		}
		return '_'
	}, s)
}
