package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// copiers is how many blobs are copied at once: most of a small one's time is
// waiting for two disks.
const copiers = 8

// copyBlobs brings the blobs that are not there yet.
func (b *backup) copyBlobs(ctx context.Context, refs []file.Reference) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(copiers)
	have := make([]bool, len(refs))
	for i, r := range refs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if info, err := b.objects.Stat(ctx, r.Sum); err == nil && info.Size == r.Size {
				have[i] = true
				return nil
			}
			err := b.copyBlob(ctx, r.Sum)
			if err == nil {
				have[i] = true
				mu.Lock()
				b.report.New += r.Size
				mu.Unlock()
				return nil
			}
			name, err := b.lost(ctx, r.Sum, err)
			if err != nil {
				return err
			}
			mu.Lock()
			b.report.Damaged = append(b.report.Damaged, name)
			mu.Unlock()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, r := range refs {
		if have[i] {
			b.list.blob(r)
		}
	}
	b.count()
	return nil
}

func (b *backup) copyBlob(ctx context.Context, sum blob.Sum) error {
	r, err := b.blobs.Open(ctx, sum)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = b.objects.Put(ctx, r, &sum)
	return err
}

// lost tells what it means that a blob could not be copied: errSwept when no
// record names it any more, its names when the store has lost or damaged it,
// and the error itself for all else.
func (b *backup) lost(ctx context.Context, sum blob.Sum, cause error) (names string, err error) {
	if !kura.Is(cause, kura.NotFound) && !kura.Is(cause, kura.Invalid) {
		return "", cause
	}
	var now []string
	err = b.db.View(ctx, func(tx *db.Tx) (err error) {
		now, err = file.NamesOf(ctx, tx, sum)
		return err
	})
	if err != nil {
		return "", err
	}
	if len(now) == 0 {
		return "", fmt.Errorf("%w: %s", errSwept, sum)
	}
	b.Log.Error("the store has lost or damaged a file", "names", now, "sha256", sum, "err", cause)
	return strings.Join(now, " "), nil
}

// count brings the report up to date with the list.
func (b *backup) count() {
	b.report.Blobs, b.report.Files, b.report.Bytes = 0, 0, 0
	for _, e := range b.list.Entries {
		b.report.Bytes += e.Size
		switch e.Kind {
		case kindBlob:
			b.report.Blobs++
		case kindFile:
			b.report.Files++
		}
	}
}

// prune removes the oldest lists of a directory, and the contents that no list
// names any more.
func (b *backup) prune(ctx context.Context, to string) error {
	if b.Keep <= 0 {
		return nil
	}
	names, err := lists(to)
	if err != nil || len(names) <= b.Keep {
		return err
	}
	for _, n := range names[:len(names)-b.Keep] {
		if err := os.Remove(filepath.Join(to, "backups", n)); err != nil {
			return err
		}
	}
	named := map[blob.Sum]bool{}
	for _, n := range names[len(names)-b.Keep:] {
		m, err := readManifest(filepath.Join(to, "backups", n))
		if err != nil {
			return fmt.Errorf("prune %s: %w", to, err) // better to keep too much
		}
		for _, e := range m.Entries {
			if e.hasContent() {
				named[e.sum] = true
			}
		}
	}
	return b.objects.Walk(ctx, func(i blob.Info) error {
		if named[i.Sum] {
			return nil
		}
		return b.objects.Delete(ctx, i.Sum)
	})
}
