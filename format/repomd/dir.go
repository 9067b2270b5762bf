package repomd

import (
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// WriteDir writes a repository below a directory: dir/repodata. What was there
// is replaced at the end by two renames: a reader may for a moment see none, but
// never half of one.
func WriteDir(dir string, packages iter.Seq2[Package, error], o Options) (*Repomd, error) {
	tmp, err := os.MkdirTemp(dir, ".repodata-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	md, err := Write(dirOutput(tmp), packages, o)
	if err != nil {
		return nil, err
	}
	for _, d := range md.Data {
		if name := filepath.Base(d.Href); name != d.Name {
			if err := os.Rename(filepath.Join(tmp, d.Name), filepath.Join(tmp, name)); err != nil {
				return nil, err
			}
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return nil, err
	}
	final := filepath.Join(dir, "repodata")
	old := tmp + ".old"
	had := os.Rename(final, old) == nil
	if err := os.Rename(tmp, final); err != nil {
		if had {
			err = errors.Join(err, os.Rename(old, final))
		}
		return nil, err
	}
	return md, os.RemoveAll(old)
}

type dirOutput string

func (d dirOutput) Create(name string) (io.WriteCloser, error) {
	return os.Create(filepath.Join(string(d), name))
}
