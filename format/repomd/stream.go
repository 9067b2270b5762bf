package repomd

import (
	"encoding"
	"encoding/hex"
	"errors"
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

// stream writes one compressed file out of frames and sums it up.
type stream struct {
	w       io.Writer
	sum     hash.Hash
	openSum hash.Hash // nil without
	size    int64
	open    int64
	paste   func(from *Indexed, offset, size int64) error // nil: everything is written
}

// newStream writes to w. Checksums of the open content cost most of the time
// of a join, and clients do without: openSums says whether they are wanted.
func newStream(w io.Writer, sum func() hash.Hash, openSums bool) *stream {
	s := &stream{w: w, sum: sum()}
	if openSums {
		s.openSum = sum()
	}
	return s
}

// frame appends a compressed frame of so many open bytes. summed says that the
// checksums count it already, see resume.
func (s *stream) frame(compressed []byte, open int64, summed bool) error {
	if !summed {
		s.sum.Write(compressed)
	}
	n, err := s.w.Write(compressed)
	s.size += int64(n)
	s.open += open
	return err
}

// pasted is frame for one that the file takes over from a base. It says whether
// it could; if not, the bytes are to be written. compressed may be missing where
// they are summed up.
func (s *stream) pasted(from *Indexed, f Frame, compressed []byte, summed bool) (bool, error) {
	if s.paste == nil {
		return false, nil
	}
	if err := s.paste(from, f.Offset, f.Size); err != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			return false, nil
		}
		return true, err
	}
	if !summed {
		s.sum.Write(compressed)
	}
	s.size += f.Size
	s.open += f.Open
	return true, nil
}

// opened counts open content. All of a file's comes here, or none does.
func (s *stream) opened(b []byte) {
	if s.openSum != nil {
		s.openSum.Write(b)
	}
}

// state gives the checksums as they are now.
func (s *stream) state() (out [2][]byte, err error) {
	for i, h := range []hash.Hash{s.sum, s.openSum} {
		if h != nil {
			var e error
			out[i], e = h.(encoding.BinaryMarshaler).MarshalBinary()
			err = errors.Join(err, e)
		}
	}
	return out, err
}

// resume sets the checksums to an earlier state. It says whether it could; if
// not, they are as they were.
func (s *stream) resume(state [2][]byte) bool {
	hashes := []hash.Hash{s.sum}
	if s.openSum != nil {
		hashes = append(hashes, s.openSum)
	}
	for i, h := range hashes {
		if h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state[i]) != nil {
			s.sum.Reset()
			return false
		}
	}
	return true
}

// data sums up what was written.
func (s *stream) data() Data {
	d := Data{Checksum: hex.EncodeToString(s.sum.Sum(nil)), Size: s.size, OpenSize: s.open}
	if s.openSum != nil {
		d.OpenChecksum = hex.EncodeToString(s.openSum.Sum(nil))
	}
	return d
}
