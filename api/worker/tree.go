package worker

import (
	"context"
	"errors"
	"io"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// Tree keeps what hosts send in the tree of files, where Koji's clients look
// for a task's output.
type Tree struct {
	DB    *db.DB
	Blobs blob.Store
	Dir   func(task int64) string // below work/
	Grown func(tx *db.Tx, task int64)
}

func (t *Tree) path(task int64, name string) string { return file.Join("work", t.Dir(task), name) }

// Restart forgets what an earlier lease of the task left, and retires its root.
func (t *Tree) Restart(ctx context.Context, tx *db.Tx, task int64) error {
	if err := build.RetireRoots(ctx, tx, task); err != nil {
		return err
	}
	return file.Remove(ctx, tx, file.Join("work", t.Dir(task)))
}

// AppendLog adds to a log: see Files.
func (t *Tree) AppendLog(ctx context.Context, task int64, name string, offset int64, r io.Reader, own Own) (int64, error) {
	path := t.path(task, name)
	size, err := t.size(ctx, path)
	if err != nil {
		return 0, err
	}
	if offset > size {
		return size, nil
	}
	if skip := size - offset; skip > 0 {
		n, err := io.CopyN(io.Discard, r, skip)
		if errors.Is(err, io.EOF) && n < skip {
			return size, nil // all of it was here already
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return size, err
		}
	}
	info, err := t.Blobs.Put(ctx, r, nil)
	if err != nil {
		return size, err
	}
	err = t.DB.Update(ctx, func(tx *db.Tx) error {
		if err := own(ctx, tx); err != nil {
			return err
		}
		got, err := file.Append(ctx, tx, path, size, false, info)
		if kura.Is(err, kura.Exists) { // the same piece came on another connection
			size = got
			return nil
		}
		if err != nil {
			return err
		}
		size = got
		if t.Grown != nil {
			t.Grown(tx, task)
		}
		return nil
	})
	return size, err
}

func (t *Tree) size(ctx context.Context, path string) (size int64, err error) {
	err = t.DB.View(ctx, func(tx *db.Tx) error {
		n, err := file.Lstat(ctx, tx, path)
		size = n.Size
		return err
	})
	if kura.Is(err, kura.NotFound) {
		return 0, nil
	}
	return size, err
}

// PutFile keeps a file whole: see Files.
func (t *Tree) PutFile(ctx context.Context, task int64, name, sha256 string, r io.Reader, own Own) (string, int64, error) {
	want, err := blob.ParseSum(sha256)
	if err != nil {
		return "", 0, err
	}
	info, err := t.Blobs.Put(ctx, r, &want)
	if err != nil {
		return "", 0, err
	}
	err = t.DB.Update(ctx, func(tx *db.Tx) error {
		if err := own(ctx, tx); err != nil {
			return err
		}
		return file.Replace(ctx, tx, t.path(task, name), info)
	})
	return info.Sum.String(), info.Size, err
}
