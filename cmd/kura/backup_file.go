package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/hub/file"
)

// Names in the archive.
const (
	archiveList    = "list.zst" // the first, so that a restore knows where each content belongs
	archiveObjects = "objects/"
)

// intoFile writes a backup as one archive. Blobs go into it straight from the
// store; only the snapshot and small files are put beside it meanwhile.
func (b *backup) intoFile(ctx context.Context, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("back up into %s: there is a file already; an archive holds one backup, a directory any number", to)
	}
	var err error
	if b.tmp, err = os.MkdirTemp(filepath.Dir(to), ".part-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	if b.objects, err = dir.New(filepath.Join(b.tmp, "objects"), dir.MinFree(0)); err != nil {
		return err
	}
	archive := filepath.Join(b.tmp, "archive")
	for try := 1; ; try++ {
		if err := b.gather(ctx, b.findBlobs); err != nil {
			return err
		}
		err := b.writeArchive(ctx, archive)
		if err == nil {
			break
		}
		if !errors.Is(err, errSwept) || try == 5 {
			return err
		}
		b.report.SnapshotRetries++
	}
	b.report.Name, b.report.New = to, b.report.Bytes
	return os.Rename(archive, to)
}

// findBlobs looks whether all blobs are there, before the list is written.
func (b *backup) findBlobs(ctx context.Context, refs []file.Reference) error {
	for _, r := range refs {
		_, err := b.blobs.Stat(ctx, r.Sum)
		if err == nil {
			b.list.blob(r)
			continue
		}
		name, err := b.lost(ctx, r.Sum, err)
		if err != nil {
			return err
		}
		b.report.Damaged = append(b.report.Damaged, name)
	}
	return nil
}

func (b *backup) writeArchive(ctx context.Context, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewWriter(z)
	var list bytes.Buffer
	if err := b.list.encode(&list); err != nil {
		return err
	}
	if err := b.member(t, archiveList, int64(list.Len()), &list); err != nil {
		return err
	}
	done := map[blob.Sum]bool{}
	for _, e := range b.list.Entries {
		if !e.hasContent() || done[e.sum] {
			continue
		}
		done[e.sum] = true
		if err := b.archiveObject(ctx, t, e); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close(), f.Sync(), f.Close())
}

func (b *backup) archiveObject(ctx context.Context, t *tar.Writer, e entry) error {
	var store blob.Store = b.objects
	if e.Kind == kindBlob {
		store = blob.Verify(b.blobs)
	}
	r, err := store.Open(ctx, e.sum)
	if err == nil {
		defer r.Close()
		err = b.member(t, archiveObjects+e.Sum, e.Size, r)
	}
	if err == nil || e.Kind != kindBlob {
		return err
	}
	if kura.Is(err, kura.NotFound) || kura.Is(err, kura.Invalid) {
		// a torn member cannot be taken back
		name, err := b.lost(ctx, e.sum, err)
		if err != nil {
			return err
		}
		return fmt.Errorf("the store has damaged %s; a backup into a directory leaves it out and goes on", name)
	}
	return err
}

func (b *backup) member(t *tar.Writer, name string, size int64, r io.Reader) error {
	err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: b.list.Time, Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	n, err := io.Copy(t, r)
	if err == nil && n != size {
		err = fmt.Errorf("%s has %d bytes instead of %d", name, n, size)
	}
	return err
}
