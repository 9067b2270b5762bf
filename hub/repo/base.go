package repo

import (
	"context"
	"io"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// maxBases is how many earlier repositories are looked at for groups.
const maxBases = 3

// bases are the repositories from which a new one may take over groups: the
// newest of the tag itself, then of what it inherits from. They hold files open
// until they are closed.
type bases struct {
	m    *Maker
	ctx  context.Context
	open []io.Closer
	// contents are the files of the bases, by kind.
	contents map[*repomd.Indexed]map[repomd.Kind]*file.Content
}

func (m *Maker) newBases(ctx context.Context) *bases {
	return &bases{m: m, ctx: ctx, contents: map[*repomd.Indexed]map[repomd.Kind]*file.Content{}}
}

func (b *bases) close() {
	for _, c := range b.open {
		c.Close()
	}
}

// of gives the bases for one directory of a repository of a tag.
func (b *bases) of(t, at int64, dist bool, dir string) ([]*repomd.Indexed, error) {
	var repos []*Repo
	err := b.m.db.View(b.ctx, func(tx *db.Tx) error {
		tags := []int64{t}
		steps, err := tag.Inheritance(b.ctx, tx, t, at)
		if err != nil {
			return err
		}
		for _, s := range steps {
			if !slices.Contains(tags, s.Parent) {
				tags = append(tags, s.Parent)
			}
		}
		for _, id := range tags {
			got, err := List(b.ctx, tx, Filter{TagID: id, Dist: &dist, States: []int{int(Ready)}, ByTime: true, Limit: 1})
			if err != nil {
				return err
			}
			if repos = append(repos, got...); len(repos) == maxBases {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []*repomd.Indexed
	for _, r := range repos {
		x, err := b.indexed(file.Join(r.Path(), dir), indexPath)
		if err != nil && !kura.Is(err, kura.NotFound) {
			return nil, err
		}
		if x != nil {
			out = append(out, x)
		}
	}
	return out, nil
}

// indexed gives the metadata of a directory with its index; nothing where the
// index cannot be read.
func (b *bases) indexed(dir, name string) (*repomd.Indexed, error) {
	files := map[repomd.Kind]*file.Content{}
	read := func(kind repomd.Kind, path string) error {
		return b.m.db.View(b.ctx, func(tx *db.Tx) (err error) {
			files[kind], err = file.Read(b.ctx, tx, file.Join(dir, path))
			return err
		})
	}
	if err := read(repomd.IndexKind, name); err != nil {
		return nil, err
	}
	index := b.m.indexes.get(files[repomd.IndexKind].Node.Sum)
	if index == nil {
		raw, err := b.m.bytes(b.ctx, files[repomd.IndexKind])
		if err != nil {
			return nil, err
		}
		if index, err = repomd.UnmarshalIndex(raw); err != nil {
			return nil, nil // of an earlier version of this program
		}
		b.m.indexes.put(files[repomd.IndexKind].Node.Sum, index)
	}
	readers := map[repomd.Kind]io.ReaderAt{}
	for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		if err := read(k, index.Hrefs[i]); err != nil {
			return nil, err
		}
		r := files[k].Open(b.ctx, b.m.blobs)
		b.open = append(b.open, r)
		readers[k] = r
	}
	x := &repomd.Indexed{Index: index, File: func(k repomd.Kind) (io.ReaderAt, error) { return readers[k], nil }}
	b.contents[x] = files
	return x, nil
}

func (m *Maker) bytes(ctx context.Context, c *file.Content) ([]byte, error) {
	f := c.Open(ctx, m.blobs)
	defer f.Close()
	return io.ReadAll(f)
}
