package main

import (
	"context"
	"errors"
	"io"
	"os"
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
	against("one changed, private, the engine alone, files written whole, processor", best, theirs)
	if best, err := m.shared(); err == nil {
		against("one changed, private, the engine alone, as a hub shares files, processor", best, theirs)
	} else {
		return err
	}
	return nil
}

// shared measures the same where unchanged parts of files stay where they lie, as
// in a hub: its private repositories are lists of pieces.
func (m *metadataBench) shared() (time.Duration, error) {
	best := time.Hour
	for turn := range 5 {
		out, err := repodir.Lock(m.ctx, m.dir+"-k")
		if err != nil {
			return 0, err
		}
		took, err := m.joinShared(out, turn)
		out.Close()
		if err != nil {
			return 0, err
		}
		best = min(best, took)
	}
	return best, nil
}

func (m *metadataBench) joinShared(out *repodir.Dir, turn int) (time.Duration, error) {
	list, err := m.oneChanged(out, turn)
	if err != nil {
		return 0, err
	}
	to, err := os.MkdirTemp(m.bench.dir, "shared-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(to)
	before := self()
	base := out.Base(out.Old())
	_, index, err := repomd.Write(m.ctx, sharing(to), list, repomd.Options{Compression: base.Compression, Timestamp: time.Now().Unix(), Bases: []*repomd.Indexed{base}})
	if err != nil {
		return 0, err
	}
	w, err := sharing(to).Create("index")
	if err != nil {
		return 0, err
	}
	err = errors.Join(index.MarshalTo(w), w.Close())
	return self() - before, err
}

// sharing is an output that keeps only what is new.
type sharing string

func (s sharing) Create(name string) (io.WriteCloser, error) {
	w, err := repomd.Dir(s).Create(name)
	return &pasted{WriteCloser: w}, err
}

// pasted is one file, and what it shares with others.
type pasted struct {
	io.WriteCloser
	pieces [][2]int64
}

func (p *pasted) Paste(_ *repomd.Indexed, _ repomd.Kind, offset, size int64) error {
	p.pieces = append(p.pieces, [2]int64{offset, size})
	return nil
}

func (m *metadataBench) join(turn int) (time.Duration, error) {
	out, err := repodir.Lock(m.ctx, m.dir+"-k")
	if err != nil {
		return 0, err
	}
	defer out.Close()
	list, err := m.oneChanged(out, turn)
	if err != nil {
		return 0, err
	}
	before := self()
	base := out.Base(out.Old())
	tmp, md, index, err := out.Write(m.ctx, list, repomd.Options{Compression: base.Compression, Timestamp: time.Now().Unix(), Bases: []*repomd.Indexed{base}})
	if err != nil {
		return 0, err
	}
	if err := out.Publish(tmp, md, index, repodir.Keep{}); err != nil {
		return 0, err
	}
	return self() - before, nil
}

// oneChanged lists what a repository has, but for one package in the middle.
func (m *metadataBench) oneChanged(out *repodir.Dir, turn int) (*repomd.List, error) {
	known := out.Base(out.Old())
	if known == nil {
		return nil, errors.New("the repository has no index")
	}
	list := &repomd.List{Entries: known.Entries}
	changed := len(list.Entries) / 2
	fragments, err := fragmentsOf(known, changed)
	if err != nil {
		return nil, err
	}
	list.Entries[changed].ID[0] += byte(turn + 1)
	list.Load = func(context.Context, []int) ([]repomd.Loaded, error) {
		return []repomd.Loaded{{Fragments: *fragments}}, nil
	}
	return list, nil
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
