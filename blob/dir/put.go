package dir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kura-build/kura/blob"
)

// Put implements blob.Store. The rename replaces a file that is there already.
// That is meant: the new file has the same content, its time is renewed by
// that, and should the old one have been damaged it is whole again.
func (s *Store) Put(ctx context.Context, r io.Reader, expect *blob.Sum) (info blob.Info, err error) {
	const op = "blob/dir.Put"
	f, err := os.CreateTemp(s.tmp, tmpPrefix)
	if err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	sum, size, err := blob.Ingest(ctx, f, r)
	if err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	if err := blob.Match(op, expect, sum, size); err != nil {
		return blob.Info{}, err
	}
	if err := f.Chmod(fileMode); err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	if err := f.Sync(); err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	fi, err := f.Stat()
	if err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	// A file system may tell of a write that failed only at close.
	if err := f.Close(); err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	if err := s.place(f.Name(), sum); err != nil {
		return blob.Info{}, s.fail(op, err)
	}
	return blob.Info{Sum: sum, Size: size, Time: fi.ModTime()}, nil
}

// place moves a finished file to its sum, for good.
func (s *Store) place(tmp string, sum blob.Sum) error {
	path := s.path(sum)
	leaf := filepath.Dir(path)
	err := os.Rename(tmp, path)
	if errors.Is(err, fs.ErrNotExist) {
		// Two may make the same directory at once. Both sync its parent, for
		// either may be the first to rely on it.
		for _, d := range []string{filepath.Dir(leaf), leaf} {
			if err := makeDir(d, dirMode); err != nil {
				return err
			}
			if err := syncDir(filepath.Dir(d)); err != nil {
				return err
			}
		}
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return err
	}
	return syncDir(leaf)
}

// makeDir makes one directory with exactly that mode, unless it is there.
func makeDir(path string, mode fs.FileMode) error {
	if err := os.Mkdir(path, mode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	if err := os.Chmod(path, mode); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the entries of a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
