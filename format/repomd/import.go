package repomd

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// Lists are the three lists of a foreign repository, open already, see Open.
// The last two may be missing.
type Lists [3]io.Reader

// ImportOptions say how foreign lists are kept.
type ImportOptions struct {
	Compression Compression
	GroupSize   int        // see Options
	Quick       bool       // see Options
	Bases       []*Indexed // earlier imports of the same place
	// Base is the address of the repository: packages that do not say where
	// they lie are told to lie below it.
	Base string
	// ID names a package; nil is the sum of its fragments.
	ID       func(*Item) ID
	Progress func(packages int)
}

// Import reads a foreign repository once and keeps it in groups, so that what it
// lists can be joined with other packages again and again. What is kept is a
// base, see Options.Bases, and the index tells of each package. It is read to
// its end or refused: an error of a list's reader counts too.
func Import(ctx context.Context, out Output, lists Lists, o ImportOptions) (*Index, error) {
	if o.Compression == "" {
		o.Compression = Zstd
	}
	g, gctx := errgroup.WithContext(ctx)
	p, err := newPacker(ctx, out, Options{
		Compression: o.Compression, GroupSize: cmp.Or(o.GroupSize, defaultGroup), Quick: o.Quick, Bases: o.Bases, Progress: o.Progress,
	})
	if err != nil {
		return nil, err
	}
	var ch [3]chan []Item
	for i, r := range lists {
		if r == nil {
			continue
		}
		ch[i] = make(chan []Item, 4)
		g.Go(func() error {
			defer close(ch[i])
			return scanInto(gctx, r, kinds[i], ch[i])
		})
	}
	g.Go(func() error { return joinLists(gctx, p, ch, o) })
	return p.finish(g.Wait())
}

// itemBatch is how many packages go from a scanner to the joiner at once.
const itemBatch = 32

// scanInto scans one list.
func scanInto(ctx context.Context, r io.Reader, kind Kind, to chan<- []Item) error {
	var batch []Item
	send := func() error {
		select {
		case to <- batch:
			batch = make([]Item, 0, itemBatch)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := Scan(r, kind, func(it *Item) error {
		kept := *it
		kept.Raw = append([]byte(nil), it.Raw...)
		if batch = append(batch, kept); len(batch) == itemBatch {
			return send()
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		err = send()
	}
	return err
}

// maxAhead bounds how many bytes of a list are held because another list has
// its packages in another order.
const maxAhead = 512 << 20

// feed gives a list's items by checksum. The three lists nearly always have
// one order; what comes before its turn waits.
type feed struct {
	kind    Kind
	from    <-chan []Item
	batch   []Item
	waiting map[string][]Item
	size    int
}

func (f *feed) next(ctx context.Context) (*Item, error) {
	if len(f.batch) == 0 {
		select {
		case b, ok := <-f.from:
			if !ok {
				return nil, ctx.Err()
			}
			f.batch = b
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	it := &f.batch[0]
	f.batch = f.batch[1:]
	return it, nil
}

// of gives the item of a package of primary.
func (f *feed) of(ctx context.Context, p *Item) ([]byte, error) {
	if f.from == nil {
		return emptyItem(p), nil
	}
	if w := f.waiting[p.PkgID]; len(w) > 0 {
		f.waiting[p.PkgID] = w[1:]
		f.size -= len(w[0].Raw)
		return w[0].Raw, nil
	}
	for {
		it, err := f.next(ctx)
		if err != nil {
			return nil, err
		}
		if it == nil {
			return nil, fmt.Errorf("primary lists the package %s (%s), %s does not: the repository's files do not belong together", p.Name, p.PkgID, f.kind)
		}
		if it.PkgID == p.PkgID {
			return it.Raw, nil
		}
		if f.waiting == nil {
			f.waiting = map[string][]Item{}
		}
		f.waiting[it.PkgID] = append(f.waiting[it.PkgID], *it)
		if f.size += len(it.Raw); f.size > maxAhead {
			return nil, fmt.Errorf("primary and %s list their packages in orders that are too different", f.kind)
		}
	}
}

// emptyItem is what a list says of a package of which it knows nothing.
func emptyItem(p *Item) []byte {
	w := new(writer)
	w.raw("<package")
	w.attr("pkgid", p.PkgID)
	w.attr("name", p.Name)
	w.attr("arch", p.Arch)
	w.raw(">\n  <version")
	w.attr("epoch", p.Epoch)
	w.attr("ver", p.Version)
	w.attr("rel", p.Release)
	w.raw("/>\n</package>\n")
	return w.b
}

func joinLists(ctx context.Context, p *packer, ch [3]chan []Item, o ImportOptions) error {
	primary := &feed{kind: Primary, from: ch[0]}
	rest := [2]*feed{{kind: Filelists, from: ch[1]}, {kind: Other, from: ch[2]}}
	for {
		it, err := primary.next(ctx)
		if err != nil {
			return err
		}
		if it == nil {
			break
		}
		f := Fragments{Primary: it.Raw}
		if it.Base == "" && o.Base != "" {
			it.Base = o.Base
			if f.Primary, err = Relocate(it.Raw, it.Base, ""); err != nil {
				return fmt.Errorf("package %s: %w", it.Name, err)
			}
		}
		for i, l := range rest {
			if *f.of(i + 1), err = l.of(ctx, it); err != nil {
				return err
			}
		}
		e := Entry{
			Name: it.Name, Arch: it.Arch, Epoch: it.Epoch, Version: it.Version, Release: it.Release,
			Source: it.SourceRPM, Href: it.Href, Base: it.Base, FileTime: it.FileTime,
		}
		if o.ID != nil {
			e.ID = o.ID(it)
		} else {
			e.ID = sumOf(&f)
		}
		if err := p.add(e, f); err != nil {
			return err
		}
	}
	// What the other lists have beyond primary is of no package, but it must be
	// read: only the end of a list proves that it is whole.
	for _, l := range rest {
		for l.from != nil {
			it, err := l.next(ctx)
			if err != nil {
				return err
			}
			if it == nil {
				break
			}
		}
	}
	return nil
}

func sumOf(f *Fragments) (id ID) {
	h := sha256.New()
	for kind := range kinds {
		b := *f.of(kind)
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	h.Sum(id[:0])
	return id
}
