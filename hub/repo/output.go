package repo

import (
	"bytes"
	"context"
	"errors"
	"io"
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
	target string // of a link
}

// tree collects the files of a repository until they all get their names.
type tree struct {
	store blob.Store
	mu    sync.Mutex
	files []named
}

func (t *tree) add(files ...named) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files = append(t.files, files...)
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

// commit gives all files their names below a directory.
func (t *tree) commit(ctx context.Context, tx *db.Tx, dir string) error {
	var files []file.Entry
	for _, f := range t.files {
		if f.target == "" {
			files = append(files, file.Entry{Path: file.Join(dir, f.path), Blob: f.info})
		} else if err := file.Symlink(ctx, tx, file.Join(dir, f.path), f.target); err != nil {
			return kura.E("repo.commit", err)
		}
	}
	return kura.E("repo.commit", file.PutAll(ctx, tx, files))
}

// output is where metadata is written: each file streams into the blob store.
type output struct {
	ctx   context.Context
	store blob.Store
	mu    sync.Mutex
	made  map[string]blob.Info
}

func (o *output) Create(name string) (io.WriteCloser, error) {
	r, w := io.Pipe()
	s := &sink{PipeWriter: w, done: make(chan error, 1)}
	go func() {
		info, err := o.store.Put(o.ctx, r, nil)
		r.CloseWithError(err)
		s.info = info
		s.done <- err
	}()
	s.close = func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.made[name] = s.info
	}
	return s, nil
}

// sink is one file on its way.
type sink struct {
	*io.PipeWriter
	info  blob.Info
	done  chan error
	close func()
	ended bool
}

func (s *sink) Close() error {
	if s.ended {
		return nil
	}
	s.ended = true
	s.PipeWriter.Close()
	err := <-s.done
	if err == nil {
		s.close()
	}
	return err
}

// The index of metadata is kept beside it.
const (
	indexName = ".kura-index"
	indexPath = "repodata/" + indexName
)

// metadata writes a directory's repodata and adds its files to the tree. It
// gives repomd.xml, for its signature. Groups that did not change are copied
// from the bases.
func (t *tree) metadata(ctx context.Context, dir string, list *repomd.List, o repomd.Options) ([]byte, error) {
	const op = "repo.metadata"
	var out *output
	var md *repomd.Repomd
	var index *repomd.Index
	for {
		var err error
		out = &output{ctx: ctx, store: t.store, made: map[string]blob.Info{}}
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
		info, ok := out.made[d.Name]
		if !ok {
			return nil, kura.Errorf(op, kura.Other, "the file %s was not written", d.Name)
		}
		t.add(named{path: file.Join(dir, d.Href), info: info})
	}
	if err := t.put(ctx, file.Join(dir, indexPath), bytes.NewReader(index.Marshal())); err != nil {
		return nil, err
	}
	t.add(named{path: file.Join(dir, "repodata/repomd.xml"), info: out.made["repomd.xml"]})
	return md.Marshal(), nil
}
