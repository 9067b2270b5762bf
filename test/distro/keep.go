package distro

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sourceCode is this package's own: what is kept depends on it.
//
//go:embed *.go
var sourceCode embed.FS

// makerVersion changes whenever what is made might. It covers this package and,
// by a small package made for the purpose, the writers of RPMs and of metadata.
var makerVersion = sync.OnceValue(func() string {
	h := sha256.New()
	for _, tree := range []embed.FS{sourceCode, data} {
		_ = fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := fs.ReadFile(tree, path)
			_, _ = fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
			return err
		})
	}
	var probe tree
	probe.text("/etc/probe", strings.Repeat("probe\n", 10000), 0o644)
	probe.link("/usr/probe", "etc")
	probe.dir("/var/probe", 0o755)
	p := targets["amd64"].own("probe", "Probe", "noarch", probe, relations{Requires: []dep{{"(a or b)", "", ""}, {"c", ">=", "1~2"}}})
	_, _ = p.build(targets["amd64"]).WriteTo(h)
	var pkg bytes.Buffer
	_, _ = p.binaries[0].build().WriteTo(&pkg)
	if listed, err := describe(bytes.NewReader(pkg.Bytes()), "probe.rpm"); err == nil {
		_, _ = fmt.Fprintf(h, "%x\n%s%s%s", sha256.Sum256(pkg.Bytes()), listed.Primary, listed.Filelists, listed.Other)
	}
	return hex.EncodeToString(h.Sum(nil))
})

// key is by what the RPMs of a source package are kept: all that they depend on.
func (s sourcePackage) key() string {
	type bin struct {
		Name, Arch, Summary, Description, License, URL, EVR, Deb, SHA256 string
		Relations                                                        relations
	}
	all := []any{makerVersion(), s.name, s.evr.String(), s.arch}
	for _, b := range s.binaries {
		all = append(all, bin{b.name, b.arch, b.summary, b.description, b.license, b.url, b.evr.String(),
			b.deb["Package"], b.deb["SHA256"], b.relations})
	}
	j, _ := json.Marshal(all)
	sum := sha256.Sum256(j)
	return hex.EncodeToString(sum[:12])
}

// keep gives the directory with the RPMs of a source package, and makes them if
// they are not kept from an earlier run.
func (m *maker) keep(ctx context.Context, s sourcePackage, debs string) (string, error) {
	dir := filepath.Join(m.Cache, "rpms", s.key())
	if _, err := os.Stat(dir); err == nil {
		now := time.Now()
		return dir, os.Chtimes(dir, now, now) // the age that prune looks at
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".new-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := s.write(ctx, m.target, debs, tmp); err != nil {
		return "", err
	}
	return dir, os.Rename(tmp, dir)
}

// prune forgets RPMs that no run wanted for a month, and debris of runs that
// were cut off.
func (m *maker) prune() error {
	entries, err := os.ReadDir(filepath.Join(m.Cache, "rpms"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		if strings.HasPrefix(e.Name(), ".new-") || time.Since(info.ModTime()) > 30*24*time.Hour {
			if err := os.RemoveAll(filepath.Join(m.Cache, "rpms", e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// linkTree links every file below from into to, and copies where that fails.
func linkTree(from, to string) (n int, size int64, err error) {
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		if info, err := d.Info(); err == nil {
			n, size = n+1, size+info.Size()
		}
		if err := os.Link(path, at); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(at, b, 0o644)
	})
	return n, size, err
}

const (
	stampName = ".kura-distro"
	lockName  = "debs.lock"
)

// lockFile lists the Debian packages that a distribution is made of.
func lockFile(debs []stanza) []byte {
	var b bytes.Buffer
	for _, s := range debs {
		fmt.Fprintf(&b, "%s %s %s\n", s["Package"], s["Version"], s["SHA256"])
	}
	return b.Bytes()
}

func (m *maker) stamp(lock []byte) []byte {
	sum := sha256.Sum256(append([]byte(makerVersion()+" "+m.Arch+"\n"), lock...))
	return []byte(hex.EncodeToString(sum[:]) + "\n")
}

func (m *maker) unchanged(lock []byte) bool {
	b, err := os.ReadFile(filepath.Join(m.Out, stampName))
	return err == nil && bytes.Equal(b, m.stamp(lock))
}

// mayReplace refuses a directory with things in it that were not made here.
func (m *maker) mayReplace() error {
	entries, err := os.ReadDir(m.Out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	} else if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(m.Out, stampName)); err != nil {
		return errors.New("the directory holds other things: name one that is empty or not there yet")
	}
	return nil
}

// finish writes what tells how it was made, and puts it in the place of Out.
func (m *maker) finish(fresh string, lock []byte) error {
	for name, content := range map[string][]byte{lockName: lock, stampName: m.stamp(lock)} {
		if err := os.WriteFile(filepath.Join(fresh, name), content, 0o644); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(m.Out); err != nil {
		return err
	}
	if err := os.Rename(fresh, m.Out); err != nil {
		return err
	}
	return m.prune()
}

// lockDir lets one run at a time use the cache; others wait.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("locking %s: %w", f.Name(), err)
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
