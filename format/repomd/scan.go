package repomd

import (
	"fmt"
	"io"
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

// Scan reads one of the three files, open already (see Open), and calls f for
// each package. It holds one package at a time.
//
// Nothing that a foreign repository says can reach beyond its package: each Raw
// is a well-formed element by itself, and means the same in any document of its
// kind. A document of which this cannot be said is refused; see packageReader.
func Scan(r io.Reader, kind Kind, f func(*Item) error) error {
	d := &document{source: *newSource(r), kind: kind}
	open, err := d.prolog()
	if err == nil && open {
		err = d.packages(f)
	}
	if err == nil {
		err = d.epilog()
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", kind, err)
	}
	return nil
}

// packages reads all of them.
func (d *document) packages(f func(*Item) error) error {
	p := &packageReader{kind: d.kind, tag: tag{rpm: d.rpm}}
	for n := 1; ; n++ {
		if err := d.take(between); err != nil {
			return err
		}
		if d.bytes()[1] == '/' {
			return nil
		}
		end := 0
		err := d.take(func(b []byte) (_ int, err error) {
			end, err = p.read(b)
			return 0, err
		})
		var it *Item
		if err == nil && end > maxItem {
			err = fmt.Errorf("it is longer than %d bytes", maxItem)
		}
		if err == nil {
			it, err = p.item()
		}
		if err != nil {
			_, _ = p.read(d.bytes()) // its name may have moved
			return fmt.Errorf("package %d, %q: %w", n, p.texts[inName], err)
		}
		if err := d.give(it, end, f); err != nil {
			return err
		}
	}
}

// give gives a package away. The newline is put where the next byte is, if that
// is another: there is room for it always.
func (d *document) give(it *Item, end int, f func(*Item) error) error {
	end += d.start
	next := d.buf[end]
	d.buf[end] = '\n'
	it.Raw = d.buf[d.start : end+1 : end+1]
	err := f(it)
	d.buf[end] = next
	d.start = end
	return err
}
