package dir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kura-build/kura/blob"
)

// file is an open content. It embeds the *os.File so that net/http finds its
// SyscallConn and sends packages with sendfile(2).
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, sum blob.Sum) (blob.Reader, error) {
	const op = "blob/dir.Open"
	if err := ctx.Err(); err != nil {
		return nil, s.fail(op, err)
	}
	f, err := os.Open(s.path(sum))
	if err != nil {
		return nil, s.miss(op, sum, err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, s.fail(op, err)
	}
	return file{f, fi.Size()}, nil
}

// Walk implements blob.Store. Files that do not lie where their name says, and
// anything else somebody put there, are passed over.
func (s *Store) Walk(ctx context.Context, fn func(blob.Info) error) error {
	const op = "blob/dir.Walk"
	tops, err := readDir(s.root)
	if err != nil {
		return s.fail(op, err)
	}
	for _, top := range tops {
		if !top.IsDir() || len(top.Name()) != 2 {
			continue
		}
		leaves, err := readDir(filepath.Join(s.root, top.Name()))
		if err != nil {
			return s.fail(op, err)
		}
		for _, leaf := range leaves {
			if err := ctx.Err(); err != nil {
				return s.fail(op, err)
			}
			if !leaf.IsDir() {
				continue
			}
			if err := s.walkLeaf(filepath.Join(s.root, top.Name(), leaf.Name()), fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) walkLeaf(leaf string, fn func(blob.Info) error) error {
	const op = "blob/dir.Walk"
	entries, err := readDir(leaf)
	if err != nil {
		return s.fail(op, err)
	}
	for _, e := range entries {
		sum, err := blob.ParseSum(e.Name())
		if err != nil || s.path(sum) != filepath.Join(leaf, e.Name()) {
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return s.fail(op, err)
		}
		if !fi.Mode().IsRegular() {
			continue
		}
		if err := fn(blob.Info{Sum: sum, Size: fi.Size(), Time: fi.ModTime()}); err != nil {
			return err
		}
	}
	return nil
}

// readDir is os.ReadDir, which sorts, for directories that may vanish.
func readDir(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}
