package rpm

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// EVR is what versions are compared by.
type EVR struct {
	Epoch            uint32
	Version, Release string
}

// ParseEVR splits [epoch:]version[-release] as rpm does: what stands before a
// colon is an epoch only if it is a number, or nothing at all, which is 0.
func ParseEVR(s string) EVR {
	var e EVR
	if epoch, rest, found := strings.Cut(s, ":"); found && strings.Trim(epoch, "0123456789") == "" {
		n, err := strconv.ParseUint(or(epoch, "0"), 10, 32)
		if err != nil {
			n = math.MaxUint32
		}
		e.Epoch, s = uint32(n), rest
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		e.Version, e.Release = s[:i], s[i+1:]
	} else {
		e.Version = s
	}
	return e
}

// Compare orders as rpm does: epoch, version, release.
func (e EVR) Compare(o EVR) int {
	if c := cmp.Compare(e.Epoch, o.Epoch); c != 0 {
		return c
	}
	if c := CompareVersions(e.Version, o.Version); c != 0 {
		return c
	}
	return CompareVersions(e.Release, o.Release)
}

// CompareVersions orders two versions, or two releases, as rpm does: -1, 0, 1.
// Runs of digits compare as numbers, runs of letters as text, a number is newer
// than letters; "~" sorts before the end of a version, "^" just after it; all
// else only separates.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	for a != "" || b != "" {
		a, b = trimSeparators(a), trimSeparators(b)
		if strings.HasPrefix(a, "~") || strings.HasPrefix(b, "~") {
			switch {
			case !strings.HasPrefix(a, "~"):
				return 1
			case !strings.HasPrefix(b, "~"):
				return -1
			}
			a, b = a[1:], b[1:]
			continue
		}
		if strings.HasPrefix(a, "^") || strings.HasPrefix(b, "^") {
			switch {
			case a == "":
				return -1
			case b == "":
				return 1
			case a[0] != '^':
				return 1
			case b[0] != '^':
				return -1
			}
			a, b = a[1:], b[1:]
			continue
		}
		if a == "" || b == "" {
			break
		}
		class, number := isAlpha, isDigit(a[0])
		if number {
			class = isDigit
		}
		var sa, sb string
		sa, a = segment(a, class)
		sb, b = segment(b, class)
		if sb == "" {
			if number {
				return 1
			}
			return -1
		}
		if number {
			sa, sb = strings.TrimLeft(sa, "0"), strings.TrimLeft(sb, "0")
			if c := cmp.Compare(len(sa), len(sb)); c != 0 {
				return c
			}
		}
		if c := strings.Compare(sa, sb); c != 0 {
			return c
		}
	}
	return cmp.Compare(min(len(a), 1), min(len(b), 1))
}

func trimSeparators(s string) string {
	for s != "" && !isAlnum(s[0]) && s[0] != '~' && s[0] != '^' {
		s = s[1:]
	}
	return s
}

func segment(s string, class func(byte) bool) (run, rest string) {
	i := 0
	for i < len(s) && class(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return isAlnum(c) && !isDigit(c) }
