package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
)

// backupSource is where a backup is read from.
type backupSource interface {
	manifest() *manifest
	// each gives every content that is wanted to fn, once.
	each(ctx context.Context, want map[blob.Sum][]entry, fn func(context.Context, blob.Sum, io.Reader) error) error
	close()
}

func openBackup(from, name string) (backupSource, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return openArchive(from)
	}
	all, err := lists(from)
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s holds no backup", from)
	}
	chosen := ""
	for _, n := range all {
		if strings.HasPrefix(n, name) {
			chosen = n // the newest that fits
		}
	}
	if chosen == "" {
		return nil, fmt.Errorf("%s holds no backup whose name begins with %s; there are %s", from, name, strings.Join(all, ", "))
	}
	m, err := readManifest(filepath.Join(from, "backups", chosen))
	if err != nil {
		return nil, err
	}
	s, err := dir.New(filepath.Join(from, "objects"), dir.MinFree(0))
	return &dirSource{m, s}, err
}

type dirSource struct {
	list    *manifest
	objects *dir.Store
}

func (d *dirSource) manifest() *manifest { return d.list }
func (d *dirSource) close()              {}

func (d *dirSource) each(ctx context.Context, want map[blob.Sum][]entry, fn func(context.Context, blob.Sum, io.Reader) error) error {
	one := func(sum blob.Sum) error {
		r, err := d.objects.Open(ctx, sum)
		if err != nil {
			return fmt.Errorf("the backup is damaged: %w", err)
		}
		defer r.Close()
		return fn(ctx, sum, r)
	}
	for sum := range want {
		if err := one(sum); err != nil {
			return err
		}
	}
	return nil
}

// archiveSource reads an archive from its beginning to its end, once.
type archiveSource struct {
	f    *os.File
	z    *zstd.Decoder
	t    *tar.Reader
	list *manifest
}

func openArchive(name string) (_ *archiveSource, err error) {
	a := &archiveSource{}
	if a.f, err = os.Open(name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.close()
			err = fmt.Errorf("read the backup %s: %w", name, err)
		}
	}()
	if a.z, err = zstd.NewReader(a.f); err != nil {
		return nil, err
	}
	a.t = tar.NewReader(a.z)
	h, err := a.t.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != archiveList {
		return nil, errors.New("it is no backup of kura")
	}
	a.list, err = decodeManifest(a.t)
	return a, err
}

func (a *archiveSource) manifest() *manifest { return a.list }

func (a *archiveSource) close() {
	if a.z != nil {
		a.z.Close()
	}
	a.f.Close()
}

func (a *archiveSource) each(ctx context.Context, want map[blob.Sum][]entry, fn func(context.Context, blob.Sum, io.Reader) error) error {
	for {
		h, err := a.t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the backup is damaged: %w", err)
		}
		text, ok := strings.CutPrefix(h.Name, archiveObjects)
		if !ok {
			return fmt.Errorf("the backup holds %q, which does not belong there", h.Name)
		}
		sum, err := blob.ParseSum(text)
		if err != nil {
			return err
		}
		if want[sum] == nil {
			continue
		}
		if err := fn(ctx, sum, a.t); err != nil {
			return err
		}
	}
}
