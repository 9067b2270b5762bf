package repomd

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"
)

// Limits of what is read of foreign repositories.
const (
	maxRepomd = 4 << 20  // bytes of repomd.xml
	maxOpen   = 16 << 30 // bytes of a file once open
	maxToken  = 16 << 20 // bytes of one tag or one text
	maxItem   = 64 << 20 // bytes of one package; filelists of large ones have some megabytes
	maxDepth  = 16       //
	maxWindow = 128 << 20
)

// Repomd is repomd.xml.
type Repomd struct {
	Revision string
	Tags     Tags
	Data     []Data
}

// Find gives the file of a type.
func (md *Repomd) Find(kind string) (Data, bool) {
	for _, d := range md.Data {
		if d.Type == kind {
			return d, true
		}
	}
	return Data{}, false
}

// ReadRepomd reads repomd.xml. Hrefs are checked: they stay below the
// repository.
func ReadRepomd(r io.Reader) (*Repomd, error) {
	x := newReader(r, maxRepomd)
	md := new(Repomd)
	var d *Data
	if err := x.root("repomd", "http://linux.duke.edu/metadata/repo"); err != nil {
		return nil, fmt.Errorf("reading repomd.xml: %w", err)
	}
	for {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			d, err = x.repomdToken(md, d, t)
		}
		if err != nil {
			return nil, fmt.Errorf("reading repomd.xml: %w", err)
		}
	}
	for _, d := range md.Data {
		if err := checkHref(d.Href); err != nil {
			return nil, fmt.Errorf("reading repomd.xml: %s: %w", d.Type, err)
		}
	}
	return md, nil
}

func (x *reader) repomdToken(md *Repomd, d *Data, t xml.Token) (*Data, error) {
	start, ok := t.(xml.StartElement)
	if !ok {
		if end, ok := t.(xml.EndElement); ok && end.Name.Local == "data" && d != nil {
			md.Data = append(md.Data, *d)
			return nil, nil
		}
		return d, nil
	}
	var err error
	switch name := start.Name.Local; {
	case name == "data":
		d = &Data{Type: attr(start, "type")}
	case name == "revision" && d == nil:
		md.Revision, err = x.text()
	case d == nil:
	case name == "checksum":
		d.ChecksumType = attr(start, "type")
		d.Checksum, err = x.text()
	case name == "open-checksum":
		d.OpenChecksum, err = x.text()
	case name == "location":
		d.Href = attr(start, "href")
		d.Name = path.Base(d.Href)
	case name == "timestamp":
		d.Timestamp, err = x.number()
	case name == "size":
		d.Size, err = x.number()
	case name == "open-size":
		d.OpenSize, err = x.number()
	}
	return d, err
}

// checkHref refuses places outside of the repository.
func checkHref(href string) error {
	if href == "" || path.IsAbs(href) || strings.ContainsAny(href, "\\\x00\n\r") || strings.Contains(href, "://") {
		return fmt.Errorf("the location %q is refused: it must be relative", brief(href))
	}
	if scheme, _, ok := strings.Cut(href, "/"); ok && strings.HasSuffix(scheme, ":") {
		return fmt.Errorf("the location %q is refused: it must be relative", brief(href))
	}
	for part := range strings.SplitSeq(href, "/") {
		if part == ".." {
			return fmt.Errorf("the location %q is refused: it leads out of the repository", brief(href))
		}
	}
	return nil
}

// checkBase refuses places that packages are not downloaded from.
func checkBase(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || strings.ContainsFunc(base, unicode.IsControl) {
		return fmt.Errorf("the base %q is refused: it is no address", brief(base))
	}
	switch u.Scheme {
	case "http", "https", "ftp":
		if u.Host != "" {
			return nil
		}
	case "file":
		return nil
	}
	return fmt.Errorf("the base %q is refused: it must be an address of http, https, ftp or file", brief(base))
}

// Open decompresses a metadata file by its first bytes: gzip, zstd, xz or none.
// It bounds what comes out and the memory taken for it.
func Open(r io.Reader) (io.ReadCloser, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	limit := func(r io.Reader, c io.Closer) (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{&limited{r, maxOpen}, c}, nil
	}
	nothing := io.NopCloser(nil)
	switch s := string(head); {
	case strings.HasPrefix(s, "\x1f\x8b"):
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		return limit(z, z)
	case strings.HasPrefix(s, "\x28\xb5\x2f\xfd"):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		c := z.IOReadCloser()
		return limit(c, c)
	case s == "\xfd7zXZ\x00":
		z, err := xz.NewReader(br, maxWindow)
		if err != nil {
			return nil, err
		}
		return limit(z, nothing)
	}
	return limit(br, nothing)
}

// limited gives an error, not an end, where too much comes.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("it unpacks to more than is allowed")
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
