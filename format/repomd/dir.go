package repomd

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dir is a directory as an output.
type Dir string

// Create makes a file. It is on the disk when it was closed without an error.
func (d Dir) Create(name string) (io.WriteCloser, error) {
	f, err := os.Create(filepath.Join(string(d), name))
	return synced{f}, err
}

type synced struct{ *os.File }

func (s synced) Close() error { return errors.Join(s.Sync(), s.File.Close()) }

// Rename gives the files of a repository that was written to the directory the
// names by which clients ask for them.
func (d Dir) Rename(md *Repomd) error {
	for _, f := range md.Data {
		if name := path.Base(f.Href); name != f.Name {
			if err := os.Rename(filepath.Join(string(d), f.Name), filepath.Join(string(d), name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Replace puts a new directory in the place of another, in one step: whoever
// opens the place finds the one or the other. The old one, if there was any, is
// where the new one was.
func Replace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.ENOENT):
		return os.Rename(from, to)
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		// This file system exchanges nothing: for a moment there is none.
		aside := from + ".old"
		if err := os.Rename(to, aside); err != nil {
			return err
		}
		if err := os.Rename(from, to); err != nil {
			return errors.Join(err, os.Rename(aside, to))
		}
		return os.Rename(aside, from)
	case err != nil:
		return &os.LinkError{Op: "exchange", Old: from, New: to, Err: err}
	}
	return nil
}

// WriteDir writes a repository below a directory: dir/repodata. What was there
// is replaced at the end.
func WriteDir(ctx context.Context, dir string, list *List, o Options) (*Repomd, error) {
	tmp, err := os.MkdirTemp(dir, ".repodata-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	md, _, err := Write(ctx, Dir(tmp), list, o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(Dir(tmp).Rename(md), os.Chmod(tmp, 0o755)); err != nil {
		return nil, err
	}
	return md, Replace(tmp, filepath.Join(dir, "repodata"))
}
