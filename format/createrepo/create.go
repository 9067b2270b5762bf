package createrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/format/repomd"
)

// Run makes the repository of a directory.
func Run(ctx context.Context, dir string, o Options) (*Result, error) {
	now := time.Now()
	if err := o.fill(dir, now); err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory: %w", dir, errors.Join(err, errNoDirectory))
	}
	if err := os.MkdirAll(o.OutputDir, 0o755); err != nil {
		return nil, err
	}
	out, err := lock(ctx, o.OutputDir)
	if err != nil {
		return nil, err
	}
	defer out.unlock()
	old, err := openOld(ctx, &o)
	if err != nil {
		return nil, err
	}
	defer old.close()
	r := &reader{dir: dir, o: &o}
	failed := 0
	warn := o.Warn
	o.Warn = func(path string, err error) { failed++; warn(path, err) }
	if r.files, err = find(dir, &o); err != nil {
		return nil, err
	}
	entries, err := r.entries(old.known, now)
	if err != nil {
		return nil, err
	}
	w := &run{Options: &o, reader: r, old: old, out: out, bases: old.bases}
	md, err := w.write(ctx, entries)
	if err != nil {
		return nil, err
	}
	if err := out.publish(w.tmp, md, old, &o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(w.tmp))
	}
	return &Result{Packages: w.packages, Read: len(r.read), Failed: failed, Repomd: md, ReadList: r.read}, nil
}

var errNoDirectory = errors.New("give the directory that holds the packages")

// run is one run while it writes.
type run struct {
	*Options
	*reader
	old      *old
	out      *output
	bases    []*repomd.Indexed
	tmp      string // the new repodata
	packages int
}

// write writes the new metadata beside the old. Packages that cannot be listed
// are left out, and earlier metadata that cannot be read is not used: then it
// begins again, with what it has by now.
func (w *run) write(ctx context.Context, entries []repomd.Entry) (*repomd.Repomd, error) {
	extras, comps, err := w.old.extras(w.Options)
	if err != nil {
		return nil, err
	}
	var spent []string
	defer func() {
		for _, dir := range spent {
			_ = os.RemoveAll(dir)
		}
	}()
	for {
		if w.tmp, err = os.MkdirTemp(w.out.dir, tmpPrefix); err != nil {
			return nil, err
		}
		md, index, err := w.once(ctx, entries, extras, comps)
		if err == nil {
			w.packages = len(entries)
			return md, w.out.writeIndex(w.tmp, index)
		}
		spent = append(spent, w.tmp)
		var broken *repomd.LoadError
		var changed *repomd.BaseError
		switch {
		case errors.As(err, &broken):
			mine := &repomd.Indexed{Index: index, File: w.old.fileOf(w.tmp, w.Compression)}
			w.bases = append([]*repomd.Indexed{mine}, w.bases...)
			entries = w.leaveOut(entries, broken.Failed)
		case errors.As(err, &changed):
			w.bases = slices.DeleteFunc(slices.Clone(w.bases), func(b *repomd.Indexed) bool { return b == changed.Base })
		default:
			return nil, err
		}
	}
}

func (w *run) once(ctx context.Context, entries []repomd.Entry, extras []repomd.Extra, comps []byte) (*repomd.Repomd, *repomd.Index, error) {
	var done atomic.Int64
	list := &repomd.List{Entries: entries, Load: func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
		return w.load(ctx, entries, want)
	}}
	return repomd.Write(ctx, repomd.Dir(w.tmp), list, repomd.Options{
		Compression: w.Compression, ExtraCompression: w.ExtraCompression, Checksum: w.Checksum, OpenChecksums: !w.Private, SimpleNames: w.SimpleNames,
		Revision: w.Revision, Timestamp: w.Timestamp, Tags: w.Tags, Comps: comps, Extra: extras, Bases: w.bases,
		Progress: func(n int) { w.Progress(int(done.Add(int64(n))), len(entries)) },
	})
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
