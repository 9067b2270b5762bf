package file

import (
	"strings"
	"unicode/utf8"

	"github.com/kura-build/kura"
)

// Check refuses what is no path of the tree: absolute or empty ones, ".",
// "..", empty parts, control characters, invalid UTF-8, over-long parts.
func Check(path string) error {
	if path == "" || len(path) > 2048 {
		return kura.Errorf("file.Check", kura.Invalid, "path of %d characters: it must have between 1 and 2048", len(path))
	}
	if !utf8.ValidString(path) {
		return kura.Errorf("file.Check", kura.Invalid, "path %q is not UTF-8", path)
	}
	for part := range strings.SplitSeq(path, "/") {
		if err := CheckName(part); err != nil {
			return kura.Errorf("file.Check", kura.Invalid, "path %q: %v", path, err)
		}
	}
	return nil
}

// CheckName refuses what is no name within a directory.
func CheckName(name string) error {
	const op = "file.CheckName"
	switch {
	case name == "" || name == "." || name == "..":
		return kura.Errorf(op, kura.Invalid, "%q is not a file name", name)
	case len(name) > 255:
		return kura.Errorf(op, kura.Invalid, "a file name has at most 255 bytes, this one has %d", len(name))
	case strings.ContainsRune(name, '/'):
		return kura.Errorf(op, kura.Invalid, "%q: a file name holds no /", name)
	}
	for _, r := range name {
		if r < 0x20 || r == 0x7f || r == utf8.RuneError {
			return kura.Errorf(op, kura.Invalid, "%q: a file name holds no control characters", name)
		}
	}
	return nil
}

// Split cuts a checked path into its directory ("" for the top) and its name.
func Split(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// Join puts parts together; empty ones vanish. It checks nothing.
func Join(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		b.WriteString(p)
	}
	return b.String()
}

// relative resolves a link's target against the directory it stands in. It
// gives false for a target that leaves the tree.
func relative(dir, target string) (string, bool) {
	var parts []string
	if dir != "" {
		parts = strings.Split(dir, "/")
	}
	for p := range strings.SplitSeq(target, "/") {
		switch p {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				return "", false
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "/"), true
}
