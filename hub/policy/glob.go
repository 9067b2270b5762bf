package policy

import "strings"

// Match reports whether a glob matches all of s. * and ? match anything, a
// slash too; [a-z] and [!a-z] match one character.
func Match(glob, s string) bool {
	// The usual backtracking: only the last * is ever tried again.
	g, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		if g < len(glob) {
			if glob[g] == '*' {
				star, from = g, i
				g++
				continue
			}
			if width, ok := one(glob[g:], s[i]); ok {
				g += width
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		g, i = star+1, from
	}
	return strings.Trim(glob[g:], "*") == ""
}

// one matches a single character and gives the length of what matched it.
func one(glob string, c byte) (int, bool) {
	switch glob[0] {
	case '?':
		return 1, true
	case '[':
		end := classEnd(glob)
		if end < 0 {
			return 1, c == '['
		}
		return end + 1, inClass(glob[1:end], c)
	}
	return 1, glob[0] == c
}

// classEnd finds the ] of a class; one right at its start is a member.
func classEnd(glob string) int {
	i := 1
	if i < len(glob) && glob[i] == '!' {
		i++
	}
	if i < len(glob) && glob[i] == ']' {
		i++
	}
	if i >= len(glob) {
		return -1
	}
	end := strings.IndexByte(glob[i:], ']')
	if end < 0 {
		return -1
	}
	return i + end
}

func inClass(class string, c byte) bool {
	negate := class[0] == '!'
	if negate {
		class = class[1:]
	}
	in := false
	for i := 0; i < len(class); i++ {
		if i+2 < len(class) && class[i+1] == '-' {
			in = in || class[i] <= c && c <= class[i+2]
			i += 2
			continue
		}
		in = in || class[i] == c
	}
	return in != negate
}

func matchAny(globs []string, s string) bool {
	for _, g := range globs {
		if Match(g, s) {
			return true
		}
	}
	return false
}
