package repo

import (
	"context"
	"io"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
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
	raw, err := b.m.readAll(b.ctx, file.Join(dir, name))
	if err != nil {
		return nil, err
	}
	index, err := repomd.UnmarshalIndex(raw)
	if err != nil {
		return nil, nil // of an earlier version of this program
	}
	x := &repomd.Indexed{Index: index}
	var sums [3]blob.Sum
	err = b.m.db.View(b.ctx, func(tx *db.Tx) error {
		for i, href := range index.Hrefs {
			n, err := file.Stat(b.ctx, tx, file.Join(dir, href))
			if err != nil {
				return err
			}
			sums[i] = n.Sum
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	readers := make(map[repomd.Kind]io.ReaderAt, len(sums))
	for i, k := range []repomd.Kind{repomd.Primary, repomd.Filelists, repomd.Other} {
		r, err := b.m.blobs.Open(b.ctx, sums[i])
		if err != nil {
			return nil, err
		}
		b.open = append(b.open, r)
		readers[k] = r
	}
	x.File = func(k repomd.Kind) (io.ReaderAt, error) { return readers[k], nil }
	return x, nil
}

// readAll reads a file of the tree.
func (m *Maker) readAll(ctx context.Context, path string) ([]byte, error) {
	var c *file.Content
	err := m.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = file.Read(ctx, tx, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := c.Open(ctx, m.blobs)
	defer f.Close()
	return io.ReadAll(f)
}
