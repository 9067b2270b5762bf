package repomd

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression is how the files are compressed. EL 7 and older read gzip only.
type Compression string

// The compressions.
const (
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
	None Compression = "none"
)

// Ext is what file names end with, dot included.
func (c Compression) Ext() string {
	switch c {
	case Gzip:
		return ".gz"
	case Zstd:
		return ".zst"
	}
	return ""
}

// A Compressor makes frames: each can be decompressed alone, and their joined
// bytes decompress to the joined contents (zstd frames, gzip members). Equal
// content gives equal bytes. It is not for concurrent use.
type Compressor struct {
	kind Compression
	zstd *zstd.Encoder
	gzip *gzip.Writer
	buf  bytes.Buffer
}

// NewCompressor makes one for a compression; "" is gzip. A quick one takes half
// the time and gives some percent more.
func NewCompressor(kind Compression, quick bool) (*Compressor, error) {
	c := &Compressor{kind: kind}
	level := zstd.SpeedBetterCompression
	if quick {
		level = zstd.SpeedDefault
	}
	var err error
	switch kind {
	case "":
		c.kind = Gzip
		c.gzip = gzip.NewWriter(io.Discard)
	case Gzip:
		c.gzip = gzip.NewWriter(io.Discard)
	case Zstd:
		c.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true),
			zstd.WithEncoderLevel(level), zstd.WithWindowSize(4<<20))
	case None:
	default:
		err = fmt.Errorf("repository metadata cannot be compressed with %q; gzip, zstd and none are known", kind)
	}
	return c, err
}

// Frame compresses content to one frame, which it appends to dst.
func (c *Compressor) Frame(content, dst []byte) ([]byte, error) {
	switch c.kind {
	case Zstd:
		return c.zstd.EncodeAll(content, dst), nil
	case None:
		return append(dst, content...), nil
	}
	c.buf.Reset()
	c.gzip.Reset(&c.buf)
	if _, err := c.gzip.Write(content); err != nil {
		return nil, err
	}
	if err := c.gzip.Close(); err != nil {
		return nil, err
	}
	return append(dst, c.buf.Bytes()...), nil
}

// compressors keeps some for use again: they are large.
type compressors struct {
	sync.Pool
	kind  Compression
	quick bool
}

func (p *compressors) get() (*Compressor, error) {
	if c, ok := p.Get().(*Compressor); ok {
		return c, nil
	}
	return NewCompressor(p.kind, p.quick)
}
