package rpm

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// payload is a written, compressed payload and what the headers say about it.
type payload struct {
	spool        *spool
	size         int64 // uncompressed
	installed    int64
	sum, openSum string
	compressor   string
	flags        string
}

// sortFiles checks the files and gives them in the order in which rpm wants
// to find them.
func sortFiles(in []File, source bool) ([]File, error) {
	files := slices.Clone(in)
	for i := range files {
		f := &files[i]
		if err := checkFile(f, source); err != nil {
			return nil, fmt.Errorf("file %q: %w", f.Path, err)
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(files); i++ {
		if files[i].Path == files[i-1].Path {
			return nil, fmt.Errorf("file %q is there twice", files[i].Path)
		}
	}
	return files, nil
}

func checkFile(f *File, source bool) error {
	switch {
	case strings.ContainsRune(f.Path, 0) || strings.ContainsRune(f.LinkTo, 0):
		return errors.New("a path must not hold a zero byte")
	case source && (f.Path == "" || strings.Contains(f.Path, "/") || f.Path == "." || f.Path == ".."):
		return errors.New("a file of a source package has a base name only")
	case !source && (!path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path):
		return errors.New("the path must be absolute, without dots or doubled slashes")
	case f.Size < 0 || f.Size > math.MaxUint32:
		return errors.New("files are limited to 4 GiB")
	}
	if f.Mode&ModeType == 0 {
		if f.LinkTo != "" {
			f.Mode |= ModeSymlink
		} else {
			f.Mode |= ModeRegular
		}
	}
	if f.Mode > 0o177777 {
		return fmt.Errorf("mode %o has more than sixteen bits", f.Mode)
	}
	if f.User == "" {
		f.User = "root"
	}
	if f.Group == "" {
		f.Group = "root"
	}
	switch f.Mode & ModeType {
	case ModeRegular:
	case ModeSymlink:
		if f.LinkTo == "" {
			return errors.New("a symbolic link needs a target")
		}
		f.Size = int64(len(f.LinkTo))
	default:
		f.Size = 0
	}
	return nil
}

// spoolPayload writes the archive, compresses it, and fills in the digests of
// the files on the way: each content is read once.
func (b *Build) spoolPayload(files []File) (p *payload, err error) {
	sp := &spool{dir: b.TempDir}
	defer func() {
		if err != nil {
			sp.Close()
		}
	}()
	p = &payload{spool: sp}
	sum, openSum := sha256.New(), sha256.New()
	z, err := b.compressor(io.MultiWriter(p.spool, sum), p)
	if err != nil {
		return nil, err
	}
	cpio := &cpioWriter{w: io.MultiWriter(z, openSum)}
	for i := range files {
		if err := writeFile(cpio, &files[i], uint32(i+1), b.Source); err != nil {
			return nil, fmt.Errorf("file %q: %w", files[i].Path, err)
		}
		if files[i].Mode&ModeType == ModeRegular || files[i].Mode&ModeType == ModeSymlink {
			p.installed += files[i].Size
		}
	}
	if err := cpio.trailer(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	p.size = cpio.n
	p.sum, p.openSum = hex.EncodeToString(sum.Sum(nil)), hex.EncodeToString(openSum.Sum(nil))
	return p, nil
}

func writeFile(cpio *cpioWriter, f *File, ino uint32, source bool) error {
	if f.Flags&FileGhost != 0 {
		return nil
	}
	name := f.Path
	if !source {
		name = "." + name
	}
	h := cpioHeader{name: name, ino: ino, mode: f.Mode, nlink: 1, mtime: uint32(f.MTime), size: f.Size, rdev: f.Rdev}
	if err := cpio.header(h); err != nil {
		return err
	}
	if f.Mode&ModeType == ModeSymlink {
		return cpio.body(strings.NewReader(f.LinkTo), f.Size)
	}
	if f.Mode&ModeType != ModeRegular {
		return nil
	}
	var content io.ReadCloser = io.NopCloser(strings.NewReader(""))
	if f.Open != nil {
		var err error
		if content, err = f.Open(); err != nil {
			return err
		}
	}
	defer content.Close()
	d := sha256.New()
	if err := cpio.body(io.TeeReader(content, d), f.Size); err != nil {
		return err
	}
	sum := hex.EncodeToString(d.Sum(nil))
	if f.Digest != "" && f.Digest != sum {
		return fmt.Errorf("its SHA-256 is %s, not %s", sum, f.Digest)
	}
	f.Digest = sum
	return nil
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }

func (b *Build) compressor(w io.Writer, p *payload) (io.WriteCloser, error) {
	switch b.Compression {
	case "none":
		return nopWriteCloser{w}, nil
	case "gzip":
		level := b.Level
		if level == 0 {
			level = 6
		}
		p.compressor, p.flags = "gzip", fmt.Sprint(level)
		return gzip.NewWriterLevel(w, level)
	}
	level := b.Level
	if level == 0 {
		level = 3
	}
	p.compressor, p.flags = "zstd", fmt.Sprint(level)
	// One thread: output that depends on scheduling would not be reproducible.
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithEncoderConcurrency(1))
}

// signatureHeader makes the padded signature header of header and payload.
func (p *payload) signatureHeader(header []byte, reserved int) ([]byte, error) {
	var sb HeaderBuilder
	s1, s256 := sha1.Sum(header), sha256.Sum256(header)
	sb.SetString(SigTagSHA1, hex.EncodeToString(s1[:]))
	sb.SetString(SigTagSHA256, hex.EncodeToString(s256[:]))
	m := md5.New()
	m.Write(header)
	if err := p.spool.copyTo(m); err != nil {
		return nil, err
	}
	sb.SetBinary(SigTagMD5, m.Sum(nil))
	if total := int64(len(header)) + p.spool.n; total > math.MaxUint32 || p.size > math.MaxUint32 {
		sb.SetInt64(SigTagLongSize, uint64(total))
		sb.SetInt64(SigTagLongArchiveSize, uint64(p.size))
	} else {
		sb.SetInt32(SigTagSize, uint32(total))
		sb.SetInt32(SigTagPayloadSize, uint32(p.size))
	}
	if reserved == 0 {
		reserved = defaultReserved
	}
	if reserved > 0 {
		sb.SetBinary(SigTagReservedSpace, make([]byte, reserved))
	}
	return pad8(sb.Encode(TagHeaderSignatures)), nil
}

// spool keeps a payload in memory, and in a nameless file once it is large.
type spool struct {
	dir string
	buf bytes.Buffer
	f   *os.File
	n   int64
}

const spoolInMemory = 8 << 20

func (s *spool) Write(p []byte) (int, error) {
	if s.f == nil && s.buf.Len()+len(p) > spoolInMemory {
		f, err := os.CreateTemp(s.dir, "rpm-payload-*")
		if err != nil {
			return 0, err
		}
		_ = os.Remove(f.Name())
		s.f = f
		if _, err := s.buf.WriteTo(f); err != nil {
			return 0, err
		}
	}
	s.n += int64(len(p))
	if s.f != nil {
		return s.f.Write(p)
	}
	return s.buf.Write(p)
}

func (s *spool) copyTo(w io.Writer) error {
	if s.f == nil {
		_, err := w.Write(s.buf.Bytes())
		return err
	}
	_, err := io.Copy(w, io.NewSectionReader(s.f, 0, s.n))
	return err
}

func (s *spool) Close() {
	if s.f != nil {
		_ = s.f.Close()
	}
}
