package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	format "github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/test/distro"
	"github.com/kura-build/kura/worker/rpm"
	"github.com/kura-build/kura/worker/sandbox"
)

const tinySpec = `Name: tiny
Version: 1
Release: 1
Summary: The smallest package
License: MIT
BuildArch: noarch
BuildRequires: gcc, make
%description
Nothing.
%files
`

// roots measures the builder alone: the time until a task's package is being
// built, with all caches empty, and with the same root in them.
func (b *bench) roots() error {
	if os.Geteuid() != 0 {
		return errors.New("clean roots need root")
	}
	repo := filepath.Join(b.dir, "distro")
	if err := distro.Make(b.ctx, distro.Options{Out: repo}); err != nil {
		return err
	}
	order, err := b.tiny(repo)
	if err != nil {
		return err
	}
	var cold, work, cached []time.Duration
	stages := map[string][]time.Duration{}
	for i := range b.turns(5, 2) {
		dir := filepath.Join(b.dir, fmt.Sprintf("builder%d", i))
		w, err := newBuilder(dir)
		if err != nil {
			return err
		}
		before := cpu()
		took, log, err := b.build(w, order)
		if err != nil {
			return err
		}
		cold, work = append(cold, took), append(work, cpu()-before)
		for name, d := range stagesOf(log) {
			stages[name] = append(stages[name], d)
		}
		for range b.turns(4, 2) {
			if took, _, err = b.build(w, order); err != nil {
				return err
			}
			cached = append(cached, took)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	say("root: assigned to rpmbuild, cold, median", seconds(quantile(cold, .5)), "s", "goal 6; mock 5.5 to 23 for the set-up alone")
	say("root: assigned to rpmbuild, cold, worst", seconds(quantile(cold, 1)), "s", "")
	for _, s := range []string{"resolve", "install"} {
		say("root: of which "+s+", median", seconds(quantile(stages[s], .5)), "s", "")
	}
	say("root: processor time of a cold build, median", seconds(quantile(work, .5)), "s", "the whole task, of two processors or more")
	say("root: assigned to rpmbuild, cached, median", seconds(quantile(cached, .5)), "s", "goal 0.5; mock's overlayfs plugin 0.73 to 1.13")
	say("root: assigned to rpmbuild, cached, p95", seconds(quantile(cached, .95)), "s", "")
	return nil
}

func newBuilder(dir string) (*rpm.Builder, error) {
	if err := os.Mkdir(dir, 0o711); err != nil {
		return nil, err
	}
	host, err := sandbox.NewHost(filepath.Join(dir, "sandbox"))
	if err != nil {
		return nil, err
	}
	return rpm.New(host, rpm.Options{Dir: filepath.Join(dir, "rpm"), MinFree: 1})
}

// tiny is the order to build a package that takes no time itself.
func (b *bench) tiny(repo string) (protocol.ArchOrder, error) {
	p := format.Build{
		Name: "tiny", Version: "1", Release: "1", Arch: "noarch", Source: true, Summary: "The smallest package", License: "MIT",
		Requires: []format.Dep{{Name: "gcc"}, {Name: "make"}},
		Files: []format.File{{Path: "tiny.spec", Mode: 0o644, Size: int64(len(tinySpec)), Flags: format.FileSpec,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(tinySpec)), nil }}},
	}
	name := filepath.Join(b.dir, p.FileName())
	f, err := os.Create(name)
	if err != nil {
		return protocol.ArchOrder{}, err
	}
	h := sha256.New()
	n, err := p.WriteTo(io.MultiWriter(f, h))
	if err = errors.Join(err, f.Close()); err != nil {
		return protocol.ArchOrder{}, err
	}
	return protocol.ArchOrder{
		Arch:   "noarch",
		Root:   protocol.Root{Tag: "bench-build", Arch: "x86_64", Repos: []protocol.Repo{{ID: "base", URL: "file://" + repo}}, Packages: distro.Groups()["build"]},
		SRPM:   protocol.RemoteRPM{Name: filepath.Base(name), URL: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))},
		Limits: protocol.Limits{Time: 10 * time.Minute, Log: 1 << 20, Processes: 4096, Disk: 40 << 30},
	}, nil
}

// build carries the order out and gives when its rpmbuild ran.
func (b *bench) build(w *rpm.Builder, order protocol.ArchOrder) (time.Duration, string, error) {
	out, err := os.MkdirTemp(b.dir, "results-")
	if err != nil {
		return 0, "", err
	}
	d := &desk{logs: map[string]*strings.Builder{}}
	r, err := w.Arch(b.ctx, "bench", order, d, out)
	if err != nil {
		return 0, "", fmt.Errorf("%w\n%s", err, d.logs["root.log"])
	}
	return time.Duration(r.Timings["rpmbuild"]) * time.Millisecond, d.logs["root.log"].String(), nil
}

// cpu is the processor time of this process and of all that it waited for.
func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// stagesOf takes what a root's log says about where the time went.
func stagesOf(log string) map[string]time.Duration {
	took := map[string]time.Duration{}
	for line := range strings.SplitSeq(log, "\n") {
		var n, ms int
		if _, err := fmt.Sscanf(line, "dnf took %d ms", &ms); err == nil {
			took["resolve"] += time.Duration(ms) * time.Millisecond
		}
		if _, err := fmt.Sscanf(line, "root: installed %d packages in %d ms", &n, &ms); err == nil {
			took["install"] += time.Duration(ms) * time.Millisecond
		}
	}
	return took
}

// desk is a hub that keeps the logs and nothing else.
type desk struct {
	mu   sync.Mutex
	logs map[string]*strings.Builder
}

func (d *desk) Log(name string) io.Writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logs[name] = &strings.Builder{}
	return d.logs[name]
}

func (d *desk) Phase(string) {}

func (d *desk) Buildroot(context.Context, protocol.Buildroot) (int64, error) { return 1, nil }

func (d *desk) Fetch(_ context.Context, path string) (io.ReadCloser, error) { return os.Open(path) }
