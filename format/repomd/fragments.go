package repomd

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"sync"

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
	// createrepo_c tells; see AllChangelogs and NoChangelogs.
	Changelogs int
}

// Values of Source.Changelogs.
const (
	AllChangelogs = -1
	NoChangelogs  = -2
)

// Fragments is a package's share of a repository's three files.
type Fragments struct {
	Primary, Filelists, Other []byte
}

// NewFragments makes a package's fragments. It refuses a package whose names
// cannot be told in XML, and one whose header is inconsistent.
func NewFragments(s Source) (*Fragments, error) {
	files, err := s.Package.Header.FileNames()
	if err != nil {
		return nil, err
	}
	m := &maker{Source: s, h: s.Package.Header, files: files}
	m.name, m.arch = m.h.View(rpm.TagName), m.h.View(rpm.TagArch)
	if s.Package.IsSource() {
		m.arch = "src"
	}
	m.look()
	f := new(Fragments)
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for i, part := range []func(*writer) error{m.primary, m.filelists, m.other} {
		w := &writer{b: (*buf)[:0]}
		err := part(w)
		if err == nil {
			err = w.err
		}
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", s.Package.NEVRA(), err)
		}
		*f.of(i) = bytes.Clone(w.b)
		if cap(w.b) <= maxBuffer {
			*buf = w.b
		}
	}
	return f, nil
}

// buffers are what fragments are written to; large ones are not kept.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const maxBuffer = 1 << 20

type maker struct {
	Source
	h          *rpm.Header
	files      *rpm.FileNames
	dirs       []dirLook // of files.Dirs
	name, arch string
}

// dirLook is what a directory says of all files in it.
type dirLook struct {
	plain   bool // its name can be written as it is, and ends with a slash
	primary bool
}

func (m *maker) look() {
	m.dirs = make([]dirLook, len(m.files.Dirs))
	for i, d := range m.files.Dirs {
		m.dirs[i] = dirLook{isPlain(d) && strings.HasSuffix(d, "/"), isPrimary(d)}
	}
}

// isPrimary says whether a file is told in primary.
func (m *maker) isPrimary(i int) bool {
	d := m.files.Dir(i)
	if l := m.dirs[d]; l.plain && strings.IndexByte(m.files.Bases[i], '/') < 0 {
		return l.primary || m.files.Dirs[d] == "/usr/lib/" && m.files.Bases[i] == "sendmail"
	}
	return isPrimary(m.path(i))
}

func (m *maker) path(i int) string { return m.files.Dirs[m.files.Dir(i)] + m.files.Bases[i] }

func (m *maker) version(w *writer) {
	epoch, _ := m.h.Int(rpm.TagEpoch)
	w.raw("  <version")
	w.attr("epoch", strconv.FormatUint(epoch, 10))
	w.attr("ver", w.name("version", m.h.View(rpm.TagVersion)))
	w.attr("rel", w.name("release", m.h.View(rpm.TagRelease)))
	w.raw("/>\n")
}

func (m *maker) primary(w *writer) error {
	str := func(indent, element string, tag rpm.Tag) { w.element(indent, element, m.h.View(tag)) }
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
	for i := range m.files.Bases {
		if m.isPrimary(i) {
			m.file(w, "    ", i)
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

func (m *maker) file(w *writer, indent string, i int) {
	w.b = append(w.b, indent...)
	switch dir, ghost := m.files.Kind(i); {
	case dir:
		w.b = append(w.b, "<file type=\"dir\">"...)
	case ghost:
		w.b = append(w.b, "<file type=\"ghost\">"...)
	default:
		w.b = append(w.b, "<file>"...)
	}
	d := m.files.Dir(i)
	if base := m.files.Bases[i]; m.dirs[d].plain && isPlain(base) {
		w.b = append(append(w.b, m.files.Dirs[d]...), base...)
	} else {
		w.text(w.name("file name", m.path(i)))
	}
	w.b = append(w.b, "</file>\n"...)
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
	for i := range m.files.Bases {
		m.file(w, "  ", i)
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
	limit := cmp.Or(m.Changelogs, 10)
	switch {
	case limit == NoChangelogs:
		changes = nil
	case limit > 0 && len(changes) > limit:
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
