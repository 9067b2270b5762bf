package repomd

import (
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
)

// Output is where the files of a repository go. It is asked for simple names
// ("primary.xml.gz", "repomd.xml" last); under which href clients ask for each
// is known when it is written, see Data.
type Output interface {
	Create(name string) (io.WriteCloser, error)
}

// Package is a package to be listed.
type Package struct {
	Name string // groups are cut by it
	Fragments
	Base string // xml:base, if it lies elsewhere
	Href string // in place of the fragment's own, unless ""
}

// Extra is a further file: updateinfo, modules, productid and the like.
type Extra struct {
	Type    string // "updateinfo"
	Name    string // "updateinfo.xml"
	Content []byte
	Plain   bool // do not compress
}

// Options say how a repository is written.
type Options struct {
	Packages      int // how many will come
	Compression   Compression
	OpenChecksums bool
	SimpleNames   bool   // else names begin with the checksum, so that caches never mix versions
	Revision      string // "" is the timestamp
	Timestamp     int64
	Comps         []byte // comps.xml; it is written as it is, and compressed too
	Extra         []Extra
	Tags          Tags
}

// Tags describe a repository in repomd.xml.
type Tags struct {
	Content, Repo []string
	Distro        []DistroTag
}

// DistroTag names a distribution, with its CPE if it has one.
type DistroTag struct{ CPE, Text string }

// Write writes a whole repository from packages in the order in which they
// come, and ends with repomd.xml.
func Write(out Output, packages iter.Seq2[Package, error], o Options) (*Repomd, error) {
	c, err := NewCompressor(o.Compression)
	if err != nil {
		return nil, err
	}
	o.Compression = c.kind
	md := &Repomd{Revision: o.Revision, Tags: o.Tags}
	if md.Revision == "" {
		md.Revision = fmt.Sprint(o.Timestamp)
	}
	if err := writeLists(out, packages, o, c, md); err != nil {
		return nil, fmt.Errorf("writing repository metadata: %w", err)
	}
	extra := o.Extra
	if o.Comps != nil {
		gz := Extra{Type: "group", Name: "comps.xml", Content: o.Comps}
		plain := gz
		plain.Plain = true
		extra = append([]Extra{plain}, extra...)
		if o.Compression != None {
			gz.Type = "group_" + o.Compression.Ext()[1:]
			extra = append(extra[:1:1], append([]Extra{gz}, extra[1:]...)...)
		}
	}
	for _, e := range extra {
		if err := writeExtra(out, e, o, c, md); err != nil {
			return nil, fmt.Errorf("writing repository metadata: %s: %w", e.Type, err)
		}
	}
	w, err := out.Create("repomd.xml")
	if err != nil {
		return nil, err
	}
	_, err = w.Write(md.Marshal())
	return md, errors.Join(err, w.Close())
}

func writeExtra(out Output, e Extra, o Options, c *Compressor, md *Repomd) error {
	if e.Plain {
		c = &Compressor{kind: None}
	}
	name := e.Name + c.kind.Ext()
	w, err := out.Create(name)
	if err != nil {
		return err
	}
	defer w.Close()
	s := NewStream(w, o.OpenChecksums && !e.Plain)
	f, err := c.Frame(e.Content)
	if err != nil {
		return err
	}
	if err := s.Frame(f, e.Content); err != nil {
		return err
	}
	md.add(e.Type, name, s, o)
	return w.Close()
}

func (md *Repomd) add(kind, name string, s *Stream, o Options) {
	d := s.Data()
	d.Type, d.Name, d.Timestamp = kind, name, o.Timestamp
	d.Href = "repodata/" + name
	if !o.SimpleNames {
		d.Href = "repodata/" + d.Checksum + "-" + name
	}
	if d.OpenChecksum == "" {
		d.OpenSize = 0
	}
	md.Data = append(md.Data, d)
}

// list is one of the three files while it is written.
type list struct {
	kind   Kind
	name   string
	w      io.WriteCloser
	stream *Stream
	group  []byte
}

// flush ends the frame.
func (l *list) flush(c *Compressor) error {
	if len(l.group) == 0 {
		return nil
	}
	f, err := c.Frame(l.group)
	if err != nil {
		return err
	}
	err = l.stream.Frame(f, l.group)
	l.group = l.group[:0]
	return err
}

func writeLists(out Output, packages iter.Seq2[Package, error], o Options, c *Compressor, md *Repomd) (err error) {
	var lists []*list
	defer func() {
		for _, l := range lists {
			if e := l.w.Close(); err == nil {
				err = e
			}
		}
	}()
	for _, kind := range []Kind{Primary, Filelists, Other} {
		l := &list{kind: kind, name: string(kind) + ".xml" + o.Compression.Ext(), group: kind.Head(o.Packages)}
		if l.w, err = out.Create(l.name); err != nil {
			return err
		}
		lists = append(lists, l)
		l.stream = NewStream(l.w, o.OpenChecksums)
		if err := l.flush(c); err != nil {
			return err
		}
	}
	n, inGroup := 0, 0
	for p, err := range packages {
		if err != nil {
			return err
		}
		if p.Base != "" || p.Href != "" {
			if p.Primary, err = Relocate(p.Primary, p.Base, p.Href); err != nil {
				return fmt.Errorf("package %s: %w", p.Name, err)
			}
		}
		if inGroup > 0 && (inGroup >= maxGroup || Border(p.Name)) {
			inGroup = 0
		}
		for i, content := range [][]byte{p.Primary, p.Filelists, p.Other} {
			if inGroup == 0 {
				if err := lists[i].flush(c); err != nil {
					return err
				}
			}
			lists[i].group = append(lists[i].group, content...)
		}
		n++
		inGroup++
	}
	if n != o.Packages {
		return fmt.Errorf("%d packages were announced, %d came", o.Packages, n)
	}
	for _, l := range lists {
		if err := l.flush(c); err != nil {
			return err
		}
		l.group = l.kind.Tail()
		if err := l.flush(c); err != nil {
			return err
		}
		md.add(string(l.kind), l.name, l.stream, o)
	}
	return nil
}

const (
	groupSize = 64  // packages in a group, on average
	maxGroup  = 256 // at most
)

// Border says whether a group of packages, compressed to a frame of its own,
// begins with a package of this name. Since it asks the name alone, a package
// that comes or goes changes one group and leaves the others as they are.
func Border(name string) bool {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name)
	return h.Sum32()%groupSize == 0
}

// Marshal is repomd.xml.
func (md *Repomd) Marshal() []byte {
	w := new(writer)
	w.raw(xml.Header + "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n")
	w.element("  ", "revision", md.Revision)
	md.tags(w)
	for _, d := range md.Data {
		sum := d.ChecksumType
		if sum == "" {
			sum = "sha256"
		}
		w.raw("  <data")
		w.attr("type", d.Type)
		w.raw(">\n    <checksum")
		w.attr("type", sum)
		w.raw(">" + d.Checksum + "</checksum>\n")
		if d.OpenChecksum != "" {
			w.raw("    <open-checksum")
			w.attr("type", sum)
			w.raw(">" + d.OpenChecksum + "</open-checksum>\n")
		}
		w.raw("    <location")
		w.attr("href", d.Href)
		w.b = fmt.Appendf(w.b, "/>\n    <timestamp>%d</timestamp>\n    <size>%d</size>\n", d.Timestamp, d.Size)
		if d.OpenChecksum != "" {
			w.b = fmt.Appendf(w.b, "    <open-size>%d</open-size>\n", d.OpenSize)
		}
		if d.Database != 0 {
			w.b = fmt.Appendf(w.b, "    <database_version>%d</database_version>\n", d.Database)
		}
		w.raw("  </data>\n")
	}
	w.raw("</repomd>\n")
	return w.b
}

func (md *Repomd) tags(w *writer) {
	t := md.Tags
	if len(t.Content)+len(t.Repo)+len(t.Distro) == 0 {
		return
	}
	w.raw("  <tags>\n")
	for _, s := range t.Content {
		w.element("    ", "content", s)
	}
	for _, s := range t.Repo {
		w.element("    ", "repo", s)
	}
	for _, d := range t.Distro {
		w.raw("    <distro")
		if d.CPE != "" {
			w.attr("cpeid", d.CPE)
		}
		w.raw(">")
		w.text(d.Text)
		w.raw("</distro>\n")
	}
	w.raw("  </tags>\n")
}
