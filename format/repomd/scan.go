package repomd

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Item is a package as one of the three files lists it.
type Item struct {
	// Raw is the element with a newline behind: a fragment that can be joined
	// again. It is good until the next item.
	Raw []byte

	PkgID, Name, Arch       string
	Epoch, Version, Release string

	// Of primary only.
	ChecksumType       string
	Summary            string
	SourceRPM          string
	Href, Base         string
	Size               int64
	FileTime           int64
	BuildTime          int64
	HeaderStart        int64
	HeaderEnd          int64
	Installed          int64
	Provides, Requires []string // names
}

// Scan reads one of the three files, open already (see Open), and calls f for
// each package. It holds one package at a time.
func Scan(r io.Reader, kind Kind, f func(*Item) error) error {
	x := newReader(r, maxOpen)
	root, ns := kind.root()
	err := x.root(root, ns)
	x.src.restart(x.dec.InputOffset())
	for err == nil {
		var t xml.Token
		if t, err = x.next(); err != nil {
			break
		}
		if s, ok := t.(xml.StartElement); ok {
			if s.Name.Local != "package" {
				err = fmt.Errorf("it has <%s> where a package should be", s.Name.Local)
				break
			}
			var it *Item
			if it, err = x.item(s, kind); err == nil {
				err = f(it)
			}
		}
		x.src.restart(x.dec.InputOffset())
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("reading %s: %w", kind, err)
}

func (x *reader) item(s xml.StartElement, kind Kind) (*Item, error) {
	it := &Item{PkgID: attr(s, "pkgid"), Name: attr(s, "name"), Arch: attr(s, "arch")}
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if kind == Primary || t.Name.Local == "version" {
				err = x.field(it, t)
			}
		case xml.EndElement:
			if x.depth < depth {
				it.Raw = append(x.src.kept, '\n')
				return it, it.check(kind)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("package %q: %w", it.Name, err)
		}
	}
}

func (it *Item) check(kind Kind) error {
	if it.PkgID == "" || it.Name == "" || it.Arch == "" {
		return fmt.Errorf("package %q of architecture %q lacks its name, architecture or checksum", it.Name, it.Arch)
	}
	if kind == Primary {
		if err := checkHref(it.Href); err != nil {
			return fmt.Errorf("package %q: %w", it.Name, err)
		}
	}
	return nil
}

// field reads a field of primary.
func (x *reader) field(it *Item, s xml.StartElement) (err error) {
	number := func(name string, into *int64) {
		if v := attr(s, name); v != "" && err == nil {
			*into, err = strconv.ParseInt(v, 10, 64)
		}
	}
	switch s.Name.Local {
	case "name":
		it.Name, err = x.text()
	case "arch":
		it.Arch, err = x.text()
	case "version":
		it.Epoch, it.Version, it.Release = attr(s, "epoch"), attr(s, "ver"), attr(s, "rel")
	case "checksum":
		it.ChecksumType = attr(s, "type")
		it.PkgID, err = x.text()
	case "summary":
		it.Summary, err = x.text()
	case "sourcerpm":
		it.SourceRPM, err = x.text()
	case "time":
		number("file", &it.FileTime)
		number("build", &it.BuildTime)
	case "size":
		number("package", &it.Size)
		number("installed", &it.Installed)
	case "header-range":
		number("start", &it.HeaderStart)
		number("end", &it.HeaderEnd)
	case "location":
		it.Href, it.Base = attr(s, "href"), attr(s, "base")
	case "provides":
		it.Provides, err = x.entries()
	case "requires":
		it.Requires, err = x.entries()
	}
	return err
}

func (x *reader) entries() (names []string, err error) {
	for depth := x.depth; ; {
		t, err := x.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			names = append(names, attr(t, "name"))
		case xml.EndElement:
			if x.depth < depth {
				return names, nil
			}
		}
	}
}
