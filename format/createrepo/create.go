package createrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/format/repodir"
	"github.com/kura-build/kura/format/repomd"
)

// Run makes the repository of a directory.
func Run(ctx context.Context, dir string, o Options) (*Result, error) {
	now := time.Now()
	if err := o.fill(dir, now); err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w %s: give the one that holds the packages", ErrNoDirectory, dir)
	} else if err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory: %w", dir, errors.Join(err, errors.New("give the one that holds the packages")))
	}
	if err := os.MkdirAll(o.OutputDir, 0o755); err != nil {
		return nil, err
	}
	out, err := repodir.Lock(ctx, o.OutputDir)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	failed := 0
	warn := o.Warn
	o.Warn = func(path string, err error) { failed++; warn(path, err) }
	old, err := openOld(ctx, out, &o)
	if err != nil {
		return nil, err
	}
	defer old.close()
	failed = 0
	r := &reader{dir: dir, o: &o}
	if r.files, err = find(dir, &o); err != nil {
		return nil, err
	}
	entries, err := r.entries(old.known, now)
	if err != nil {
		return nil, err
	}
	w := &run{Options: &o, reader: r, old: old, out: out}
	md, listed, err := w.write(ctx, entries)
	if err != nil {
		return nil, err
	}
	return &Result{Packages: listed, Read: len(r.read), Failed: failed, Repomd: md, ReadList: r.read}, nil
}

// ErrNoDirectory says that the directory of the packages does not exist.
var ErrNoDirectory = errors.New("there is no directory")

// run is one run while it writes.
type run struct {
	*Options
	*reader
	old *old
	out *repodir.Dir
}

// write writes and publishes the new metadata. Packages that cannot be listed
// are left out: then it begins again, with what it has by now.
func (w *run) write(ctx context.Context, entries []repomd.Entry) (md *repomd.Repomd, listed int, err error) {
	extras, comps, err := w.old.extras(w.Options)
	if err != nil {
		return nil, 0, err
	}
	bases := w.old.bases
	for {
		var done atomic.Int64
		list := &repomd.List{Entries: entries, Load: func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
			return w.load(ctx, entries, want)
		}}
		tmp, md, index, err := w.out.Write(ctx, list, repomd.Options{
			Compression: w.Compression, ExtraCompression: w.ExtraCompression, Checksum: w.Checksum, OpenChecksums: !w.Private,
			SimpleNames: w.SimpleNames, Revision: w.Revision, Timestamp: w.Timestamp, Tags: w.Tags, Comps: comps, Extra: extras, Bases: bases,
			Progress: func(n int) { w.Progress(int(done.Add(int64(n))), len(entries)) },
		})
		if err == nil {
			keep := repodir.Keep{Generations: w.RetainOldMD, Age: w.RetainOldMDByAge}
			if w.FixTimestamps {
				at := time.Unix(w.Timestamp, 0)
				keep.Time = &at
			}
			return md, len(entries), w.out.Publish(tmp, md, index, keep)
		}
		defer os.RemoveAll(tmp)
		var broken *repomd.LoadError
		if !errors.As(err, &broken) {
			return nil, 0, err
		}
		bases = append([]*repomd.Indexed{w.out.Written(tmp, index)}, bases...)
		entries = w.leaveOut(entries, broken.Failed)
	}
}

// leaveOut takes packages that cannot be listed out of the list.
func (w *run) leaveOut(entries []repomd.Entry, failed map[int]error) []repomd.Entry {
	var rest []repomd.Entry
	var files []found
	for i, e := range entries {
		if err := failed[i]; err != nil {
			w.Warn(w.files[i].path, err)
			continue
		}
		rest, files = append(rest, e), append(files, w.files[i])
	}
	w.files = files
	return rest
}
