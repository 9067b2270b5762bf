package createrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/format/repomd"
)

const (
	repodata  = "repodata"
	tmpPrefix = ".repodata-" // of directories that a run writes
	indexName = ".kura-index"
)

// output is where a repository goes, locked.
type output struct {
	dir  string
	lock *os.File
}

// lock waits until no other run writes to a directory, and removes what runs
// that were killed have left.
func lock(ctx context.Context, dir string) (*output, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		}
	}
	left, err := filepath.Glob(filepath.Join(globEscape(dir), tmpPrefix+"*"))
	for _, l := range left {
		err = errors.Join(err, os.RemoveAll(l))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &output{dir, f}, nil
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

func (o *output) unlock() { o.lock.Close() }

// writeIndex adds the index to new metadata.
func (o *output) writeIndex(tmp string, index *repomd.Index) error {
	f, err := repomd.Dir(tmp).Create(indexName)
	if err != nil {
		return err
	}
	_, err = f.Write(index.Marshal())
	return errors.Join(err, f.Close())
}

// publish puts new metadata in the place of the old, together with those of the
// old files that are to stay.
func (o *output) publish(tmp string, md *repomd.Repomd, old *old, opt *Options) error {
	if err := repomd.Dir(tmp).Rename(md); err != nil {
		return err
	}
	if err := old.retain(tmp, opt, time.Now()); err != nil {
		return err
	}
	if opt.FixTimestamps {
		files, err := os.ReadDir(tmp)
		if err != nil {
			return err
		}
		at := time.Unix(opt.Timestamp, 0)
		for _, f := range files {
			if f.Name() != indexName {
				if err := os.Chtimes(filepath.Join(tmp, f.Name()), at, at); err != nil {
					return err
				}
			}
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := repomd.Replace(tmp, filepath.Join(o.dir, repodata)); err != nil {
		return err
	}
	return errors.Join(o.lock.Sync(), os.RemoveAll(tmp))
}

// retain keeps old files beside the new ones: those that no repomd.xml speaks
// of, for they are somebody else's, and as many earlier generations of the lists
// as are asked for.
func (old *old) retain(tmp string, o *Options, now time.Time) error {
	files, err := os.ReadDir(old.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	type aged struct {
		name string
		time time.Time
	}
	lists := map[string][]aged{}
	keep := func(name string) error {
		err := os.Link(filepath.Join(old.dir, name), filepath.Join(tmp, name))
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	for _, f := range files {
		name := f.Name()
		kind := listKind(name)
		switch {
		case name == "repomd.xml", name == indexName, !f.Type().IsRegular():
		case kind != "":
			info, err := f.Info()
			if err != nil {
				return err
			}
			lists[kind] = append(lists[kind], aged{name, info.ModTime()})
		case !old.speaksOf(name):
			if err := keep(name); err != nil {
				return err
			}
		}
	}
	for _, l := range lists {
		slices.SortFunc(l, func(a, b aged) int { return b.time.Compare(a.time) })
		for i, f := range l {
			young := o.RetainOldMDByAge > 0 && now.Sub(f.time) < o.RetainOldMDByAge
			if i < o.RetainOldMD || young {
				if err := keep(f.name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// listKind says which of the lists a file is, in any compression, or "".
func listKind(name string) string {
	if before, after, ok := strings.Cut(name, "-"); ok && len(before) >= 32 && strings.Trim(before, "0123456789abcdef") == "" {
		name = after
	}
	kind, _, _ := strings.Cut(name, ".")
	switch kind {
	case "primary", "filelists", "other":
		return kind
	}
	return ""
}

// speaksOf says whether the old repomd.xml names a file.
func (old *old) speaksOf(name string) bool {
	return old.md != nil && slices.ContainsFunc(old.md.Data, func(d repomd.Data) bool { return path.Base(d.Href) == name })
}
