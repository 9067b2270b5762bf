package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kura-build/kura/test/rpmset"
)

// used is what a program took.
type used struct {
	cpu, wall time.Duration
	memory    int64 // bytes at most
}

// metadata compares kura createrepo and mergerepo with createrepo_c and
// mergerepo_c over 70,000 packages, with packages and metadata in the page cache.
//
// KURA_CREATEREPO names another createrepo_c than Debian's, with mergerepo_c
// beside it: Debian 12's 0.17 writes no zstd.
func (b *bench) metadata() error {
	n := b.turns(70000, 3000)
	m := &metadataBench{bench: b, theirs: os.Getenv("KURA_CREATEREPO"), compress: "zstd"}
	if m.theirs == "" {
		m.theirs, m.compress = "createrepo_c", "gz"
	}
	if err := b.program(); err != nil {
		return err
	}
	version, err := exec.CommandContext(b.ctx, m.theirs, "--version").Output()
	if err != nil {
		return fmt.Errorf("%s --version: %w", m.theirs, err)
	}
	fmt.Printf("# compared with createrepo_c, %s; %s\n", strings.TrimSpace(string(version)), m.compress)
	m.dir = filepath.Join(b.dir, "metadata")
	if m.paths, err = rpmset.Make(b.ctx, m.dir, n, 11); err != nil {
		return err
	}
	m.small = filepath.Join(b.dir, "metadata-small")
	if _, err := rpmset.Make(b.ctx, m.small, n*2/7, 12); err != nil {
		return err
	}
	return errors.Join(m.cold(), m.update(), m.merge())
}

type metadataBench struct {
	*bench
	theirs, compress string
	dir, small       string
	paths            []string
	cold_            used // createrepo_c's
}

// run runs a program and says what it took.
func (m *metadataBench) run(name string, args ...string) (used, error) {
	cmd := exec.CommandContext(m.ctx, name, args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return used{}, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return used{time.Duration(u.Utime.Nano() + u.Stime.Nano()), time.Since(began), u.Maxrss << 10}, nil
}

func (m *metadataBench) createrepoC(dir string, args ...string) (used, error) {
	return m.run(m.theirs, append([]string{"-q", "--no-database", "--general-compress-type=" + m.compress, "-o", dir + "-c"}, append(args, dir)...)...)
}

func (m *metadataBench) kura(dir string, args ...string) (used, error) {
	return m.run(m.bench.kura, append([]string{"createrepo", "-q", "--general-compress-type=" + m.compress, "-o", dir + "-k"}, append(args, dir)...)...)
}

// against prints a number beside the other's.
func against(what string, ours, theirs time.Duration) {
	say("metadata: "+what, seconds(ours), "s", fmt.Sprintf("createrepo_c %.2f: %.1f times less", seconds(theirs), seconds(theirs)/seconds(ours)))
}

// cold makes the repository from nothing.
func (m *metadataBench) cold() (err error) {
	for _, dir := range []string{m.dir + "-c", m.dir + "-k", m.small + "-c", m.small + "-k"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if m.cold_, err = m.createrepoC(m.dir); err != nil {
		return err
	}
	ours, err := m.kura(m.dir)
	if err != nil {
		return err
	}
	if _, err := m.createrepoC(m.small); err != nil {
		return err
	}
	n := len(m.paths)
	against(fmt.Sprintf("%d packages, nothing known, processor", n), ours.cpu, m.cold_.cpu)
	against(fmt.Sprintf("%d packages, nothing known, wall", n), ours.wall, m.cold_.wall)
	say("metadata: memory", float64(ours.memory)/1e6, "MB", fmt.Sprintf("createrepo_c %.0f: %.1f times less", float64(m.cold_.memory)/1e6, float64(m.cold_.memory)/float64(ours.memory)))
	a, err := metadataSize(m.dir + "-k")
	if err != nil {
		return err
	}
	c, err := metadataSize(m.dir + "-c")
	say("metadata: size of the lists", float64(a)/1e6, "MB", fmt.Sprintf("createrepo_c %.1f: %.3f times", float64(c)/1e6, float64(a)/float64(c)))
	return err
}

func metadataSize(dir string) (size int64, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "repodata", "*.xml.*"))
	for _, f := range files {
		info, e := os.Stat(f)
		if e != nil {
			return 0, e
		}
		size += info.Size()
	}
	return size, err
}

// update changes one package in the middle.
func (m *metadataBench) update() error {
	theirs, err := m.createrepoC(m.dir, "--update", "--skip-stat")
	if err != nil {
		return err
	}
	changed := filepath.Join(m.dir, m.paths[len(m.paths)/2])
	// Another version has another file name: what --skip-stat goes by.
	other := strings.TrimSuffix(changed, ".rpm") + ".new.rpm"
	turn := 0
	replace := func() error {
		if turn++; turn%2 == 1 {
			return os.Rename(changed, other)
		}
		return os.Rename(other, changed)
	}
	measure := func(what string, change func() error, args ...string) error {
		best := used{cpu: time.Hour}
		for range 3 {
			if err := change(); err != nil {
				return err
			}
			got, err := m.kura(m.dir, args...)
			if err != nil {
				return err
			}
			if got.cpu < best.cpu {
				best = got
			}
		}
		against(what+", processor", best.cpu, theirs.cpu)
		return nil
	}
	away := changed + ".away"
	moves := 0
	move := func() error { // the number of packages changes, and with it all checksums of open content
		moves++
		if moves%2 == 1 {
			return os.Rename(changed, away)
		}
		return os.Rename(away, changed)
	}
	_, err = m.kura(m.dir)
	return errors.Join(err,
		measure("one changed, published", replace, "--update", "--skip-stat"),
		measure("one changed, published, all files looked at", replace, "--update"),
		measure("one more or less, published", move, "--update", "--skip-stat"),
		measure("one more or less, private", move, "--update", "--skip-stat", "--no-open-checksums"),
		m.engine(theirs.cpu),
	)
}

// merge merges the small repository with the large one as Koji does, with 500
// blocked source packages.
func (m *metadataBench) merge() error {
	blocked := filepath.Join(m.bench.dir, "blocked")
	names := map[string]bool{}
	for i := 0; len(names) < min(500, len(m.paths)/20); i += 7 {
		name, _, _ := strings.Cut(filepath.Base(m.paths[i]), "-")
		names[name] = true
	}
	text := ""
	for name := range names {
		text += name + "\n"
	}
	if err := os.WriteFile(blocked, []byte(text), 0o644); err != nil {
		return err
	}
	repos := []string{"-r", "file://" + m.small + "-c", "-r", "file://" + m.dir + "-c"}
	theirs, err := m.run(filepath.Join(filepath.Dir(m.theirs), "mergerepo_c"), append([]string{"--no-database", "--compress-type", m.compress, "--koji", "-a", "x86_64", "-b", blocked, "-o", m.bench.dir + "/merged-c"}, repos...)...)
	if err != nil {
		return err
	}
	ours := append([]string{"mergerepo", "-q", "--compress-type", m.compress, "--koji", "-a", "x86_64", "-o", m.bench.dir + "/merged-k"}, repos...)
	first, err := m.run(m.bench.kura, ours...)
	if err != nil {
		return err
	}
	block, err := m.run(m.bench.kura, append(ours, "-b", blocked)...)
	if err != nil {
		return err
	}
	again, err := m.run(m.bench.kura, append(ours, "-b", blocked)...)
	if err != nil {
		return err
	}
	against("merge, nothing known, processor", first.cpu, theirs.cpu)
	against(fmt.Sprintf("merge, known, %d blocked for the first time, processor", len(names)), block.cpu, theirs.cpu)
	against("merge, known, as before, processor", again.cpu, theirs.cpu)
	return nil
}
