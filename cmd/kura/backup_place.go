package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/signer"
)

// directories makes all directories, so that files find theirs.
func (r *restore) directories() error {
	for _, e := range r.list.Entries {
		if e.Kind != kindDir {
			continue
		}
		root, rel := r.place(e)
		if err := root.MkdirAll(rel, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// place gives the root of an entry and its path within. os.Root keeps even a
// forged list from leading out of it.
func (r *restore) place(e entry) (*os.Root, string) {
	where, rel, _ := strings.Cut(e.Path, "/")
	if rel == "" {
		rel = "."
	}
	return r.roots[where], filepath.FromSlash(rel)
}

// put brings one content to all its places.
func (r *restore) put(ctx context.Context, sum blob.Sum, in io.Reader) error {
	places := r.places[sum]
	if len(places) == 1 && places[0].Kind == kindBlob {
		if _, err := r.blobs.Put(ctx, in, &sum); err != nil {
			return fmt.Errorf("restore the content %s: %w", sum, err)
		}
		r.placed(sum, places[0])
		return nil
	}
	name := filepath.Join(r.tmp, "content")
	if err := spool(name, sum, in); err != nil {
		return err
	}
	for _, e := range places {
		if err := r.copyTo(ctx, e, name); err != nil {
			return fmt.Errorf("restore %s %s: %w", e.Path, sum, err)
		}
		r.placed(sum, e)
	}
	return os.Remove(name)
}

func (r *restore) placed(sum blob.Sum, e entry) {
	r.complete[sum] = true
	r.report.Bytes += e.Size
	switch e.Kind {
	case kindBlob:
		r.report.Blobs++
	case kindFile:
		r.report.Files++
	}
}

// spool writes content to a file and checks it.
func spool(name string, sum blob.Sum, in io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), in)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if got := blob.Sum(h.Sum(nil)); got != sum {
		return fmt.Errorf("the backup is damaged: what should be %s is %s", sum, got)
	}
	return nil
}

func (r *restore) copyTo(ctx context.Context, e entry, name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	var out *os.File
	switch e.Kind {
	case kindBlob:
		_, err := r.blobs.Put(ctx, in, &e.sum)
		return err
	case kindRecords:
		out, err = os.OpenFile(filepath.Join(r.tmp, "records"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	default:
		root, rel := r.place(e)
		out, err = root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// finish makes links, gives files their modes, times and owners (directories
// after what is in them), and writes the configuration last: a data directory
// without it was not restored whole.
func (r *restore) finish() error {
	for _, e := range slices.Backward(r.list.Entries) {
		root, rel := r.place(e)
		switch e.Kind {
		case kindLink:
			if err := root.Symlink(e.Target, rel); err != nil {
				return err
			}
			continue
		case kindFile, kindDir:
		default:
			continue
		}
		if err := root.Chmod(rel, os.FileMode(e.Mode).Perm()); err != nil {
			return err
		}
		when := time.UnixMicro(e.Time)
		if err := root.Chtimes(rel, when, when); err != nil {
			return err
		}
		if err := r.own(root, rel, e.Owner); err != nil {
			return err
		}
	}
	if err := r.hostKey(); err != nil {
		return err
	}
	if r.list.Config == "" {
		return nil
	}
	return write(filepath.Join(r.data, "kura.toml"), []byte(r.list.Config), 0o600)
}

// own gives a file its owner. Only root can; on a machine that does not know
// the owner the signer's is made, and others are reported.
func (r *restore) own(root *os.Root, rel, name string) error {
	if name == "" || os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := lookup(name)
	if err != nil && name == r.conf.Signer.User {
		uid, gid, err = signer.EnsureUser(name)
	}
	if err != nil {
		if !slices.Contains(r.report.Owners, name) {
			r.report.Owners = append(r.report.Owners, name)
		}
		return nil
	}
	return root.Lchown(rel, uid, gid)
}

func lookup(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	uid, err = strconv.Atoi(u.Uid)
	if err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}

// hostKey puts the key that opens the signer's keys into its place.
func (r *restore) hostKey() error {
	dir := filepath.Dir(r.conf.Signer.Socket)
	path := filepath.Join(dir, "host.key")
	if _, err := os.Stat(filepath.Join(dir, "seal.json")); err != nil {
		return nil // no signer was here
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if r.HostKey == "" {
		r.report.NeedsHostKey = !r.list.HostKey
		return nil
	}
	key, err := os.ReadFile(r.HostKey)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return r.own(root, "host.key", ownerOf(info))
}
