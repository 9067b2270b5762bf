package repositories

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/test/repodiff"
	"github.com/kura-build/kura/test/rpmset"
)

// child is the environment of a process of this test that makes a repository.
const child = "KURA_TEST_CREATEREPO"

// TestChild makes a repository where another test asks for it.
func TestChild(t *testing.T) {
	dir := os.Getenv(child)
	if dir == "" {
		return
	}
	if _, err := createrepo.Run(context.Background(), dir, createrepo.Options{}); err != nil {
		t.Fatal(err)
	}
}

func maker(dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), child+"="+dir)
	return cmd
}

// whole looks whether a repository agrees with itself, and leaves out nothing.
func whole(t *testing.T, dir string, packages int) {
	t.Helper()
	found, err := repodiff.Check(dir)
	if err != nil || len(found) > 0 {
		t.Fatalf("the repository is torn: %v %v", err, found)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "repodata", "repomd.xml")); err != nil || !bytes.Contains(b, []byte("primary")) {
		t.Fatalf("no repomd.xml: %v", err)
	}
	out, _ := dnf(t, dir, "repoquery", "--qf", "%{location}", "*")
	if n := len(sorted(out)); packages > 0 && n != packages {
		t.Errorf("dnf sees %d of %d packages", n, packages)
	}
}

// TestKilledWhileItWrites kills makers at all times.
func TestKilledWhileItWrites(t *testing.T) {
	dir := t.TempDir()
	paths, err := rpmset.Make(t.Context(), dir, 300, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := createrepo.Run(t.Context(), dir, createrepo.Options{}); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	killed := 0
	for turn := range 15 {
		at := time.Unix(1700000000+int64(turn), 0)
		for range 100 {
			if err := os.Chtimes(filepath.Join(dir, paths[random.IntN(len(paths))]), at, at); err != nil {
				t.Fatal(err)
			}
		}
		cmd := maker(dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5+random.IntN(120)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
		if found, err := repodiff.Check(dir); err != nil || len(found) > 0 {
			t.Fatalf("turn %d: the repository is torn: %v %v", turn, err, found)
		}
	}
	if killed == 0 {
		t.Error("no maker was killed before its end")
	}
	if _, err := createrepo.Run(t.Context(), dir, createrepo.Options{}); err != nil {
		t.Fatal(err)
	}
	whole(t, dir, 300)
	fresh := t.TempDir()
	if _, err := createrepo.Run(t.Context(), dir, createrepo.Options{OutputDir: fresh}); err != nil {
		t.Fatal(err)
	}
	compare(t, fresh, dir)
	if left, _ := filepath.Glob(filepath.Join(dir, ".repodata-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestMakersAtOnce lets five write the same repository.
func TestMakersAtOnce(t *testing.T) {
	dir := t.TempDir()
	if _, err := rpmset.Make(t.Context(), dir, 300, 9); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	var mu sync.Mutex
	var all error
	for range 5 {
		g.Go(func() {
			out, err := maker(dir).CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				all = errors.Join(all, fmt.Errorf("%w: %s", err, out))
			}
		})
	}
	g.Wait()
	if all != nil {
		t.Fatal(all)
	}
	whole(t, dir, 300)
}

// TestHostilePackages puts packages that mean harm among good ones.
func TestHostilePackages(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := func(name string, change func(*rpm.Build)) []byte {
		b := &rpm.Build{Name: name, Version: "1", Release: "1", Arch: "noarch", Summary: name, License: "MIT"}
		change(b)
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	good := build("good", func(*rpm.Build) {})
	write("good-1-1.noarch.rpm", good)
	write("latin1-1-1.noarch.rpm", build("latin1", func(b *rpm.Build) {
		b.Summary, b.Files = "caf\xe9 \xc0\xaf \xed\xa0\x80", []rpm.File{{Path: "/usr/share/na\xefve", Mode: 0o100644}}
	}))
	write("control-1-1.noarch.rpm", build("control", func(b *rpm.Build) {
		b.Summary, b.Description = "bell \x07", "escape \x1b[31m \x00"
		b.Changelog = []rpm.Change{{Time: 1, Author: "a\x01", Text: "b\x02]]>"}}
	}))
	write("xml-1-1.noarch.rpm", build("xml", func(b *rpm.Build) {
		b.Summary = `</summary></package><package type="rpm"><name>evil</name>`
		b.Provides = []rpm.Dep{{Name: `"/><rpm:entry name="evil`}}
	}))
	write("manyfiles-1-1.noarch.rpm", build("manyfiles", func(b *rpm.Build) {
		for i := range 300_000 {
			b.Files = append(b.Files, rpm.File{Path: fmt.Sprintf("/usr/share/many/%d/%d", i/1000, i), Mode: 0o100644, Flags: rpm.FileGhost})
		}
	}))
	write("longlog-1-1.noarch.rpm", build("longlog", func(b *rpm.Build) {
		for i := range 10 {
			b.Changelog = append(b.Changelog, rpm.Change{Time: int64(100 - i), Author: "a", Text: strings.Repeat("x<&\n", 1<<18)})
		}
	}))
	broken := map[string][]byte{
		"noname-1-1.noarch.rpm": build("noname", func(b *rpm.Build) {
			b.Extend = func(h *rpm.HeaderBuilder) { h.SetString(rpm.TagName, "no\x1bname") }
		}),
		"badindex-1-1.noarch.rpm": build("badindex", func(b *rpm.Build) {
			b.Files = []rpm.File{{Path: "/a/b", Mode: 0o100644}}
			b.Extend = func(h *rpm.HeaderBuilder) { h.SetInt32(rpm.TagDirIndexes, 4_000_000_000) }
		}),
		"empty.rpm": nil, "cutoff.rpm": good[:len(good)/3], "text.rpm": []byte("this is no package"),
		"absurd.rpm": append(append([]byte{}, good[:96+8]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	}
	for name, b := range broken {
		write(name, b)
	}
	warned := map[string]string{}
	r, err := createrepo.Run(t.Context(), dir, createrepo.Options{Warn: func(path string, err error) { warned[path] = err.Error() }})
	if err != nil {
		t.Fatal(err)
	}
	if r.Packages != 6 || r.Failed != len(broken) || len(warned) != len(broken) {
		t.Errorf("%d packages, %d failed: %v", r.Packages, r.Failed, warned)
	}
	for name := range broken {
		if warned[name] == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
	whole(t, dir, 6)
	if out, _ := dnf(t, dir, "repoquery", "--whatprovides", "evil"); strings.TrimSpace(out) != "" {
		t.Errorf("a package has smuggled in %s", out)
	}
	if again, err := createrepo.Run(t.Context(), dir, createrepo.Options{Warn: func(string, error) {}}); err != nil || again.Packages != 6 {
		t.Errorf("a second run: %v %v", again, err)
	}
}
