package dir

import (
	"context"
	"os"

	"github.com/kura-build/kura/blob"
)

// Healthy implements blob.Store: it writes a small file, and looks at the free
// space.
func (s *Store) Healthy(ctx context.Context) error {
	const op = "blob/dir.Healthy"
	if err := ctx.Err(); err != nil {
		return s.fail(op, err)
	}
	if err := s.probe(); err != nil {
		return s.fail(op, err)
	}
	return blob.DiskFree(op, s.root, s.minFree)
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
