package rpm

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	cpioStripped = "07070X" // rpm's own: the header lists the files, the archive holds contents
	cpioChecksum = "070702"
	maxCpioName  = 64 << 10
	// defaultPayloadLimit bounds what a payload may unpack to.
	defaultPayloadLimit = 64 << 30
)

// PayloadFile is an entry of a payload.
type PayloadFile struct {
	// Name is the file's path without a leading slash or dot. It has no empty,
	// "." or ".." part and no zero byte: below a directory it stays.
	Name  string
	Mode  uint32
	Nlink uint32
	Inode uint32
	MTime uint32
	Size  int64
	Index int // in Header.Files where the archive names files by number, else -1
}

// PayloadReader reads a payload entry by entry, as archive/tar does.
type PayloadReader struct {
	// Limit bounds the bytes unpacked in all.
	Limit int64

	src   io.ReadCloser
	pos   int64
	left  int64 // of the current entry's content
	files []FileInfo
	last  map[int]bool // by index: is it the file of its hard links that has the content
	err   error
}

// OpenPayload reads the payload of a package, from r at the package's HeaderEnd.
func OpenPayload(p *Package, r io.Reader) (*PayloadReader, error) {
	format := or(p.Header.String(TagPayloadFormat), "cpio")
	if format != "cpio" {
		return nil, fmt.Errorf("payloads of format %q are not supported", format)
	}
	files, err := p.Header.Files()
	if err != nil {
		return nil, err
	}
	src, err := decompress(r, p.Header.String(TagPayloadCompressor))
	if err != nil {
		return nil, fmt.Errorf("opening the payload: %w", err)
	}
	return &PayloadReader{Limit: defaultPayloadLimit, src: src, files: files, last: contentHolders(files)}, nil
}

// contentHolders finds the files that hold the content of their hard links:
// the last of each set.
func contentHolders(files []FileInfo) map[int]bool {
	type inode struct{ device, inode uint32 }
	at := map[inode]int{}
	holders := map[int]bool{}
	for i := range files {
		if !files[i].IsRegular() || files[i].IsGhost() {
			continue
		}
		k := inode{files[i].Device, files[i].Inode}
		if before, ok := at[k]; ok {
			delete(holders, before)
		}
		at[k] = i
		holders[i] = true
	}
	return holders
}

// Close gives back the decompressor's memory. It does not close the source.
func (pr *PayloadReader) Close() error { return pr.src.Close() }

// Read reads the content of the current entry; of a symbolic link, its target.
func (pr *PayloadReader) Read(b []byte) (int, error) {
	if pr.left == 0 {
		return 0, io.EOF
	}
	n, err := pr.src.Read(b[:min(int64(len(b)), pr.left)])
	pr.pos += int64(n)
	pr.left -= int64(n)
	if n > 0 {
		return n, nil
	}
	if err != nil {
		pr.err = unexpected(err)
	}
	return 0, pr.err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Next goes to the next entry. It gives io.EOF after the last.
func (pr *PayloadReader) Next() (*PayloadFile, error) {
	if pr.err != nil {
		return nil, pr.err
	}
	f, err := pr.next()
	if err != nil {
		pr.err = err
		if !errors.Is(err, io.EOF) {
			pr.err = fmt.Errorf("reading the payload: %w", err)
		}
	}
	return f, pr.err
}

func (pr *PayloadReader) next() (*PayloadFile, error) {
	if _, err := io.Copy(io.Discard, pr); err != nil {
		return nil, err
	}
	if err := pr.align(); err != nil {
		return nil, err
	}
	var magic [6]byte
	if err := pr.full(magic[:]); err != nil {
		return nil, err
	}
	switch string(magic[:]) {
	case cpioMagic, cpioChecksum:
		return pr.plain()
	case cpioStripped:
		return pr.stripped()
	}
	return nil, fmt.Errorf("no entry begins at %d", pr.pos-6)
}

func (pr *PayloadReader) full(b []byte) error {
	n, err := io.ReadFull(pr.src, b)
	pr.pos += int64(n)
	if err != nil {
		return unexpected(err)
	}
	return nil
}

func (pr *PayloadReader) align() error {
	var pad [3]byte
	return pr.full(pad[:(4-pr.pos%4)%4])
}

// content announces the content of an entry.
func (pr *PayloadReader) content(n int64) error {
	if pr.pos+n > pr.Limit {
		return fmt.Errorf("it unpacks to more than the %d bytes allowed", pr.Limit)
	}
	pr.left = n
	return pr.align()
}

func (pr *PayloadReader) plain() (*PayloadFile, error) {
	var b [104]byte
	if err := pr.full(b[:]); err != nil {
		return nil, err
	}
	var v [13]uint32
	for i := range v {
		n, err := strconv.ParseUint(string(b[8*i:8*i+8]), 16, 32)
		if err != nil {
			return nil, fmt.Errorf("an entry before %d has a number that is none", pr.pos)
		}
		v[i] = uint32(n)
	}
	size, nameSize := int64(v[6]), v[11]
	if nameSize == 0 || nameSize > maxCpioName {
		return nil, fmt.Errorf("an entry before %d has a name of %d bytes", pr.pos, nameSize)
	}
	name := make([]byte, nameSize)
	if err := pr.full(name); err != nil {
		return nil, err
	}
	if name[nameSize-1] != 0 {
		return nil, fmt.Errorf("an entry before %d has a name without end", pr.pos)
	}
	if string(name[:nameSize-1]) == cpioTrailer {
		return nil, io.EOF
	}
	f := &PayloadFile{Mode: v[1], Nlink: v[4], Inode: v[0], MTime: v[5], Size: size, Index: -1}
	var err error
	if f.Name, err = cleanName(string(name[:nameSize-1])); err != nil {
		return nil, err
	}
	return f, pr.content(size)
}

// stripped reads an entry that is only the number of a file in the header.
func (pr *PayloadReader) stripped() (*PayloadFile, error) {
	var b [8]byte
	if err := pr.full(b[:]); err != nil {
		return nil, err
	}
	i, err := strconv.ParseUint(string(b[:]), 16, 32)
	if err != nil || i >= uint64(len(pr.files)) {
		return nil, fmt.Errorf("an entry before %d is for file %q of %d", pr.pos, b, len(pr.files))
	}
	info := &pr.files[i]
	f := &PayloadFile{Mode: uint32(info.Mode), Nlink: 1, Inode: info.Inode, MTime: info.MTime, Index: int(i)}
	if pr.last[int(i)] || info.IsSymlink() {
		if info.Size > uint64(pr.Limit) {
			return nil, fmt.Errorf("file %q is over the limit of %d bytes", info.Path(), pr.Limit)
		}
		f.Size = int64(info.Size)
	}
	if f.Name, err = cleanName(info.Path()); err != nil {
		return nil, err
	}
	return f, pr.content(f.Size)
}

// cleanName takes off the leading "./" or "/" and refuses what would leave the
// directory that a payload is unpacked into.
func cleanName(s string) (string, error) {
	name := strings.TrimPrefix(strings.TrimPrefix(s, "."), "/")
	if strings.HasPrefix(s, ".") && !strings.HasPrefix(s, "./") && s != "." {
		name = s // a hidden file of a source package
	}
	if name == "" && (s == "." || s == "./" || s == "/") {
		return ".", nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("the file name %q is refused: it may lead out of its directory", s)
		}
	}
	if strings.IndexByte(name, 0) >= 0 {
		return "", fmt.Errorf("the file name %q is refused: it has a zero byte", s)
	}
	return name, nil
}
