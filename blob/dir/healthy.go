package dir

import (
	"context"
	"os"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"golang.org/x/sys/unix"
)

// Healthy implements blob.Store: it writes a small file, and looks at what an
// unprivileged process may still use.
func (s *Store) Healthy(ctx context.Context) error {
	const op = "blob/dir.Healthy"
	if err := ctx.Err(); err != nil {
		return s.fail(op, err)
	}
	if err := s.probe(); err != nil {
		return s.fail(op, err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(s.root, &st); err != nil {
		return s.fail(op, &os.PathError{Op: "statfs", Path: s.root, Err: err})
	}
	return free(op, s.root, st, s.minFree)
}

// free judges the space and the inodes left on a file system. Some have no
// fixed number of inodes and say 0 of 0.
func free(op, root string, st unix.Statfs_t, min int64) error {
	if left := int64(st.Bavail) * st.Bsize; left < min {
		return kura.Errorf(op, kura.NoSpace, "only %d MiB are free under %s, %d MiB are wanted: free some space there",
			left>>20, root, min>>20)
	}
	if st.Files > 0 && st.Ffree == 0 {
		return kura.Errorf(op, kura.NoSpace, "no inodes are left under %s: remove some files there", root)
	}
	return nil
}

func (s *Store) probe() error {
	f, err := os.CreateTemp(s.tmp, tmpPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	sum := blob.SumOf(nil)
	if _, err := f.Write(sum[:]); err != nil {
		return err
	}
	return f.Close()
}
