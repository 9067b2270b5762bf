package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/source"
)

// old is a kura with something of everything.
type old struct {
	t     *testing.T
	ctx   context.Context
	conf  *Config
	db    *db.DB
	blobs blob.Store
}

func newOld(t *testing.T, postgres bool) *old {
	t.Helper()
	o := &old{t: t, ctx: context.Background()}
	data := filepath.Join(t.TempDir(), "data")
	text := "organization = \"breweries\" # ours\n\n[signer]\nuser = \"\"\n"
	if postgres {
		text += "[database]\nurl = \"" + dbtest.PostgresURL(t) + "\"\n"
	}
	o.must(os.MkdirAll(data, 0o755))
	o.must(os.WriteFile(filepath.Join(data, "kura.toml"), []byte(text), 0o600))
	var err error
	o.conf, err = Load(data, "")
	o.must(err)
	o.must(initialise(o.ctx, o.conf))
	o.db, o.blobs, err = openLegs(o.ctx, o.conf)
	o.must(err)
	t.Cleanup(func() { o.db.Close() })
	o.put("packages/hello/1/1/hello.rpm", "the package")
	o.must(o.db.Update(o.ctx, func(tx *db.Tx) error {
		for _, s := range []string{"first piece\n", "second\n"} {
			i, err := o.blobs.Put(o.ctx, strings.NewReader(s), nil)
			if err != nil {
				return err
			}
			n, _ := file.Stat(o.ctx, tx, "work/tasks/1/1/build.log")
			if _, err := file.Append(o.ctx, tx, "work/tasks/1/1/build.log", n.Size, false, i); err != nil {
				return err
			}
		}
		_, err := account.Create(o.ctx, tx, "alice", account.Person)
		return err
	}))
	o.repository()
	return o
}

func (o *old) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *old) put(path, text string) blob.Sum {
	o.t.Helper()
	i, err := o.blobs.Put(o.ctx, strings.NewReader(text), nil)
	o.must(err)
	o.must(o.db.Update(o.ctx, func(tx *db.Tx) error { return file.Replace(o.ctx, tx, path, i) }))
	return i.Sum
}

// repository makes a git repository with a commit.
func (o *old) repository() {
	r := source.NewRepositories(filepath.Join(o.conf.Data, "git"))
	o.must(r.Create(o.ctx, "hello"))
	path, err := r.Path("hello")
	o.must(err)
	id := o.git(path, "hash-object", "-t", "tree", "-w", "/dev/null")
	commit := o.git(path, "-c", "user.name=alice", "-c", "user.email=alice@example.org", "commit-tree", "-m", "first", id)
	o.git(path, "update-ref", "refs/heads/main", commit)
	o.git(path, "update-ref", "refs/tags/v1", commit)
	o.git(path, "pack-refs", "--all")
}

func (o *old) git(dir string, args ...string) string {
	o.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// tree gives the files below a directory that a backup has to hold.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && (rel == "db" || rel == "blobs" || rel == "builder" || rel == "bus") {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(b)
		}
		out[rel] = fmt.Sprintf("%v %s", info.Mode(), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same checks that a restored kura is the old one, and starts.
func (o *old) same(r *RestoreReport, ignore ...string) {
	o.t.Helper()
	want, got := tree(o.t, o.conf.Data), tree(o.t, r.Config.Data)
	for _, n := range append(ignore, "kura.toml", "client/koji.conf") {
		delete(want, n)
		delete(got, n)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.t.Error(diff)
	}
	if r.Config.Organization != "breweries" {
		o.t.Errorf("organization %q", r.Config.Organization)
	}
	o.must(initialise(o.ctx, r.Config)) // does nothing to what is whole
	d, blobs, err := openLegs(o.ctx, r.Config)
	o.must(err)
	defer d.Close()
	o.must(d.View(o.ctx, func(tx *db.Tx) error {
		if _, err := account.Get(o.ctx, tx, account.ByName("alice")); err != nil {
			return err
		}
		for path, want := range map[string]string{"packages/hello/1/1/hello.rpm": "the package", "work/tasks/1/1/build.log": "first piece\nsecond\n"} {
			c, err := file.Read(o.ctx, tx, path)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			in := c.Open(o.ctx, blobs)
			if _, err := b.ReadFrom(in); err != nil || b.String() != want {
				o.t.Errorf("%s holds %q, %v", path, b.String(), err)
			}
			in.Close()
		}
		return nil
	}))
	repo := filepath.Join(r.Config.Data, "git", "rpms", "hello.git")
	if log := o.git(repo, "log", "--format=%s", "v1"); log != "first" {
		o.t.Errorf("the repository's log is %q", log)
	}
	o.git(repo, "fsck", "--strict")
}

func TestBackupAndRestore(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, to := range []string{"backups", "kura.tar.zst"} {
			t.Run(kind+"/"+to, func(t *testing.T) {
				o := newOld(t, kind == "postgres")
				to := filepath.Join(t.TempDir(), to)
				b, err := Backup(o.ctx, o.conf, to, BackupOptions{HostKey: true})
				o.must(err)
				if b.Blobs != 3 || b.New == 0 {
					t.Errorf("%+v, want 3 blobs", b)
				}
				o.put("packages/hello/1/1/later", "after the backup")
				ro := RestoreOptions{}
				if kind == "postgres" {
					ro.Database = dbtest.PostgresURL(t)
				}
				data := filepath.Join(t.TempDir(), "new", "data")
				r, err := Restore(o.ctx, to, data, ro)
				o.must(err)
				o.same(r)
				if _, err := Restore(o.ctx, to, data, ro); err == nil || !strings.Contains(err.Error(), "not empty") {
					t.Errorf("restoring again over it: %v", err)
				}
			})
		}
	}
}

func TestSecondBackupCopiesWhatIsNew(t *testing.T) {
	o := newOld(t, false)
	to := t.TempDir()
	first, err := Backup(o.ctx, o.conf, to, BackupOptions{Keep: 2})
	o.must(err)
	if first.New < first.Bytes*9/10 { // the authority's certificate is there twice
		t.Errorf("the first backup: %+v, want nearly all of it new", first)
	}
	big := strings.Repeat("new ", 1000)
	sum := o.put("packages/hello/1/1/new.rpm", big)
	second, err := Backup(o.ctx, o.conf, to, BackupOptions{Keep: 2})
	o.must(err)
	m, err := readManifest(second.Name)
	o.must(err)
	records := m.Entries[0]
	if records.Kind != kindRecords || second.New != int64(len(big))+records.Size || second.Blobs != 4 {
		t.Errorf("%+v, want 4 blobs, and the new one and the records copied", second)
	}
	// what no backup names goes with the backups that are not kept
	o.must(o.db.Update(o.ctx, func(tx *db.Tx) error { return file.Remove(o.ctx, tx, "packages/hello/1/1/new.rpm") }))
	object := filepath.Join(to, "objects", sum.String()[:2], sum.String()[2:4], sum.String())
	for i := range 2 {
		if _, err := os.Stat(object); err != nil {
			t.Fatalf("before backup %d: %v", i+3, err)
		}
		_, err := Backup(o.ctx, o.conf, to, BackupOptions{Keep: 2})
		o.must(err)
	}
	if _, err := os.Stat(object); !os.IsNotExist(err) {
		t.Errorf("the content that no kept backup names: %v", err)
	}
	all, err := lists(to)
	o.must(err)
	if len(all) != 2 {
		t.Errorf("kept %v, want 2", all)
	}
	_, err = Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{Backup: strings.TrimSuffix(all[0], listSuffix)})
	o.must(err)
	if _, err = Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{Backup: "1999"}); err == nil {
		t.Error("restored a backup that is not there")
	}
}

// The backup stays useful when the store is not whole, and says so.
func TestBackupOfADamagedStore(t *testing.T) {
	o := newOld(t, false)
	o.must(o.blobs.Delete(o.ctx, o.put("packages/lost.rpm", "lost")))
	for _, name := range []string{"backups", "b.tar.zst"} {
		to := filepath.Join(t.TempDir(), name)
		_, err := Backup(o.ctx, o.conf, to, BackupOptions{HostKey: true})
		if err == nil || !strings.Contains(err.Error(), "packages/lost.rpm") {
			t.Fatalf("got %v, want the name of what is lost", err)
		}
		r, err := Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
		o.must(err)
		o.same(r)
	}
}

// sweeper is a store in which the sweep runs after the snapshot was taken.
type sweeper struct {
	blob.Store
	sweep func()
}

func (s *sweeper) Open(ctx context.Context, sum blob.Sum) (blob.Reader, error) {
	if s.sweep != nil {
		s.sweep()
		s.sweep = nil
	}
	return s.Store.Open(ctx, sum)
}

func TestSweepDuringTheBackup(t *testing.T) {
	for _, name := range []string{"backups", "b.tar.zst"} {
		o := newOld(t, false)
		sum := o.put("work/old.log", "old")
		to := filepath.Join(t.TempDir(), name)
		b := &backup{conf: o.conf, db: o.db, BackupOptions: BackupOptions{HostKey: true, Log: slog.New(slog.DiscardHandler)}}
		b.blobs = &sweeper{o.blobs, func() {
			o.must(o.db.Update(o.ctx, func(tx *db.Tx) error { return file.Remove(o.ctx, tx, "work/old.log") }))
			o.must(o.blobs.Delete(o.ctx, sum))
		}}
		write := b.intoDir
		if name != "backups" {
			write = b.intoFile
		}
		o.must(write(o.ctx, to))
		if b.report.SnapshotRetries != 1 || b.report.Blobs != 3 || len(b.report.Damaged) != 0 {
			t.Errorf("%s: %+v, want one more snapshot, and what is left", name, b.report)
		}
		r, err := Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
		o.must(err)
		o.same(r)
	}
}

func TestHostKeyStaysBehind(t *testing.T) {
	o := newOld(t, false)
	to := t.TempDir()
	b, err := Backup(o.ctx, o.conf, to, BackupOptions{})
	o.must(err)
	key := filepath.Join(o.conf.Data, "signer", "host.key")
	secret, err := os.ReadFile(key)
	o.must(err)
	o.must(filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if body, _ := os.ReadFile(path); bytes.Contains(body, secret) {
				t.Errorf("%s holds the host key", path)
			}
		}
		return err
	}))
	r, err := Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
	o.must(err)
	if !b.HostKeyLeftOut || !r.NeedsHostKey {
		t.Errorf("nobody is told that the host key is missing: %+v, %+v", b, r)
	}
	r, err = Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{HostKey: key})
	o.must(err)
	if r.NeedsHostKey {
		t.Error("the host key that was given is still missing")
	}
	o.same(r)
}

// A restore finds every change of what was backed up, in a directory as in a file.
func TestRestoreOfADamagedBackup(t *testing.T) {
	o := newOld(t, false)
	sum := o.put("packages/x.rpm", strings.Repeat("content", 100))
	to := t.TempDir()
	_, err := Backup(o.ctx, o.conf, to, BackupOptions{})
	o.must(err)
	object := filepath.Join(to, "objects", sum.String()[:2], sum.String()[2:4], sum.String())
	o.must(os.Chmod(object, 0o644))
	o.must(os.WriteFile(object, []byte(strings.Repeat("contenT", 100)), 0o644))
	if _, err := Restore(o.ctx, to, filepath.Join(t.TempDir(), "data"), RestoreOptions{}); err == nil {
		t.Error("restored damaged content")
	}
	name := filepath.Join(t.TempDir(), "b.tar.zst")
	_, err = Backup(o.ctx, o.conf, name, BackupOptions{})
	o.must(err)
	whole, err := os.ReadFile(name)
	o.must(err)
	for _, cut := range []int{0, 10, len(whole) / 2, len(whole) - 10} {
		o.must(os.WriteFile(name, whole[:cut], 0o600))
		if _, err := Restore(o.ctx, name, filepath.Join(t.TempDir(), "data"), RestoreOptions{}); err == nil {
			t.Errorf("restored the first %d of %d bytes", cut, len(whole))
		}
	}
	found := 0
	for at := 100; at < len(whole); at += len(whole) / 20 {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x40
		o.must(os.WriteFile(name, bad, 0o600))
		r, err := Restore(o.ctx, name, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
		if err == nil {
			o.same(r, "signer/host.key") // compressed data has bits that mean nothing: then all is as it was
			continue
		}
		found++
	}
	if found < 15 {
		t.Errorf("%d of 20 changed bytes were found", found)
	}
	o.must(os.WriteFile(name, whole, 0o600))
	r, err := Restore(o.ctx, name, filepath.Join(t.TempDir(), "data"), RestoreOptions{})
	o.must(err)
	o.same(r, "signer/host.key")
}

func TestBackupInsideTheDataIsRefused(t *testing.T) {
	o := newOld(t, false)
	if _, err := Backup(o.ctx, o.conf, filepath.Join(o.conf.Data, "backup"), BackupOptions{}); err == nil {
		t.Error("backed up into the data directory")
	}
}
