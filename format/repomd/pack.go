package repomd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/cespare/xxhash/v2"
)

// packer writes groups as the packages come, when nobody knows yet how many
// there will be. What it writes is a base for repositories, not one itself: the
// lists have neither head nor tail.
type packer struct {
	ctx   context.Context
	o     Options
	index *Index
	queue chan *packed
	tasks *errgroup.Group // compress, or copy
	all   *errgroup.Group
	now   *packed
	pool  compressors
}

// packed is a group on its way.
type packed struct {
	entries []Entry
	parts   []Fragments
	group   Group
	frames  [3][]byte
	done    chan error
}

func newPacker(ctx context.Context, out Output, o Options) (*packer, error) {
	p := &packer{o: o, index: &Index{Compression: o.Compression, GroupSize: o.GroupSize}, queue: make(chan *packed, 2*runtime.GOMAXPROCS(0))}
	p.pool.kind, p.pool.quick = o.Compression, o.Quick
	p.all, p.ctx = errgroup.WithContext(ctx)
	p.tasks, _ = errgroup.WithContext(p.ctx)
	p.tasks.SetLimit(runtime.GOMAXPROCS(0))
	var files [3]io.WriteCloser
	for i, k := range kinds {
		name := string(k) + ".xml" + o.Compression.Ext()
		p.index.Hrefs[i] = name
		w, err := out.Create(name)
		if err != nil {
			for _, f := range files[:i] {
				_ = f.Close()
			}
			return nil, err
		}
		files[i] = w
	}
	p.all.Go(func() error {
		err := p.write(files)
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		return err
	})
	return p, nil
}

// add takes a package.
func (p *packer) add(e Entry, f Fragments) error {
	if n := p.now; n != nil {
		if border(len(n.entries), n.entries[len(n.entries)-1].Name, e.Name, p.o.GroupSize) {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	if p.now == nil {
		p.now = &packed{done: make(chan error, 1)}
	}
	p.now.entries, p.now.parts = append(p.now.entries, e), append(p.now.parts, f)
	return nil
}

func (p *packer) flush() error {
	n := p.now
	p.now = nil
	select {
	case p.queue <- n:
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
	p.tasks.Go(func() error {
		n.done <- p.pack(n)
		return nil
	})
	return nil
}

// pack finds a group's frames in a base, or compresses it.
func (p *packer) pack(n *packed) error {
	n.group = Group{Key: keyOf(n.entries), Count: len(n.entries), lens: make([][3]uint32, len(n.entries))}
	for i := range n.parts {
		for kind := range kinds {
			n.group.lens[i][kind] = uint32(len(*n.parts[i].of(kind)))
		}
	}
	if p.known(n) {
		return nil
	}
	c, err := p.pool.get()
	if err != nil {
		return err
	}
	defer p.pool.Put(c)
	for kind := range kinds {
		var b []byte
		for i := range n.parts {
			b = append(b, *n.parts[i].of(kind)...)
		}
		if n.frames[kind], err = c.Frame(b, nil); err != nil {
			return err
		}
		n.group.Frames[kind] = Frame{Size: int64(len(n.frames[kind])), Open: int64(len(b)), Sum: xxhash.Sum64(n.frames[kind])}
	}
	n.parts = nil
	return nil
}

// known copies a group's frames out of a base that has it.
func (p *packer) known(n *packed) bool {
	for _, b := range p.o.Bases {
		at := b.find(n.group.Key)
		if at < 0 || b.Compression != p.o.Compression || !slices.Equal(b.Groups[at].lens, n.group.lens) {
			continue
		}
		ok := true
		for kind := range kinds {
			var err error
			n.frames[kind], err = b.frame(at, kind, new(window))
			ok = ok && err == nil
		}
		if ok {
			n.group.Frames, n.parts = b.Groups[at].Frames, nil
			return true
		}
	}
	return false
}

// write appends the frames to their files, in order.
func (p *packer) write(files [3]io.WriteCloser) error {
	var offset [3]int64
	for n := range p.queue {
		select {
		case err := <-n.done:
			if err != nil {
				return err
			}
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
		n.group.First = len(p.index.Entries)
		for kind := range kinds {
			n.group.Frames[kind].Offset = offset[kind]
			w, err := files[kind].Write(n.frames[kind])
			if err != nil {
				return err
			}
			offset[kind] += int64(w)
		}
		p.index.Entries = append(p.index.Entries, n.entries...)
		p.index.Groups = append(p.index.Groups, n.group)
		if p.o.Progress != nil {
			p.o.Progress(len(n.entries))
		}
	}
	return nil
}

// finish ends the files. cause is why, if not because all packages came.
func (p *packer) finish(cause error) (*Index, error) {
	if cause == nil && p.now != nil {
		cause = p.flush()
	}
	close(p.queue)
	_ = p.tasks.Wait() // they tell the writer
	err := p.all.Wait()
	if cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = cause
	}
	if err != nil {
		return nil, fmt.Errorf("keeping repository metadata: %w", err)
	}
	return p.index, nil
}
