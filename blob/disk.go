package blob

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/kura-build/kura"
	"golang.org/x/sys/unix"
)

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

// DiskFree fails with NoSpace when the file system of dir has fewer than min
// bytes left for an unprivileged process, or no inodes. Some file systems have
// no fixed number of inodes and say 0 of 0.
func DiskFree(op, dir string, min int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return DiskError(op, dir, &os.PathError{Op: "statfs", Path: dir, Err: err})
	}
	if left := int64(st.Bavail) * st.Bsize; left < min {
		return kura.Errorf(op, kura.NoSpace, "only %d MiB are free under %s, %d MiB are wanted: free some space there",
			left>>20, dir, min>>20)
	}
	if st.Files > 0 && st.Ffree == 0 {
		return kura.Errorf(op, kura.NoSpace, "no inodes are left under %s: remove some files there", dir)
	}
	return nil
}
