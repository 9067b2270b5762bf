package account

import (
	"strings"

	"github.com/kura-build/kura"
)

// MaxName is the longest name of a record, in bytes.
const MaxName = 256

// CheckName says whether a tag, target, channel, group or the like may have a
// name: letters, digits and / _ . + - only, and no part of a path that leads elsewhere.
func CheckName(name string) error { return check("account.CheckName", name, "/_.+-") }

// CheckUserName says whether a user or a principal may have a name: letters,
// digits and / _ . @ - only.
func CheckUserName(name string) error { return check("account.CheckUserName", name, "/_.@-") }

func check(op, name, extra string) error {
	if name == "" {
		return kura.Errorf(op, kura.Invalid, "a name must not be empty")
	}
	if len(name) > MaxName {
		return kura.Errorf(op, kura.Invalid, "Name %.40s… is too long. Max length is %d characters", name, MaxName)
	}
	for i := range len(name) {
		if !allowed(name[i], extra) {
			return kura.Errorf(op, kura.Invalid, "Name %q may hold only letters, digits and %s", name, extra)
		}
	}
	// Names become paths: repos/TAG/…
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return kura.Errorf(op, kura.Invalid, "Name %q has an empty or dotted part between its slashes: name it otherwise", name)
		}
	}
	return nil
}

func allowed(c byte, extra string) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	for i := range len(extra) {
		if c == extra[i] {
			return true
		}
	}
	return false
}
