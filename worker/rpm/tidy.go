package rpm

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"time"

	"github.com/kura-build/kura/worker/sandbox"
)

// How long what dnf keeps stays when nobody asks for it. The shortest is far
// longer than between resolving a root and installing it.
const (
	keepMetadata = 48 * time.Hour
	keepPackages = 3 * time.Hour
)

// touchMetadata notes that repositories are in use.
func (b *Builder) touchMetadata(rs []repository) {
	now := time.Now()
	for _, r := range rs {
		found, _ := filepath.Glob(filepath.Join(b.opt.Dir, "dnf", r.name+"*"))
		for _, f := range found {
			_ = os.Chtimes(f, now, now)
		}
	}
}

// tidy throws out the metadata of repositories that nobody asks for any more,
// and the oldest packages beyond half of what layers may take.
func (b *Builder) tidy() {
	b.dnf.Lock()
	defer b.dnf.Unlock()
	for _, f := range filesByAge(filepath.Join(b.opt.Dir, "dnf")) {
		if f.name[0] == 'r' && time.Since(f.time) > keepMetadata {
			_ = os.RemoveAll(f.path)
		}
	}
	packages := filesByAge(filepath.Join(b.opt.Dir, "pool"))
	var sum int64
	for _, f := range packages {
		sum += f.size
	}
	for _, f := range packages {
		if sum <= b.opt.CacheMax/2 && freeBytes(b.opt.Dir) >= b.opt.MinFree || time.Since(f.time) < keepPackages {
			return
		}
		if os.Remove(f.path) == nil {
			sum -= f.size
		}
	}
}

type agedFile struct {
	path, name string
	size       int64
	time       time.Time
}

// filesByAge lists a directory, the oldest first.
func filesByAge(dir string) []agedFile {
	entries, _ := os.ReadDir(dir)
	var list []agedFile
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			list = append(list, agedFile{filepath.Join(dir, e.Name()), e.Name(), info.Size(), info.ModTime()})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].time.Before(list[j].time) })
	return list
}

// Probe tells which of the host's programs that builds need are there.
func Probe() sandbox.Report {
	var r sandbox.Report
	for _, p := range []struct {
		name, use string
		needed    bool
	}{
		{"dnf", "resolves what a root consists of", true}, {"rpm", "installs roots", true},
		{"git", "fetches sources", true}, {"mkfs.ext4", "makes disks of limited size for large builds", true},
	} {
		path, err := exec.LookPath(p.name)
		f := sandbox.Feature{Name: "program " + p.name, Have: err == nil, Needed: p.needed, Detail: path}
		if err != nil {
			f.Detail = "not found; it " + p.use + ": install it"
		}
		r = append(r, f)
	}
	return r
}
