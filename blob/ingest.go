package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"syscall"

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

// DiskError gives an error of a local file system its kind. A full disk, a used
// up quota and a file size limit are all NoSpace, with the directory to look at.
func DiskError(op, dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return kura.Errorf(op, kura.Canceled, "stopped on request: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return kura.Errorf(op, kura.Unavailable, "not done in time: %w", err)
	case errors.Is(err, ErrSource):
		return kura.E(op, err)
	case errors.Is(err, syscall.ENOSPC):
		return kura.Errorf(op, kura.NoSpace, "the disk under %s is full: free some space or inodes there: %w", dir, err)
	case errors.Is(err, syscall.EDQUOT):
		return kura.Errorf(op, kura.NoSpace, "the quota for %s is used up: raise it or free some space: %w", dir, err)
	case errors.Is(err, syscall.EFBIG):
		return kura.Errorf(op, kura.NoSpace, "a file under %s may not grow further: raise the process's file size limit: %w", dir, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ESTALE):
		return kura.Errorf(op, kura.Unavailable, "%s cannot be used: look at its mount: %w", dir, err)
	}
	return kura.E(op, err)
}
