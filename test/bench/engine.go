package main

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/format/repodir"
	"github.com/kura-build/kura/format/repomd"
)

// engine measures what a hub does when one package of a private repository
// changed: it knows the packages, so nothing is looked for on the disk. What is
// measured is all of reading the last repository's index, joining the next one,
// and writing its files and index.
func (m *metadataBench) engine(theirs time.Duration) error {
	if _, err := m.kura(m.dir, "--no-open-checksums"); err != nil {
		return err
	}
	best := time.Hour
	for turn := range 5 {
		took, err := m.join(turn)
		if err != nil {
			return err
		}
		best = min(best, took)
	}
	against("one changed, private, the engine alone, processor", best, theirs)
	return nil
}

func (m *metadataBench) join(turn int) (time.Duration, error) {
	out, err := repodir.Lock(m.ctx, m.dir+"-k")
	if err != nil {
		return 0, err
	}
	defer out.Close()
	known := out.Base(out.Old())
	if known == nil {
		return 0, errors.New("the repository has no index")
	}
	list := &repomd.List{Entries: known.Entries}
	changed := len(list.Entries) / 2
	fragments, err := fragmentsOf(known, changed)
	if err != nil {
		return 0, err
	}
	before := self()
	base := out.Base(out.Old())
	list.Entries[changed].ID[0] += byte(turn + 1)
	list.Load = func(context.Context, []int) ([]repomd.Loaded, error) {
		return []repomd.Loaded{{Fragments: *fragments}}, nil
	}
	tmp, md, index, err := out.Write(m.ctx, list, repomd.Options{Compression: base.Compression, Timestamp: time.Now().Unix(), Bases: []*repomd.Indexed{base}})
	if err != nil {
		return 0, err
	}
	if err := out.Publish(tmp, md, index, repodir.Keep{}); err != nil {
		return 0, err
	}
	return self() - before, nil
}

// self is the processor time of this program.
func self() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // fails for wrong arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fragmentsOf reads a package of a repository out of its lists.
func fragmentsOf(x *repomd.Indexed, at int) (*repomd.Fragments, error) {
	f := &repomd.Fragments{}
	for i, part := range []*[]byte{&f.Primary, &f.Filelists, &f.Other} {
		kind := []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other}[i]
		r, err := x.File(kind)
		if err != nil {
			return nil, err
		}
		z, err := repomd.Open(io.NewSectionReader(r, 0, 1<<40))
		if err != nil {
			return nil, err
		}
		n := 0
		found := errors.New("found")
		err = repomd.Scan(z, kind, func(it *repomd.Item) error {
			if n++; n <= at {
				return nil
			}
			*part = append([]byte(nil), it.Raw...)
			return found
		})
		z.Close()
		if !errors.Is(err, found) {
			return nil, err
		}
	}
	return f, nil
}
