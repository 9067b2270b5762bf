package repodir

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura/format/repomd"
)

// Keep says which old files stay, and how new ones look.
type Keep struct {
	Generations int           // earlier lists that stay
	Age         time.Duration // younger ones stay as well
	Time        *time.Time    // of the new files, if not now
}

// Publish puts what Write has written in the place of the old metadata, together
// with those of the old files that are to stay.
func (d *Dir) Publish(tmp string, md *repomd.Repomd, index *repomd.Index, k Keep) error {
	err := errors.Join(repomd.Dir(tmp).Rename(md), d.retain(tmp, k, time.Now()), setTimes(tmp, k.Time), writeIndex(tmp, index))
	if err == nil {
		err = os.Chmod(tmp, 0o755)
	}
	if err == nil {
		err = repomd.Replace(tmp, d.Old())
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	_ = os.Chmod(tmp, 0o700) // the old metadata may be one that nobody was to write to
	if err := d.moveDirs(tmp); err != nil {
		return errors.Join(err, os.Rename(tmp, d.Old()+".kept"))
	}
	discard(tmp)
	return d.lock.Sync()
}

// moveDirs moves directories that somebody has made in the old metadata to the
// new.
func (d *Dir) moveDirs(old string) error {
	files, err := os.ReadDir(old)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // there was no old one
	}
	for _, f := range files {
		if f.IsDir() {
			err = errors.Join(err, os.Rename(filepath.Join(old, f.Name()), filepath.Join(d.Old(), f.Name())))
		}
	}
	return err
}

// discard removes what a run has left, if it can: the new metadata is in its
// place, whatever becomes of the old.
func discard(dir string) {
	_ = os.Chmod(dir, 0o700)
	_ = os.RemoveAll(dir)
}

func writeIndex(tmp string, index *repomd.Index) error {
	f, err := repomd.Dir(tmp).Create(indexName)
	if err != nil {
		return err
	}
	return errors.Join(index.MarshalTo(f), f.Close())
}

func setTimes(tmp string, to *time.Time) error {
	if to == nil {
		return nil
	}
	files, err := os.ReadDir(tmp)
	for _, f := range files {
		err = errors.Join(err, os.Chtimes(filepath.Join(tmp, f.Name()), *to, *to))
	}
	return err
}

// retain keeps old files beside the new ones: those that no repomd.xml speaks
// of, for they are somebody else's, and as many earlier generations of the lists
// as are asked for.
func (d *Dir) retain(tmp string, k Keep, now time.Time) error {
	files, err := os.ReadDir(d.Old())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	md, err := ReadRepomd(d.Old())
	if err != nil {
		md = nil // it is replaced, whatever it was
	}
	type aged struct {
		name string
		time time.Time
	}
	lists := map[string][]aged{}
	keep := func(name string) error {
		err := os.Link(filepath.Join(d.Old(), name), filepath.Join(tmp, name))
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	for _, f := range files {
		name := f.Name()
		kind := ListKind(name)
		switch {
		case name == "repomd.xml", name == indexName, f.IsDir():
		case kind != "":
			info, err := f.Info()
			if err != nil {
				return err
			}
			lists[kind] = append(lists[kind], aged{name, info.ModTime()})
		case !names(md, name):
			if err := keep(name); err != nil {
				return err
			}
		}
	}
	for _, l := range lists {
		slices.SortFunc(l, func(a, b aged) int { return b.time.Compare(a.time) })
		for i, f := range l {
			young := now.Sub(f.time) < k.Age
			if i < k.Generations || young {
				if err := keep(f.name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ListKind says which of the lists a file is, in any compression, or "".
func ListKind(name string) string {
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

// names says whether repomd.xml names a file.
func names(md *repomd.Repomd, file string) bool {
	return md != nil && slices.ContainsFunc(md.Data, func(d repomd.Data) bool { return path.Base(d.Href) == file })
}
