package repomd

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cespare/xxhash/v2"
)

// List is what a repository consists of, in its order.
type List struct {
	Entries []Entry
	// Load gives the fragments of entries that no base has, by their index. It
	// may complete the entries it is asked for. It is called from several
	// goroutines, never twice for one entry.
	Load func(ctx context.Context, entries []int) ([]Loaded, error)
}

// Loaded is what is known of a package, or why it cannot be listed.
type Loaded struct {
	Fragments
	Err error
}

// LoadError says which packages could not be listed. All others were: the index
// that comes with it serves as a base for the list without them.
type LoadError struct{ Failed map[int]error }

func (e *LoadError) Error() string {
	first := -1
	for i := range e.Failed {
		if first < 0 || i < first {
			first = i
		}
	}
	if len(e.Failed) == 1 {
		return e.Failed[first].Error()
	}
	return fmt.Sprintf("%d packages cannot be listed, the first: %v", len(e.Failed), e.Failed[first])
}

// join is a repository while its three files are written.
//
// Groups that a base has are copied. The others are made by workers, in their
// order, and a bounded number ahead of the slowest of the three files; each
// file is written, and summed up, by a goroutine of its own.
type join struct {
	ctx   context.Context
	list  *List
	o     Options
	index *Index
	jobs  []*job // of each group; nil where a base has it
	from  []origin
	slots chan struct{} // of groups that are made, or wait to be written
	cores chan struct{} // of groups that are made just now
	pool  compressors
	spare sync.Pool // *[]byte

	mu     sync.Mutex
	failed map[int]error
}

// origin is where a group is copied from.
type origin struct {
	base  *Indexed
	group int
}

// job makes a group that no base has.
type job struct {
	done   chan struct{}
	err    error
	frames [3][]byte
	open   [3][]byte
	uses   int // files that have still to take it; by join.mu
}

func newJoin(ctx context.Context, list *List, o Options) *join {
	groups := cut(list.Entries, o.GroupSize)
	j := &join{
		ctx: ctx, list: list, o: o, failed: map[int]error{},
		index: &Index{Compression: o.Compression, Checksum: o.Checksum, GroupSize: o.GroupSize, Entries: list.Entries, Groups: groups},
		jobs:  make([]*job, len(groups)), from: make([]origin, len(groups)),
		slots: make(chan struct{}, 4*runtime.GOMAXPROCS(0)), cores: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	j.pool.kind, j.pool.quick = o.Compression, o.Quick
	bases := slices.DeleteFunc(slices.Clone(o.Bases), func(x *Indexed) bool { return x.Compression != o.Compression })
	for i := range groups {
		for _, b := range bases {
			if at := b.find(groups[i].Key); at >= 0 {
				j.take(i, origin{b, at})
				break
			}
		}
		if j.from[i].base == nil {
			j.jobs[i] = &job{done: make(chan struct{}), uses: len(kinds)}
		}
	}
	return j
}

// take copies what is known of a group.
func (j *join) take(i int, from origin) {
	j.from[i] = from
	g, old := &j.index.Groups[i], &from.base.Groups[from.group]
	g.Frames, g.lens, g.encoded, g.at = old.Frames, old.lens, old.encoded, old.at
	copy(j.list.Entries[g.First:g.First+g.Count], from.base.Entries[old.First:old.First+old.Count])
}

// run writes the three files and gives their data, in the order of the kinds.
func (j *join) run(out Output) ([3]Data, error) {
	var data [3]Data
	g, ctx := errgroup.WithContext(j.ctx)
	j.ctx = ctx
	g.Go(func() error { return j.make(g) })
	every := markEvery(j.o.GroupSize)
	marks := make([][3][2][]byte, len(j.index.Groups)/every+1)
	for kind := range kinds {
		g.Go(func() (err error) {
			data[kind], err = j.file(out, kind, marks)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return data, err
	}
	j.index.from = j.from
	for i, sums := range marks {
		if sums[0][0] != nil {
			j.index.marks = append(j.index.marks, mark{group: i * every, sums: sums})
		}
	}
	return data, nil
}

// make starts a worker for each group that is to be made.
func (j *join) make(g *errgroup.Group) error {
	for i, job := range j.jobs {
		if job == nil {
			j.progress(i)
			continue
		}
		select {
		case j.slots <- struct{}{}:
		case <-j.ctx.Done():
			return j.ctx.Err()
		}
		g.Go(func() error {
			j.cores <- struct{}{}
			job.err = j.group(i, job)
			<-j.cores
			close(job.done)
			return job.err
		})
	}
	return nil
}

// group makes a group: it gathers the fragments, and compresses them.
func (j *join) group(i int, job *job) error {
	g := &j.index.Groups[i]
	got, err := j.gather(g)
	if err != nil {
		return err
	}
	c, err := j.pool.get()
	if err != nil {
		return err
	}
	defer j.pool.Put(c)
	g.lens = make([][3]uint32, g.Count)
	for kind := range kinds {
		n := 0
		for p := range got {
			n += len(*got[p].of(kind))
		}
		b := slices.Grow(j.buffer(), n)
		for p := range got {
			f := *got[p].of(kind)
			b = append(b, f...)
			g.lens[p][kind] = uint32(len(f))
		}
		if job.frames[kind], err = c.Frame(b, nil); err != nil {
			return err
		}
		job.open[kind] = b
		g.Frames[kind] = Frame{Size: int64(len(job.frames[kind])), Open: int64(len(b)), Sum: xxhash.Sum64(job.frames[kind])}
	}
	j.progress(i)
	return nil
}

func (j *join) progress(group int) {
	if j.o.Progress != nil {
		j.o.Progress(j.index.Groups[group].Count)
	}
}

// buffer gives an empty buffer, a used one if there is one.
func (j *join) buffer() []byte {
	if b, ok := j.spare.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// gather gives the fragments of a group's packages: from the bases that have
// them, from the list's own source where none has.
func (j *join) gather(g *Group) ([]Fragments, error) {
	out := make([]Fragments, g.Count)
	have := make([]bool, g.Count)
	for _, b := range j.o.Bases {
		unpacked := map[int][]Fragments{}
		for i := range out {
			if have[i] {
				continue
			}
			at, ok := b.where(j.list.Entries[g.First+i].ID)
			if !ok {
				continue
			}
			all, done := unpacked[at.group]
			if !done {
				var err error
				if all, err = b.fragments(at.group); err != nil {
					// Somebody changed the files of the base: it has nothing, then.
					all = nil
				}
				unpacked[at.group] = all
			}
			if all != nil {
				out[i], have[i] = all[at.at], true
				j.list.Entries[g.First+i] = b.Entries[b.Groups[at.group].First+at.at]
			}
		}
	}
	var ask []int
	for i, ok := range have {
		if !ok {
			ask = append(ask, g.First+i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	if j.list.Load == nil {
		return nil, fmt.Errorf("the metadata of %s is not known", j.list.Entries[ask[0]].Name)
	}
	loaded, err := j.list.Load(j.ctx, ask)
	if err != nil {
		return nil, err
	}
	for k, l := range loaded {
		if l.Err != nil {
			j.mu.Lock()
			j.failed[ask[k]] = l.Err
			j.mu.Unlock()
			continue
		}
		out[ask[k]-g.First] = l.Fragments
	}
	return out, nil
}
