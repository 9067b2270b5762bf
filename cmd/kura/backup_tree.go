package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/kura-build/kura/blob"
)

// files takes along what lies beside the two legs: certificates, git
// repositories, the signer's sealed keys, the configuration. What can be made
// anew (the bus, roots of builders) stays behind.
func (b *backup) files(ctx context.Context) error {
	conf := b.ConfigFile
	if conf == "" {
		conf = filepath.Join(b.conf.Data, "kura.toml")
	}
	text, err := os.ReadFile(conf)
	if err != nil && (!os.IsNotExist(err) || b.ConfigFile != "") {
		return err
	}
	b.list.Config, b.list.HostKey = string(text), b.HostKey
	if err := b.tree(ctx, "data", b.conf.Data); err != nil {
		return err
	}
	if s := b.signerDir(); !within(s, b.conf.Data) {
		if _, err := os.Stat(s); err == nil {
			if err := b.tree(ctx, "signer", s); err != nil {
				return err
			}
		}
	}
	b.count()
	return nil
}

func (b *backup) signerDir() string { return filepath.Dir(b.conf.Signer.Socket) }

// leave tells what is not backed up as a file.
func (b *backup) leave(path string) bool {
	c := b.conf
	if lite, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok && strings.HasPrefix(path, lite) {
		return true // the database with -wal and -shm: its snapshot is here
	}
	if blobs, ok := strings.CutPrefix(c.Blobs.URL, "dir:"); ok && path == filepath.Clean(blobs) {
		return true
	}
	if path == filepath.Join(b.signerDir(), "host.key") && !b.HostKey {
		b.report.HostKeyLeftOut = true
		return true
	}
	return path == filepath.Clean(c.Builder.Dir) || path == filepath.Join(c.Data, "bus") || path == filepath.Join(c.Data, "kura.toml")
}

func (b *backup) tree(ctx context.Context, place, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != root {
			return nil // gone meanwhile
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.leave(path) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() && isRepository(path) {
			if err := b.repository(ctx, place, root, path); err != nil {
				return err
			}
			return fs.SkipDir
		}
		err = b.node(ctx, place, root, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// node takes one directory, file or link along. Sockets and the like are made
// by whoever uses them.
func (b *backup) node(ctx context.Context, place, root, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	e := entry{Path: filepath.ToSlash(filepath.Join(place, rel)), Mode: uint32(info.Mode().Perm()), Time: info.ModTime().UnixMicro(), Owner: ownerOf(info)}
	switch info.Mode().Type() {
	case fs.ModeDir:
		e.Kind = kindDir
	case fs.ModeSymlink:
		e.Kind = kindLink
		if e.Target, err = os.Readlink(path); err != nil {
			return err
		}
	case 0:
		e.Kind = kindFile
		return b.add(ctx, path, e)
	default:
		return nil
	}
	b.list.Entries = append(b.list.Entries, e)
	return nil
}

// add stores the content of a file and lists it. A file that grows meanwhile,
// such as the signer's audit log, is taken as long as it was.
func (b *backup) add(ctx context.Context, path string, e entry) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, info.Size())); err != nil {
		return err
	}
	stored, err := b.objects.Stat(ctx, blob.Sum(h.Sum(nil)))
	if err != nil { // not there, or not to be trusted
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if stored, err = b.objects.Put(ctx, io.LimitReader(f, info.Size()), nil); err != nil {
			return err
		}
		b.report.New += stored.Size
	}
	e.sum, e.Sum, e.Size = stored.Sum, stored.Sum.String(), stored.Size
	b.list.Entries = append(b.list.Entries, e)
	return nil
}

// ownerOf names the owner of a file when it is somebody else than we are: the
// signer's, above all.
func ownerOf(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return ""
	}
	id := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func isRepository(path string) bool {
	if !strings.HasSuffix(path, ".git") {
		return false
	}
	for _, n := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Lstat(filepath.Join(path, n)); err != nil {
			return false
		}
	}
	return true
}

// repository takes a git repository along that may be pushed to, and packed,
// at the same time. References come first, because the objects that they name
// are there before them; loose references before packed ones, and loose objects
// before packs, because that is how git moves them. When the packs changed
// meanwhile, an object may have moved behind our back: once more then.
func (b *backup) repository(ctx context.Context, place, root, path string) error {
	begin := len(b.list.Entries)
	for range 10 {
		b.list.Entries = b.list.Entries[:begin]
		before, err := packs(path)
		if err != nil {
			return err
		}
		moved := false
		for _, part := range []string{"", "refs", "packed-refs", "objects", "objects/pack"} {
			err := b.repositoryPart(ctx, place, root, path, part)
			if errors.Is(err, fs.ErrNotExist) {
				moved = true
			} else if err != nil {
				return err
			}
		}
		after, err := packs(path)
		if err != nil {
			return err
		}
		if !moved && slices.Equal(before, after) {
			return nil
		}
	}
	return errors.New("back up " + path + ": git rearranged it all the time; try again later")
}

// repositoryPart takes a part of a repository along: its references, its
// objects, or (part empty) the files at its top.
func (b *backup) repositoryPart(ctx context.Context, place, root, repo, part string) error {
	top := filepath.Join(repo, part)
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if path == top && errors.Is(err, fs.ErrNotExist) {
			return nil // not every repository has all parts
		}
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case strings.HasSuffix(name, ".lock"), strings.HasPrefix(name, "tmp_"), strings.HasPrefix(name, ".tmp-"), name == "gc.pid":
			return nil
		case d.IsDir() && (strings.HasPrefix(name, "incoming-") || strings.HasPrefix(name, "tmp_objdir-")):
			return fs.SkipDir
		case part == "" && path != top && (d.IsDir() && (name == "refs" || name == "objects")):
			return fs.SkipDir
		case part == "" && name == "packed-refs" && path != top:
			return nil
		case part == "objects" && d.IsDir() && name == "pack":
			return fs.SkipDir
		}
		return b.node(ctx, place, root, path)
	})
}

func packs(repo string) ([]string, error) {
	list, err := os.ReadDir(filepath.Join(repo, "objects", "pack"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range list {
		if strings.HasSuffix(e.Name(), ".pack") {
			out = append(out, e.Name())
		}
	}
	return out, err
}
