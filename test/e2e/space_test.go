package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/test/harness"
)

// small mounts a disk of so many bytes.
func small(t *testing.T, bytes string) string {
	t.Helper()
	dir := filepath.Join(getWorld(t).dir, "disk-"+t.Name())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("kura-e2e", dir, "tmpfs", 0, "size="+bytes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The store's disk is full: what is sent fails for that reason, the hub lives
// and takes what still fits, and nothing is half there.
func TestDiskFull(t *testing.T) {
	for name, c := range map[string]struct {
		disk    string
		minFree int64
	}{
		"to the last byte":        {"4m", 1},
		"to what is to stay free": {"64m", 60 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			disk := small(t, c.disk)
			p := newSite(t, harness.Options{Config: map[string]harness.Section{
				"blobs": {"url": "dir:" + filepath.Join(disk, "blobs"), "min_free": c.minFree},
			}})
			p.start("hub")
			p.login()
			profile, err := p.site.Profile(harness.Admin)
			p.must(err)
			profile.MaxRetries, profile.RetryInterval = 2, 10*time.Millisecond
			h, err := client.New(profile)
			p.must(err)
			p.must(h.Login(p.ctx))
			b := &rpm.Build{Name: "big", Version: "1", Release: "1", Arch: "noarch", Source: true, Summary: "x", License: "MIT", Compression: "none"}
			noise := make([]byte, 8<<20)
			rand.NewChaCha8([32]byte{}).Read(noise)
			b.Files = []rpm.File{{Path: "big.spec", Mode: 0o644, Size: int64(len(noise)),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(noise)), nil }}}
			data := p.read(p.write(b))
			dir := client.UploadDir("import")
			err = h.Upload(p.ctx, dir, b.FileName(), bytes.NewReader(data), int64(len(data)), nil)
			if err == nil {
				t.Fatal("8 MiB went in")
			}
			if text := err.Error(); !strings.Contains(text, "space") && !strings.Contains(text, "full") && !strings.Contains(text, "free") {
				t.Errorf("it does not say why: %v", err)
			}
			t.Log(err)
			if _, err := h.Call(p.ctx, "importRPM", dir, b.FileName()); err == nil {
				t.Error("a part of a package was imported")
			}
			// The hub goes on, and once there is room so does this.
			_, err = h.Call(p.ctx, "createTag", "after", client.Keywords{"arches": "x86_64"})
			p.must(err)
			p.must(unix.Mount("kura-e2e", disk, "tmpfs", unix.MS_REMOUNT, "size=128m"))
			p.must(h.Upload(p.ctx, dir, b.FileName(), bytes.NewReader(data), int64(len(data)), nil))
			_, err = h.Call(p.ctx, "importRPM", dir, b.FileName())
			p.must(err)
			p.records(func(tx *db.Tx) error {
				b, err := build.ByNVR(p.ctx, tx, rpm.NVR{Name: "big", Version: "1", Release: "1"})
				if err == nil && b.State != build.Complete {
					t.Errorf("the build is %s", b.State)
				}
				return err
			})
			p.sound()
		})
	}
}

// A build whose result does not fit waits for room: it is not the package's
// fault.
func TestDiskFullWhileBuilding(t *testing.T) {
	disk := small(t, "64m")
	p := mortalWith(t, harness.Options{Config: map[string]harness.Section{"blobs": {"url": "dir:" + filepath.Join(disk, "blobs")}}})
	p.start("hub")
	p.start("builder")
	p.settle("squeezed")
	top, _ := p.inBuild("squeezed")
	full := filepath.Join(disk, "full")
	f, err := os.Create(full)
	p.must(err)
	defer f.Close()
	_, err = io.Copy(f, zeros{})
	if err == nil {
		t.Fatal("the disk is not full")
	}
	p.until("the hub to say so", func() bool { return strings.Contains(p.site.Logs(50), "free some space") })
	if got := p.task(top); got.State.Done() {
		t.Errorf("the build is %s already", got.State)
	}
	p.must(os.Remove(full))
	p.must(f.Truncate(0))
	p.closed(top)
	p.once(top, "squeezed-1-1.e2e")
	p.sound()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
