package repomd

import (
	"bytes"
	"errors"
	"slices"
)

// Relocate gives a fragment of primary with another place of the package: an
// href, and an xml:base unless that is "". The fragment is well-formed, ours or
// one that Scan gave.
func Relocate(primary []byte, base, href string) ([]byte, error) {
	start, end, err := findLocation(primary)
	if err != nil {
		return nil, err
	}
	w := &writer{b: make([]byte, 0, len(primary)+len(base)+len(href)+16)}
	w.b = append(w.b, primary[:start]...)
	w.raw("<location")
	if base != "" {
		w.attr("xml:base", w.name("base", base))
	}
	w.attr("href", w.name("location", href))
	if primary[end-1] == '/' {
		w.raw("/")
	}
	w.b = append(w.b, primary[end:]...)
	return w.b, w.err
}

var errNoLocation = errors.New("the fragment of primary has no location")

// findLocation gives where the start tag of a package's location begins, and
// where its ">" stands.
func findLocation(b []byte) (start, end int, err error) {
	depth := 0
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			return 0, 0, errNoLocation
		}
		at += i
		skip := ""
		switch rest := b[at:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			skip = "-->"
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			skip = "]]>"
		case bytes.HasPrefix(rest, []byte("<?")):
			skip = "?>"
		}
		if skip != "" {
			i := bytes.Index(b[at:], []byte(skip))
			if i < 0 {
				return 0, 0, errNoLocation
			}
			at += i + len(skip)
			continue
		}
		i = tagEnd(b[at:])
		if i < 0 {
			return 0, 0, errNoLocation
		}
		tag := b[at : at+i]
		switch {
		case bytes.HasPrefix(tag, []byte("</")):
			depth--
		case depth == 1 && isTag(tag, "location"):
			return at, at + i, nil
		case tag[len(tag)-1] != '/':
			depth++
		}
		at += i
	}
}

// tagEnd gives where the ">" of the tag stands that b begins with. Values may
// hold others.
func tagEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '>':
			return i
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], b[i])
			if n < 0 {
				return -1
			}
			i += n + 1
		}
	}
	return -1
}

func isTag(tag []byte, name string) bool {
	rest, ok := bytes.CutPrefix(tag[1:], []byte(name))
	return ok && (len(rest) == 0 || slices.Contains([]byte(" \t\r\n/"), rest[0]))
}
