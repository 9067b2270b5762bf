package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// A backup is a list of names and the contents that they stand for, under
// their SHA-256: everything that is backed up is content, the snapshot of the
// database too. In a directory, contents are shared by all backups there, so
// the second one copies only what is new:
//
//	objects/aa/bb/aabb…   contents, each once
//	backups/TIME.zst      the list of one backup, written last
//
// As a single file, it is a tar archive of a list and its contents.
//
// Hubs go on working meanwhile. The order makes the backup whole: first the
// snapshot of the records, then the blobs that those records name. Blobs never
// change, so what is copied later is the same as it was then. Only the sweep
// can be in the way: it may remove a blob whose last name went after the
// snapshot. There is no lock against it, which would have to outlive a backup
// that was killed. Instead a blob that is gone, and that no record names any
// more either, makes the backup begin again with a new snapshot; it keeps what
// it has, so this takes seconds.
type backup struct {
	BackupOptions
	conf    *Config
	db      *db.DB
	blobs   blob.Store
	objects *dir.Store
	tmp     string
	list    manifest
	report  BackupReport
}

// BackupOptions change what a backup does.
type BackupOptions struct {
	ConfigFile string // the configuration that is in use; empty: DATA/kura.toml
	HostKey    bool   // take the key along that opens the signer's keys
	Keep       int    // so many backups of the directory; 0: all
	Log        *slog.Logger
}

// BackupReport says what a backup did.
type BackupReport struct {
	Name            string // of the list, or the file
	Blobs, Files    int
	Bytes           int64 // all that the backup holds
	New             int64 // of these, bytes that had to be copied
	Damaged         []string
	HostKeyLeftOut  bool
	SnapshotRetries int
}

// errSwept says that a blob went between the snapshot and its copy.
var errSwept = errors.New("the sweep removed what the snapshot names")

// archiveSuffix tells a backup in one file from one in a directory.
const archiveSuffix = ".tar.zst"

// Backup backs a kura up while it runs, into a directory or, when the name ends
// with .tar.zst, into one file. Damaged or lost blobs do not stop it: the
// backup is then as whole as the store is, and the error lists them.
func Backup(ctx context.Context, c *Config, to string, o BackupOptions) (*BackupReport, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return nil, err
	}
	if within(to, c.Data) {
		return nil, fmt.Errorf("back up into %s: that is inside the data directory %s, which would be lost together with it", to, c.Data)
	}
	b := &backup{BackupOptions: o, conf: c}
	if b.Log == nil {
		b.Log = slog.New(slog.DiscardHandler)
	}
	if b.db, err = db.Open(ctx, c.Database.URL); err != nil {
		return nil, err
	}
	defer b.db.Close()
	if b.blobs, err = openBlobs(c); err != nil {
		return nil, err
	}
	write := b.intoDir
	if strings.HasSuffix(to, archiveSuffix) {
		write = b.intoFile
	}
	if err := write(ctx, to); err != nil {
		return nil, err
	}
	if n := len(b.report.Damaged); n > 0 {
		return &b.report, fmt.Errorf("the backup %s is made, but without the contents of %d files that the store has lost or damaged: %s",
			b.report.Name, n, strings.Join(b.report.Damaged[:min(n, 10)], ", "))
	}
	return &b.report, nil
}

func (b *backup) intoDir(ctx context.Context, to string) error {
	if err := os.MkdirAll(filepath.Join(to, "backups"), 0o700); err != nil {
		return err
	}
	unlock, err := lockDir(to)
	if err != nil {
		return err
	}
	defer unlock()
	if b.objects, err = dir.New(filepath.Join(to, "objects"), dir.MinFree(0)); err != nil {
		return err
	}
	// The list of users, the authority's key and what private projects hold is
	// nobody else's, wherever the directory lies.
	if err := os.Chmod(filepath.Join(to, "objects"), 0o700); err != nil {
		return err
	}
	if b.tmp, err = os.MkdirTemp(to, ".part-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	if err := b.gather(ctx, b.copyBlobs); err != nil {
		return err
	}
	b.report.Name = filepath.Join(to, "backups", b.list.stamp()+listSuffix)
	if err := b.list.write(b.report.Name); err != nil {
		return err
	}
	return b.prune(ctx, to)
}

// gather makes the list and has the blobs of the snapshot brought, again when
// the sweep was in the way.
func (b *backup) gather(ctx context.Context, bring func(context.Context, []file.Reference) error) error {
	for try := 1; ; try++ {
		refs, err := b.records(ctx)
		if err != nil {
			return err
		}
		err = bring(ctx, refs)
		if err == nil {
			break
		}
		if !errors.Is(err, errSwept) || try == 5 {
			return err
		}
		b.report.SnapshotRetries++
		b.Log.Info("taking a new snapshot", "why", err)
	}
	return b.files(ctx)
}

// records takes the snapshot, and what it references.
func (b *backup) records(ctx context.Context) (refs []file.Reference, err error) {
	snapshot := filepath.Join(b.tmp, "records")
	if err := os.RemoveAll(snapshot); err != nil {
		return nil, err
	}
	b.list = manifest{header: header{
		Format: formatVersion, Version: kura.Version, Hub: b.conf.Hub.Name, Database: b.db.Dialect().String(), Data: b.conf.Data,
	}}
	b.report.Damaged = nil
	err = b.db.Snapshot(ctx, snapshot, func(tx *db.Tx) (err error) {
		b.list.Time = time.Now().UTC()
		refs, err = file.References(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return refs, b.add(ctx, snapshot, entry{Kind: kindRecords, Path: "records", Mode: 0o600})
}

// within reports whether a path is a directory or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}

// lockDir keeps two backups from one directory.
func lockDir(to string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(to, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another backup into %s is under way", to)
	}
	return func() { f.Close() }, nil
}
