package rpm

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
	"github.com/xi2/xz"
)

// maxWindow bounds the memory that a payload may ask its decompressor to take;
// the strongest usual settings need 64 MiB (xz -9) and 128 MiB (zstd -19 --long).
const maxWindow = 128 << 20

// decompress finds the compression by the payload's first bytes: packages
// without compression do not name it, and some name the wrong one.
func decompress(r io.Reader, named string) (io.ReadCloser, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(13)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("07070")):
		return io.NopCloser(br), nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(br)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<40))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		z, err := xz.NewReader(br, maxWindow)
		return io.NopCloser(z), err
	case bytes.HasPrefix(head, []byte("BZh")):
		return io.NopCloser(bzip2.NewReader(br)), nil
	case named == "lzma" && len(head) == 13:
		d := binary.LittleEndian.Uint32(head[1:])
		if d > maxWindow {
			return nil, fmt.Errorf("the payload asks for a dictionary of %d bytes; %d are allowed", d, maxWindow)
		}
		z, err := lzma.ReaderConfig{DictCap: max(int(d), lzma.MinDictCap)}.NewReader(br)
		return io.NopCloser(z), err
	}
	return nil, fmt.Errorf("the payload is in no known compression (the header names %q)", named)
}
