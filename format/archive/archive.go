package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"
)

const (
	// maxEntries and maxBytes bound what is listed of one archive, and how much
	// of a tar file is decompressed for that.
	maxEntries = 200_000
	maxBytes   = 16 << 30
	// xzMemory is how much an xz stream may want for its dictionary.
	xzMemory = 256 << 20
)

// Entry is a file in an archive. Mode, User and Group are those of tar files.
type Entry struct {
	Name        string
	Size        int64
	Time        int64 // seconds since 1970
	Mode        int64
	User, Group string
}

// ErrTooMuch says that an archive has more in it than is listed.
var ErrTooMuch = errors.New("there is too much in the archive to list it")

// Zip lists a zip file.
func Zip(ctx context.Context, r io.ReaderAt, size int64) ([]Entry, error) {
	z, err := zip.NewReader(&cancelAt{ctx, r}, size)
	if err != nil {
		return nil, fmt.Errorf("no zip file: %w", err)
	}
	if len(z.File) > maxEntries {
		return nil, ErrTooMuch
	}
	out := make([]Entry, len(z.File))
	for i, f := range z.File {
		out[i] = Entry{Name: utf8(f.Name), Size: int64(min(f.UncompressedSize64, 1<<63-1)), Time: dosTime(f.ModifiedDate, f.ModifiedTime)}
	}
	return out, nil
}

// dosTime is the time that zip files hold, without a zone: UTC is meant here.
func dosTime(date, clock uint16) int64 {
	return time.Date(int(date>>9)+1980, time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC).Unix()
}

// Tar lists a tar file that is compressed with gzip, bzip2, xz or zstd, or not.
func Tar(ctx context.Context, r io.Reader) ([]Entry, error) {
	plain, end, err := decompress(&cancel{ctx, r})
	if err != nil {
		return nil, fmt.Errorf("no tar file: %w", err)
	}
	defer end()
	left := &io.LimitedReader{R: plain, N: maxBytes}
	var out []Entry
	for t := tar.NewReader(left); ; {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && left.N > 0:
			return out, nil
		case err != nil && left.N <= 0, len(out) == maxEntries:
			return nil, ErrTooMuch
		case err != nil:
			return nil, fmt.Errorf("no tar file: %w", err)
		}
		out = append(out, Entry{Name: utf8(strings.TrimSuffix(h.Name, "/")), Size: h.Size, Time: h.ModTime.Unix(), Mode: h.Mode & 0o7777, User: utf8(h.Uname), Group: utf8(h.Gname)})
	}
}

// decompress looks at how a stream begins. end lets go of what reads it.
func decompress(r io.Reader) (plain io.Reader, end func(), err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	end = func() {}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(b)
	case bytes.HasPrefix(head, []byte("BZh")):
		plain = bzip2.NewReader(b)
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		plain, err = xz.NewReader(b, xzMemory)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(xzMemory)); err == nil {
			plain, end = z, z.Close
		}
	default:
		plain = b
	}
	return plain, end, err
}

// utf8 is a name in what the wire can carry.
func utf8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// cancel ends a read when its context does.
type cancel struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancel) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

type cancelAt struct {
	ctx context.Context
	r   io.ReaderAt
}

func (c *cancelAt) ReadAt(p []byte, at int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.ReadAt(p, at)
}
