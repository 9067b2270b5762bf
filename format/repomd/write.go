package repomd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
)

// Output is where the files of a repository go. It is asked for simple names
// ("primary.xml.gz", "repomd.xml" last); under which href clients ask for each
// is known when it is written, see Data.
type Output interface {
	Create(name string) (io.WriteCloser, error)
}

// Paster is a file of an output that can take over a part of a base's file
// instead of being written it; where it cannot, it says errors.ErrUnsupported.
// What is pasted is read first, and found to be what was written, except at the
// beginning of a file whose checksum goes on from the base's.
type Paster interface {
	Paste(from *Indexed, kind Kind, offset, size int64) error
}

// IndexKind is the kind of an index, for Paste.
const IndexKind Kind = "index"

// Extra is a further file: updateinfo, modules, productid and the like.
type Extra struct {
	Type    string // "updateinfo"
	Name    string // "updateinfo.xml"
	Content []byte
	Plain   bool // do not compress
	Gzip    bool // whatever the others are: its readers know no other
	// Kept is what repomd.xml is to say of a file that is passed through as it
	// is: Content are its very bytes.
	Kept *Data
}

// Options say how a repository is written.
type Options struct {
	Compression Compression
	// ExtraCompression is that of the files beside the lists; "" is the same.
	ExtraCompression Compression
	Checksum         string // of the files, see NewHash
	OpenChecksums    bool
	SimpleNames      bool   // else names begin with the checksum, so that caches never mix versions
	Revision         string // "" is the timestamp
	Timestamp        int64
	Comps            []byte // comps.xml; it is written as it is, and compressed too
	Extra            []Extra
	Tags             Tags
	// GroupSize is how many packages are compressed together, on average; 0 is
	// 256. Fewer cost less when one of them goes, and give larger files.
	GroupSize int
	Quick     bool // compress less well, in half the time
	// Bases are earlier repositories, made by Write, from which groups and
	// packages are taken; the first that has one is asked.
	Bases []*Indexed
	// Progress is told of packages whose group was made, from several
	// goroutines.
	Progress func(packages int)

	hash func() hash.Hash
}

// Tags describe a repository in repomd.xml.
type Tags struct {
	Content, Repo []string
	Distro        []DistroTag
}

// DistroTag names a distribution, with its CPE if it has one.
type DistroTag struct{ CPE, Text string }

// Write writes a whole repository and ends with repomd.xml. The index makes
// later ones cheap. With a LoadError or a BaseError it was not written.
func Write(ctx context.Context, out Output, list *List, o Options) (*Repomd, *Index, error) {
	if o.Compression == "" {
		o.Compression = Gzip
	}
	if o.ExtraCompression == "" {
		o.ExtraCompression = o.Compression
	}
	o.GroupSize = cmp.Or(o.GroupSize, defaultGroup)
	c, err := NewCompressor(o.ExtraCompression, false)
	if err == nil {
		_, err = NewCompressor(o.Compression, false)
	}
	if err != nil {
		return nil, nil, err
	}
	if o.hash, err = NewHash(o.Checksum); err != nil {
		return nil, nil, err
	}
	md := &Repomd{Revision: o.Revision, Tags: o.Tags}
	if md.Revision == "" {
		md.Revision = fmt.Sprint(o.Timestamp)
	}
	j := newJoin(ctx, list, o)
	data, err := j.run(out)
	if err != nil {
		return nil, nil, fmt.Errorf("writing repository metadata: %w", err)
	}
	for i, d := range data {
		md.add(d, o)
		j.index.Hrefs[i] = md.Data[i].Href
	}
	if len(j.failed) > 0 {
		return nil, j.index, &LoadError{j.failed}
	}
	if err := writeExtras(out, o, c, md); err != nil {
		return nil, nil, err
	}
	w, err := out.Create("repomd.xml")
	if err != nil {
		return nil, nil, err
	}
	_, err = w.Write(md.Marshal())
	return md, j.index, errors.Join(err, w.Close())
}

func writeExtras(out Output, o Options, c *Compressor, md *Repomd) error {
	extra := o.Extra
	if o.Comps != nil {
		gz := Extra{Type: "group", Name: "comps.xml", Content: o.Comps}
		plain := gz
		plain.Plain = true
		extra = append([]Extra{plain}, extra...)
		if c.kind != None {
			gz.Type = "group_" + c.kind.Ext()[1:]
			extra = append(extra[:1:1], append([]Extra{gz}, extra[1:]...)...)
		}
	}
	for _, e := range extra {
		if err := writeExtra(out, e, o, c, md); err != nil {
			return fmt.Errorf("writing repository metadata: %s: %w", e.Type, err)
		}
	}
	return nil
}

func writeExtra(out Output, e Extra, o Options, c *Compressor, md *Repomd) error {
	if e.Kept != nil {
		return keepExtra(out, e, md)
	}
	switch {
	case e.Plain:
		c = &Compressor{kind: None}
	case e.Gzip:
		var err error
		if c, err = NewCompressor(Gzip, false); err != nil {
			return err
		}
	}
	name := e.Name + c.kind.Ext()
	w, err := out.Create(name)
	if err != nil {
		return err
	}
	defer w.Close()
	s := newStream(w, o.hash, o.OpenChecksums && !e.Plain)
	f, err := c.Frame(e.Content, nil)
	if err != nil {
		return err
	}
	s.opened(e.Content)
	if err := s.frame(f, int64(len(e.Content)), false); err != nil {
		return err
	}
	d := s.data()
	d.Type, d.Name = e.Type, name
	md.add(d, o)
	return w.Close()
}

// keepExtra passes a file through.
func keepExtra(out Output, e Extra, md *Repomd) error {
	d := *e.Kept
	d.Name = path.Base(d.Href)
	d.Href = "repodata/" + d.Name
	w, err := out.Create(d.Name)
	if err != nil {
		return err
	}
	_, err = w.Write(e.Content)
	md.Data = append(md.Data, d)
	return errors.Join(err, w.Close())
}

func (md *Repomd) add(d Data, o Options) {
	d.Timestamp, d.ChecksumType = o.Timestamp, o.Checksum
	d.Href = "repodata/" + d.Name
	if !o.SimpleNames {
		d.Href = "repodata/" + d.Checksum + "-" + d.Name
	}
	if d.OpenChecksum == "" {
		d.OpenSize = 0
	}
	md.Data = append(md.Data, d)
}
