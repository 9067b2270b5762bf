package repomd

import (
	"io"
	"iter"
	"os"
	"path/filepath"
)

// WriteDir writes a repository below a directory: dir/repodata. What was there
// is replaced in one step at the end, so that no reader sees half of it.
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
	if err := os.Rename(final, old); err == nil {
		defer os.RemoveAll(old)
	}
	return md, os.Rename(tmp, final)
}

type dirOutput string

func (d dirOutput) Create(name string) (io.WriteCloser, error) {
	return os.Create(filepath.Join(string(d), name))
}
