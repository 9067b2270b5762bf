package repo

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/hub/file"
)

// named is a file of a repository, stored but without its name yet.
type named struct {
	path   string
	info   blob.Info
	pieces []file.Piece // where it is no blob of its own
	target string       // of a link
}

// tree collects the files of a repository until they all get their names.
type tree struct {
	store blob.Store
	mu    sync.Mutex
	files []named
	used  map[string]file.Node // files of earlier repositories of whose pieces these consist
}

func (t *tree) add(files ...named) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files = append(t.files, files...)
}

func (t *tree) use(n file.Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used == nil {
		t.used = map[string]file.Node{}
	}
	t.used[n.Path()] = n
}

func (t *tree) put(ctx context.Context, path string, content io.Reader) error {
	info, err := t.store.Put(ctx, content, nil)
	if err != nil {
		return kura.E("repo.put", err)
	}
	t.add(named{path: path, info: info})
	return nil
}

func (t *tree) link(path, target string) {
	t.add(named{path: path, target: target})
}

// errUsedGone says that a file was deleted of which a repository was to take
// over pieces: it has to be made again.
var errUsedGone = errors.New("an earlier repository was deleted meanwhile")

// commit gives all files their names below a directory.
func (t *tree) commit(ctx context.Context, tx *db.Tx, dir string) error {
	const op = "repo.commit"
	if err := file.Hold(ctx, tx, slices.Collect(maps.Values(t.used))); err != nil {
		if kura.Is(err, kura.Conflict) {
			err = errors.Join(errUsedGone, err)
		}
		return kura.E(op, err)
	}
	var files []file.Entry
	for _, f := range t.files {
		if f.target == "" {
			files = append(files, f.entry(dir))
		} else if err := file.Symlink(ctx, tx, file.Join(dir, f.path), f.target); err != nil {
			return kura.E(op, err)
		}
	}
	return kura.E(op, file.PutAll(ctx, tx, files))
}

// entry is the file below a repository's directory.
func (f *named) entry(dir string) file.Entry {
	return file.Entry{Path: file.Join(dir, f.path), Blob: f.info, Pieces: f.pieces}
}

// The index of metadata is kept beside it.
const (
	indexName = ".kura-index"
	indexPath = "repodata/" + indexName
)

// metadata writes a directory's repodata and adds its files to the tree. It
// gives repomd.xml, for its signature. Groups that did not change are taken over
// from the bases; known, which may be nil, has the files in which they lie: with
// it they are shared with the earlier repositories, and not copied.
func (t *tree) metadata(ctx context.Context, dir string, list *repomd.List, o repomd.Options, known *bases) ([]byte, error) {
	const op = "repo.metadata"
	var out *output
	var md *repomd.Repomd
	var index *repomd.Index
	for {
		var err error
		out = &output{ctx: ctx, tree: t, bases: known, made: map[string]named{}}
		md, index, err = repomd.Write(ctx, out, list, o)
		var base *repomd.BaseError
		if errors.As(err, &base) { // it was deleted meanwhile
			o.Bases = slices.DeleteFunc(slices.Clone(o.Bases), func(b *repomd.Indexed) bool { return b == base.Base })
			continue
		}
		if err != nil {
			return nil, kura.E(op, err)
		}
		break
	}
	for _, d := range md.Data {
		f, ok := out.made[d.Name]
		if !ok {
			return nil, kura.Errorf(op, kura.Other, "the file %s was not written", d.Name)
		}
		f.path = file.Join(dir, d.Href)
		t.add(f)
	}
	f, err := out.index(index)
	if err != nil {
		return nil, kura.E(op, err)
	}
	f.path = file.Join(dir, indexPath)
	t.add(f)
	f = out.made["repomd.xml"]
	f.path = file.Join(dir, "repodata/repomd.xml")
	t.add(f)
	return md.Marshal(), nil
}

// output is where metadata is written.
type output struct {
	ctx   context.Context
	tree  *tree
	bases *bases
	mu    sync.Mutex
	made  map[string]named
}

func (o *output) Create(name string) (io.WriteCloser, error) {
	s := newSink(o.ctx, o.tree)
	s.closed = func(f named) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.made[name] = f
	}
	if o.bases == nil {
		return s, nil
	}
	return &pasting{s, o.bases}, nil
}

// index writes the index of what was written.
func (o *output) index(x *repomd.Index) (named, error) {
	w, err := o.Create(indexName)
	if err != nil {
		return named{}, err
	}
	err = errors.Join(x.MarshalTo(w), w.Close())
	f := o.made[indexName]
	if err == nil && o.bases != nil {
		e := f.entry("")
		o.bases.m.indexes.put(e.Sum(), x)
	}
	return f, err
}

// pasting is a file that takes over pieces of the bases.
type pasting struct {
	*sink
	bases *bases
}

// Paste implements repomd.Paster.
func (p *pasting) Paste(from *repomd.Indexed, kind repomd.Kind, offset, size int64) error {
	c := p.bases.contents[from][kind]
	if c == nil {
		return errors.ErrUnsupported
	}
	p.paste(c, offset, size)
	return nil
}
