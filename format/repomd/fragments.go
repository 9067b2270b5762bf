package repomd

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kura-build/kura/format/rpm"
)

// Source is what is to be known of a package to list it.
type Source struct {
	Package *rpm.Package
	PkgID   string // checksum of the file, in hex
	// ChecksumType is the kind of the checksum; "" is sha256.
	ChecksumType string
	Size         int64  // of the file
	FileTime     int64  // shown as the file's time; fixed at import, for it is in the fragment
	Href         string // where the file lies, relative to the repository
	// Changelogs is how many of the newest changes are told: 0 is ten, as
	// createrepo_c tells, negative is all.
	Changelogs int
}

// Fragments is a package's share of a repository's three files.
type Fragments struct {
	Primary, Filelists, Other []byte
}

// NewFragments makes a package's fragments. It refuses a package whose names
// cannot be told in XML, and one whose header is inconsistent.
func NewFragments(s Source) (*Fragments, error) {
	files, err := s.Package.Header.Files()
	if err != nil {
		return nil, err
	}
	m := &maker{Source: s, h: s.Package.Header, files: files}
	m.name, m.arch = m.h.String(rpm.TagName), m.h.String(rpm.TagArch)
	if s.Package.IsSource() {
		m.arch = "src"
	}
	f := new(Fragments)
	for _, part := range []struct {
		out  *[]byte
		make func(*writer) error
	}{{&f.Primary, m.primary}, {&f.Filelists, m.filelists}, {&f.Other, m.other}} {
		w := new(writer)
		err := part.make(w)
		if err == nil {
			err = w.err
		}
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", s.Package.NEVRA(), err)
		}
		*part.out = w.b
	}
	return f, nil
}

type maker struct {
	Source
	h          *rpm.Header
	files      []rpm.FileInfo
	name, arch string
}

func (m *maker) version(w *writer) {
	epoch, _ := m.h.Int(rpm.TagEpoch)
	w.raw("  <version")
	w.attr("epoch", strconv.FormatUint(epoch, 10))
	w.attr("ver", w.name("version", m.h.String(rpm.TagVersion)))
	w.attr("rel", w.name("release", m.h.String(rpm.TagRelease)))
	w.raw("/>\n")
}

func (m *maker) primary(w *writer) error {
	str := func(indent, element string, tag rpm.Tag) { w.element(indent, element, m.h.String(tag)) }
	w.raw("<package type=\"rpm\">\n")
	w.element("  ", "name", w.name("name", m.name))
	w.element("  ", "arch", w.name("architecture", m.arch))
	m.version(w)
	w.raw("  <checksum")
	w.attr("type", cmp.Or(m.ChecksumType, "sha256"))
	w.raw(" pkgid=\"YES\">")
	w.text(m.PkgID)
	w.raw("</checksum>\n")
	str("  ", "summary", rpm.TagSummary)
	str("  ", "description", rpm.TagDescription)
	str("  ", "packager", rpm.TagPackager)
	str("  ", "url", rpm.TagURL)
	build, _ := m.h.Int(rpm.TagBuildTime)
	w.b = fmt.Appendf(w.b, "  <time file=\"%d\" build=\"%d\"/>\n", m.FileTime, build)
	w.b = fmt.Appendf(w.b, "  <size package=\"%d\" installed=\"%d\" archive=\"%d\"/>\n", m.Size, m.Package.Size(), m.Package.ArchiveSize())
	w.raw("  <location")
	w.attr("href", w.name("location", m.Href))
	w.raw("/>\n  <format>\n")
	str("    ", "rpm:license", rpm.TagLicense)
	str("    ", "rpm:vendor", rpm.TagVendor)
	str("    ", "rpm:group", rpm.TagGroup)
	str("    ", "rpm:buildhost", rpm.TagBuildHost)
	str("    ", "rpm:sourcerpm", rpm.TagSourceRPM)
	w.b = fmt.Appendf(w.b, "    <rpm:header-range start=\"%d\" end=\"%d\"/>\n", m.Package.HeaderStart, m.Package.HeaderEnd)
	if err := m.dependencies(w); err != nil {
		return err
	}
	for i := range m.files {
		if isPrimary(m.files[i].Path()) {
			m.file(w, "    ", &m.files[i])
		}
	}
	w.raw("  </format>\n</package>\n")
	return nil
}

// isPrimary says whether a path is told in primary: dependencies on such paths
// are resolved without filelists.
func isPrimary(path string) bool {
	return strings.HasPrefix(path, "/etc/") || path == "/usr/lib/sendmail" || strings.Contains(path, "bin/")
}

func (m *maker) file(w *writer, indent string, f *rpm.FileInfo) {
	switch {
	case f.IsDir():
		w.raw(indent + "<file type=\"dir\">")
	case f.IsGhost():
		w.raw(indent + "<file type=\"ghost\">")
	default:
		w.raw(indent + "<file>")
	}
	w.text(w.name("file name", f.Path()))
	w.raw("</file>\n")
}

func (m *maker) head(w *writer) {
	w.raw("<package")
	w.attr("pkgid", m.PkgID)
	w.attr("name", w.name("name", m.name))
	w.attr("arch", w.name("architecture", m.arch))
	w.raw(">\n")
	m.version(w)
}

func (m *maker) filelists(w *writer) error {
	m.head(w)
	for i := range m.files {
		m.file(w, "  ", &m.files[i])
	}
	w.raw("</package>\n")
	return nil
}

func (m *maker) other(w *writer) error {
	m.head(w)
	changes, err := m.h.Changelog()
	if err != nil {
		return err
	}
	limit := m.Changelogs
	if limit == 0 {
		limit = 10
	}
	if limit > 0 && len(changes) > limit {
		changes = changes[:limit]
	}
	spread(changes)
	for i := len(changes) - 1; i >= 0; i-- { // oldest first
		c := changes[i]
		author, _ := clean(c.Author)
		if len(author) > 0 {
			author = author[:1] + strings.TrimRight(author[1:], " ")
		}
		w.raw("  <changelog")
		w.attr("author", author)
		w.attr("date", strconv.FormatInt(c.Time, 10))
		w.raw(">")
		text, _ := clean(c.Text)
		w.text(text)
		w.raw("</changelog>\n")
	}
	w.raw("</package>\n")
	return nil
}

// spread gives changes of one time times of their own: readers sort by it, and
// each older one pushes the newer up by a second.
func spread(changes []rpm.Change) {
	var last int64
	for i := range changes {
		t := changes[i].Time
		if t != last {
			last = t
			continue
		}
		for j := i - 1; j >= 0 && changes[j].Time == t; j-- {
			changes[j].Time++
			t++
		}
	}
}
