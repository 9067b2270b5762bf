package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// RestoreOptions change what a restore does.
type RestoreOptions struct {
	Backup   string // which backup of a directory: the beginning of its name; empty: the newest
	Database string // address to restore into, in the place of the configuration's
	Blobs    string // likewise
	HostKey  string // file with the key that opens the signer's keys, when the backup has none
	Resume   bool   // blobs that are in the store already, of a restore that was stopped, may stay
}

// RestoreReport says what a restore did.
type RestoreReport struct {
	Config       *Config
	Made         header
	Blobs, Files int
	Bytes        int64
	NeedsHostKey bool     // the signer cannot open its keys without
	Owners       []string // of files, whom this machine does not know
}

// restore is one restore under way.
type restore struct {
	RestoreOptions
	conf     *Config
	data     string
	tmp      string
	list     *manifest
	blobs    blob.Store
	places   map[blob.Sum][]entry // what each content is for
	roots    map[string]*os.Root  // data, signer
	complete map[blob.Sum]bool
	report   RestoreReport
}

// Restore makes a kura out of a backup, in a data directory, a database and a
// store that hold nothing yet. Every content is checked against its sum before
// it gets its place. What was made before an error must be removed before the
// next try, but for blobs, of which Resume keeps what is there.
func Restore(ctx context.Context, from, data string, o RestoreOptions) (*RestoreReport, error) {
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	src, err := openBackup(from, o.Backup)
	if err != nil {
		return nil, err
	}
	defer src.close()
	r := &restore{RestoreOptions: o, data: data, list: src.manifest(), complete: map[blob.Sum]bool{}}
	r.report.Made = r.list.header
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if err := src.each(ctx, r.places, r.put); err != nil {
		return nil, err
	}
	for sum := range r.places {
		if !r.complete[sum] {
			return nil, fmt.Errorf("the backup does not hold %s, which its list names", sum)
		}
	}
	if err := db.Restore(ctx, r.conf.Database.URL, filepath.Join(r.tmp, "records")); err != nil {
		return nil, err
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	r.report.Config = r.conf
	return &r.report, nil
}

// prepare reads the configuration, and looks that nothing is in the way.
func (r *restore) prepare(ctx context.Context) error {
	if err := r.configure(); err != nil {
		return err
	}
	if err := r.empty(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(r.data, 0o755); err != nil {
		return err
	}
	var err error
	if r.tmp, err = os.MkdirTemp(r.data, ".restore-"); err != nil {
		return err
	}
	r.places = map[blob.Sum][]entry{}
	r.roots = map[string]*os.Root{}
	for _, e := range r.list.Entries {
		if e.hasContent() {
			r.places[e.sum] = append(r.places[e.sum], e)
		}
		place, _, _ := strings.Cut(e.Path, "/")
		if e.Kind == kindBlob || e.Kind == kindRecords || r.roots[place] != nil {
			continue
		}
		at := map[string]string{"data": r.data, "signer": filepath.Dir(r.conf.Signer.Socket)}[place]
		if at == "" {
			return fmt.Errorf("the backup names %q, of which this program does not know where it belongs", e.Path)
		}
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if r.roots[place], err = os.OpenRoot(at); err != nil {
			return err
		}
	}
	return r.directories()
}

func (r *restore) close() {
	for _, root := range r.roots {
		root.Close()
	}
	if r.tmp != "" {
		os.RemoveAll(r.tmp)
	}
}

// configure takes the configuration of the backup over to its new place.
func (r *restore) configure() error {
	text := r.list.Config
	set := func(section, key, value string) {
		if value != "" {
			text = setKey(text, section, key, value)
		}
	}
	if hasKey(text, "", "data") {
		set("", "data", r.data)
	}
	set("database", "url", r.Database)
	set("blobs", "url", r.Blobs)
	r.list.Config = text
	f, err := os.CreateTemp("", "kura-*.toml")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if r.conf, err = Load(r.data, f.Name()); err != nil {
		return fmt.Errorf("the configuration in the backup: %w", err)
	}
	if r.conf.Data != r.data || r.Database != "" && r.conf.Database.URL != r.Database || r.Blobs != "" && r.conf.Blobs.URL != r.Blobs {
		return errors.New("the configuration in the backup cannot be adapted to where it is restored: restore without other addresses and change it then")
	}
	dialect, err := db.DialectOf(r.conf.Database.URL)
	if err != nil {
		return err
	}
	if dialect.String() != r.list.Database {
		return fmt.Errorf("the backup holds a database of the kind %s, and cannot be restored into one of the kind %s", r.list.Database, dialect)
	}
	return nil
}

// empty refuses to mix a backup with anything that is there.
func (r *restore) empty(ctx context.Context) error {
	own := map[string]bool{}
	if path, ok := strings.CutPrefix(r.conf.Blobs.URL, "dir:"); ok && r.Resume {
		own[filepath.Clean(path)] = true
	}
	have, err := os.ReadDir(r.data)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range have {
		if !own[filepath.Join(r.data, e.Name())] {
			return fmt.Errorf("restore into %s: it is not empty (there is %s); give a new directory", r.data, e.Name())
		}
	}
	empty, err := db.Empty(ctx, r.conf.Database.URL)
	if err != nil {
		return fmt.Errorf("look at the database to restore into: %w", err)
	}
	if !empty {
		return errors.New("restore: the database is not empty; give another one with --database, or empty it first")
	}
	if r.blobs, err = openBlobs(r.conf); err != nil {
		return err
	}
	if r.Resume {
		return nil
	}
	found := errors.New("found")
	err = r.blobs.Walk(ctx, func(blob.Info) error { return found })
	if errors.Is(err, found) {
		return errors.New("restore: the store of blobs is not empty; give another one with --blobs, or --resume if an earlier try of this restore left them")
	}
	return err
}
