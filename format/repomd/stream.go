package repomd

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Kind is one of the three files that list packages.
type Kind string

// The kinds.
const (
	Primary   Kind = "primary"
	Filelists Kind = "filelists"
	Other     Kind = "other"
)

// Head is what stands before the first package. The number is of little use to
// readers, but it is told.
func (k Kind) Head(packages int) []byte {
	root, ns := k.root()
	if k == Primary {
		ns += `" xmlns:rpm="http://linux.duke.edu/metadata/rpm`
	}
	return fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"%s\" packages=\"%d\">\n", root, ns, packages)
}

// Tail is what stands after the last package.
func (k Kind) Tail() []byte {
	root, _ := k.root()
	return []byte("</" + root + ">\n")
}

func (k Kind) root() (element, namespace string) {
	switch k {
	case Primary:
		return "metadata", "http://linux.duke.edu/metadata/common"
	case Filelists:
		return "filelists", "http://linux.duke.edu/metadata/filelists"
	}
	return "otherdata", "http://linux.duke.edu/metadata/other"
}

// Data is a file of a repository, as repomd.xml tells of it.
type Data struct {
	Type         string // "primary"
	Name         string // "primary.xml.gz", as it was created
	Href         string // "repodata/<checksum>-primary.xml.gz", as clients ask for it
	ChecksumType string // of both checksums; "" is sha256
	Checksum     string
	OpenChecksum string // "" leaves it out, and the open size
	Size         int64
	OpenSize     int64
	Timestamp    int64
	Database     int // the version of a database, 0 for XML
}

// A Stream writes one compressed file out of frames and sums it up. Frames made
// earlier go in as they are, so a file costs what changed in it.
type Stream struct {
	w       io.Writer
	sum     hash.Hash
	openSum hash.Hash // nil without
	size    int64
	open    int64
}

// NewStream writes to w. Checksums of the open content cost most of the time
// of a join, and clients do without: openSums says whether they are wanted.
func NewStream(w io.Writer, openSums bool) *Stream {
	s := &Stream{w: w, sum: sha256.New()}
	if openSums {
		s.openSum = sha256.New()
	}
	return s
}

// Frame appends a compressed frame and takes note of what it holds.
func (s *Stream) Frame(compressed, open []byte) error {
	if s.openSum != nil {
		s.openSum.Write(open)
	}
	return s.frame(compressed, int64(len(open)))
}

// FrameOfSize is Frame where the open content is not at hand; it is not for
// streams with checksums of it.
func (s *Stream) FrameOfSize(compressed []byte, open int64) error {
	if s.openSum != nil {
		return fmt.Errorf("the checksum of open content cannot be had without the content")
	}
	return s.frame(compressed, open)
}

func (s *Stream) frame(compressed []byte, open int64) error {
	s.sum.Write(compressed)
	n, err := s.w.Write(compressed)
	s.size += int64(n)
	s.open += open
	return err
}

// Data sums up what was written.
func (s *Stream) Data() Data {
	d := Data{Checksum: hex.EncodeToString(s.sum.Sum(nil)), Size: s.size, OpenSize: s.open}
	if s.openSum != nil {
		d.OpenChecksum = hex.EncodeToString(s.openSum.Sum(nil))
	}
	return d
}

const locationOpen = "  <location"

// Relocate gives a primary fragment with another place of the package: an
// xml:base, and another href unless that is "".
func Relocate(primary []byte, base, href string) ([]byte, error) {
	start := bytes.Index(primary, []byte("\n"+locationOpen+" "))
	if start < 0 {
		return nil, fmt.Errorf("the fragment of primary has no location")
	}
	start += 1 + len(locationOpen)
	w := &writer{b: bytes.Clone(primary[:start])}
	if base != "" {
		w.attr("xml:base", w.name("base", base))
	}
	if href != "" {
		w.attr("href", w.name("location", href))
		end := bytes.Index(primary[start:], []byte("/>"))
		if end < 0 {
			return nil, fmt.Errorf("the fragment of primary has a location without end")
		}
		start += end
	}
	w.b = append(w.b, primary[start:]...)
	return w.b, w.err
}
