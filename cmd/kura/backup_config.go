package main

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	tomlSection = regexp.MustCompile(`^\s*\[\s*([A-Za-z0-9_.-]+)\s*\]\s*(?:#.*)?$`)
	tomlKey     = regexp.MustCompile(`^\s*([A-Za-z0-9_-]+)\s*=`)
)

// findKey gives the line of a key of a configuration, or -1, and the line of
// its section, or -1. It knows the shape that people write; whoever uses what
// it found checks the outcome with the real reader.
func findKey(lines []string, section, key string) (at, head int) {
	at, head = -1, -1
	now := ""
	for i, line := range lines {
		if m := tomlSection.FindStringSubmatch(line); m != nil {
			if now = m[1]; now == section {
				head = i
			}
		} else if m := tomlKey.FindStringSubmatch(line); m != nil && now == section && m[1] == key {
			at = i
		}
	}
	return at, head
}

func hasKey(text, section, key string) bool {
	at, _ := findKey(strings.Split(text, "\n"), section, key)
	return at >= 0
}

// setKey sets a key of a configuration and leaves all else as it was written,
// with its comments.
func setKey(text, section, key, value string) string {
	lines := strings.Split(text, "\n")
	line := key + " = " + strconv.Quote(value)
	at, head := findKey(lines, section, key)
	switch {
	case at >= 0:
		lines[at] = line
	case section == "":
		lines = append([]string{line}, lines...)
	case head >= 0:
		lines = append(lines[:head+1], append([]string{line}, lines[head+1:]...)...)
	default:
		lines = append(lines, "["+section+"]", line, "")
	}
	return strings.Join(lines, "\n")
}
