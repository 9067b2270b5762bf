package repomd

import (
	"bytes"
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
func (it *Item) SourceName() string { return sourceName(it.Name, it.Arch, it.SourceRPM) }

func sourceName(name, arch, file string) string {
	if arch == "src" || arch == "nosrc" {
		return name
	}
	for range 2 { // the release, the architecture with it; the version
		file = file[:max(strings.LastIndexByte(file, '-'), 0)]
	}
	if file == "" {
		return name
	}
	return file
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
