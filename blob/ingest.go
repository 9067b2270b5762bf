package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/kura-build/kura"
)

// chunk is how much is read at a time: large enough that hashing and system
// calls dominate, small enough for a hundred uploads at once.
const chunk = 256 << 10

// ErrSource marks an error that came from the reader given to Put and not from
// the store, so that nobody blames the disk for a broken upload.
var ErrSource = errors.New("reading the content to store")

// Ingest copies r to w and returns the sum and the size of what passed. It is
// the first half of every driver's Put; errors of r are marked with ErrSource.
func Ingest(ctx context.Context, w io.Writer, r io.Reader) (Sum, int64, error) {
	var sum Sum
	var size int64
	hash := sha256.New()
	buf := make([]byte, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return Sum{}, 0, err
		}
		n, rerr := r.Read(buf)
		if n > 0 {
			hash.Write(buf[:n])
			if _, err := w.Write(buf[:n]); err != nil {
				return Sum{}, 0, err
			}
			size += int64(n)
		}
		if rerr == io.EOF {
			hash.Sum(sum[:0])
			return sum, size, nil
		}
		if rerr != nil {
			return Sum{}, 0, fmt.Errorf("%w: %w", ErrSource, rerr)
		}
	}
}

// Match is nil unless expect names other content than got, which is Invalid.
func Match(op string, expect *Sum, got Sum, size int64) error {
	if expect == nil || *expect == got {
		return nil
	}
	return kura.Errorf(op, kura.Invalid,
		"the content received (%d bytes) has SHA-256 %s, but %s was announced: it was damaged on the way or is another file; send it again",
		size, got, *expect)
}
