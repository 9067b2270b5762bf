package repomd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Item is a package as one of the three files lists it.
type Item struct {
	// Raw is the element with a newline behind: a fragment that can be joined
	// again. It is good until the next item.
	Raw []byte

	PkgID, Name, Arch       string
	Epoch, Version, Release string

	// Of primary only.
	ChecksumType string
	Summary      string
	SourceRPM    string
	Href, Base   string
	Size         int64
	FileTime     int64
	BuildTime    int64
	HeaderStart  int64
	HeaderEnd    int64
	Installed    int64
}

// Provides gives the names of what the package provides, in primary. It reads
// them from Raw.
func (it *Item) Provides() []string { return entries(it.Raw, "rpm:provides") }

// Requires gives the names of what the package requires, in primary. It reads
// them from Raw.
func (it *Item) Requires() []string { return entries(it.Raw, "rpm:requires") }

// SourceName is the name of the source package, in primary: the package's own if
// it is one, or says of none.
func (it *Item) SourceName() string {
	s := it.SourceRPM
	if it.Arch == "src" || it.Arch == "nosrc" {
		s = ""
	}
	for range 2 { // the release, the architecture with it; the version
		s = s[:max(strings.LastIndexByte(s, '-'), 0)]
	}
	if s == "" {
		return it.Name
	}
	return s
}

// Relocate is Relocate for a foreign fragment of primary, which may have a base
// already, and its location anywhere and written in any way.
func (it *Item) Relocate(base, href string) (out []byte, err error) {
	err = errors.New("the fragment of primary has no location")
	walk(it.Raw, func(t *tag, depth, begin, end int) bool {
		if depth != 1 || string(t.name) != "location" {
			return true
		}
		w := &writer{b: append(make([]byte, 0, len(it.Raw)+len(base)+len(href)+32), it.Raw[:begin]...)}
		w.raw("<location")
		if base != "" {
			w.attr("xml:base", w.name("base", base))
		}
		for _, a := range t.attrs {
			switch {
			case string(a.name) == "xml:base":
			case string(a.name) == "href" && href != "":
				w.attr("href", w.name("location", href))
			default:
				w.attr(string(a.name), a.String())
			}
		}
		if t.empty {
			w.raw("/")
		}
		w.raw(">")
		out, err = append(w.b, it.Raw[end:]...), w.err
		return false
	})
	if err != nil {
		return nil, fmt.Errorf("package %q: %w", brief(it.Name), err)
	}
	return out, nil
}

// entries gives the names in a list of dependencies.
func entries(raw []byte, list string) (names []string) {
	format, in := false, false
	walk(raw, func(t *tag, depth, _, _ int) bool {
		switch {
		case depth == 1:
			format, in = string(t.name) == "format", false
		case depth == 2:
			in = format && string(t.name) == list
		case depth == 3 && in && string(t.name) == "rpm:entry":
			names = append(names, t.get("name").String())
		}
		return true
	})
	return names
}

// walk visits the start tags of a package that was read, in which each "<"
// begins a tag. Bytes that changed since then end it.
func walk(raw []byte, visit func(t *tag, depth, begin, end int) bool) {
	t := &tag{rpm: true}
	depth := 0
	for i := 0; ; {
		next := bytes.IndexByte(raw[i:], '<')
		if next < 0 {
			return
		}
		i += next
		if bytes.HasPrefix(raw[i:], []byte("</")) {
			depth--
			i++
			continue
		}
		end, err := t.start(raw, i+1)
		if err != nil || !visit(t, depth, i, end) {
			return
		}
		if !t.empty {
			depth++
		}
		i = end
	}
}
