package repodir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/format/repomd"
)

// Names in a directory that holds a repository.
const (
	Repodata  = "repodata"
	TmpPrefix = ".repodata-" // of what a run writes
	indexName = ".kura-index"
)

// Dir is a directory that holds a repository, locked.
type Dir struct {
	Path string

	lock *os.File
	mu   sync.Mutex
	open []io.Closer
}

// Lock waits until no other run writes to a directory, and removes what runs
// that were killed have left.
func Lock(ctx context.Context, dir string) (*Dir, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: dir, lock: f}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			d.Close()
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			d.Close()
			return nil, ctx.Err()
		}
	}
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if strings.HasPrefix(n.Name(), TmpPrefix) {
			discard(filepath.Join(dir, n.Name()))
		}
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close lets others write. Bases are not to be used any more.
func (d *Dir) Close() {
	for _, c := range d.open {
		c.Close()
	}
	d.lock.Close()
}

// Old gives the path of the repodata that is there, or will be.
func (d *Dir) Old() string { return filepath.Join(d.Path, Repodata) }

// ReadRepomd reads the repomd.xml of a repodata directory; nil without one.
func ReadRepomd(repodata string) (*repomd.Repomd, error) {
	f, err := os.Open(filepath.Join(repodata, "repomd.xml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return repomd.ReadRepomd(f)
}

// Base gives the repository of a repodata directory as a base for another, if
// its index is there and speaks of its files; else nil.
func (d *Dir) Base(repodata string) *repomd.Indexed {
	md, err := ReadRepomd(repodata)
	if err != nil || md == nil {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(repodata, indexName))
	if err != nil {
		return nil
	}
	index, err := repomd.UnmarshalIndex(b)
	if err != nil {
		return nil
	}
	files := map[repomd.Kind]string{}
	for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		href := index.Hrefs[i]
		if !slices.ContainsFunc(md.Data, func(f repomd.Data) bool { return f.Href == href }) {
			return nil
		}
		files[k] = filepath.Join(repodata, path.Base(href))
	}
	return d.indexed(index, func(k repomd.Kind) string { return files[k] })
}

// Written gives what was written to a temporary directory as a base.
func (d *Dir) Written(tmp string, index *repomd.Index) *repomd.Indexed {
	return d.indexed(index, func(k repomd.Kind) string {
		return filepath.Join(tmp, string(k)+".xml"+index.Compression.Ext())
	})
}

func (d *Dir) indexed(index *repomd.Index, file func(repomd.Kind) string) *repomd.Indexed {
	return &repomd.Indexed{Index: index, File: func(k repomd.Kind) (io.ReaderAt, error) {
		f, err := os.Open(file(k))
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.open = append(d.open, f)
		return f, nil
	}}
}

// Temp makes a directory for what is to be published, or used as a base. It is
// the caller's to remove.
func (d *Dir) Temp() (string, error) { return os.MkdirTemp(d.Path, TmpPrefix) }

// Write writes a repository to a new temporary directory. Bases that turn out to
// be unusable are done without. With a LoadError the index speaks of what was
// written.
func (d *Dir) Write(ctx context.Context, list *repomd.List, o repomd.Options) (tmp string, md *repomd.Repomd, index *repomd.Index, err error) {
	for {
		if tmp, err = d.Temp(); err != nil {
			return "", nil, nil, err
		}
		md, index, err = repomd.Write(ctx, repomd.Dir(tmp), list, o)
		var changed *repomd.BaseError
		if !errors.As(err, &changed) {
			return tmp, md, index, err
		}
		if err := os.RemoveAll(tmp); err != nil {
			return "", nil, nil, err
		}
		o.Bases = slices.DeleteFunc(slices.Clone(o.Bases), func(b *repomd.Indexed) bool { return b == changed.Base })
	}
}
