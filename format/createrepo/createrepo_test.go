package createrepo

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/rpm"
)

// put writes a package, so old that its time can be trusted.
func put(t *testing.T, dir, path string, change func(*rpm.Build)) {
	t.Helper()
	b := &rpm.Build{Name: "x", Version: "1", Release: "1", Arch: "noarch", Summary: "S", License: "MIT"}
	if change != nil {
		change(b)
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1700000000, 0)
	if err := os.WriteFile(full, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(full, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*.src.rpm", "a/b-1.src.rpm", true}, {"a*", "ab/c", true}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"", "", true}, {"", "a", false}, {"**", "", true}, {"a*b*c", "axxbyybzc", true}, {"a*b*c", "axxbyybz", false}, {"[a]", "a", false},
	} {
		if got := glob(c.pattern, c.s); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.s, got)
		}
	}
	// A pattern that would take a naive matcher years.
	if glob(strings.Repeat("*a", 40)+"b", strings.Repeat("a", 400)) {
		t.Error("it ends with no b")
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{"b.rpm", "sub/a.rpm", "sub/deep/c.rpm", "repodata/no.rpm", ".repodata-1/no.rpm", "skip/d.rpm"} {
		put(t, dir, p, nil)
	}
	for name, target := range map[string]string{"sub/link.rpm": "a.rpm", "round": ".", "sub/gone.rpm": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	paths := func(o Options) (out []string) {
		var warned []string
		if err := o.fill(dir, time.Now()); err != nil {
			t.Fatal(err)
		}
		o.Warn = func(path string, _ error) { warned = append(warned, path) }
		found, err := find(dir, &o)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			out = append(out, f.href)
		}
		return append(out, warned...)
	}
	for _, c := range []struct {
		o    Options
		want []string
	}{
		{Options{}, []string{"sub/a.rpm", "b.rpm", "sub/deep/c.rpm", "skip/d.rpm", "sub/link.rpm"}},
		{Options{SkipSymlinks: true, Excludes: []string{"skip"}}, []string{"sub/a.rpm", "b.rpm", "sub/deep/c.rpm"}},
		{Options{PkgList: []string{"sub/a.rpm", "", " ./b.rpm \r", "sub/a.rpm"}}, []string{"sub/a.rpm", "b.rpm"}},
		{Options{PkgList: []string{"sub/deep/c.rpm"}, CutDirs: 1, LocationPrefix: "p/"}, []string{"p/deep/c.rpm"}},
		{Options{PkgList: []string{"sub/deep/c.rpm"}, CutDirs: 9, LocationPrefix: "http://x//y"}, []string{"http://x//y/c.rpm"}},
	} {
		if diff := cmp.Diff(c.want, paths(c.o)); diff != "" {
			t.Errorf("%+v: %s", c.o, diff)
		}
	}
}

// TestNextRunReadsWhatChanged counts what is read.
func TestNextRunReadsWhatChanged(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a", "b", "c"} {
		put(t, dir, n+"-1-1.noarch.rpm", func(b *rpm.Build) { b.Name = n })
	}
	run := func(o Options) *Result {
		t.Helper()
		r, err := Run(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	index := filepath.Join(dir, "repodata", ".kura-index")
	for _, c := range []struct {
		what string
		do   func()
		o    Options
		read int
	}{
		{"nothing is known", func() {}, Options{}, 3},
		{"nothing changed", func() {}, Options{}, 0},
		{"another size", func() {
			put(t, dir, "b-1-1.noarch.rpm", func(b *rpm.Build) { b.Name, b.Summary = "b", "longer" })
		}, Options{}, 1},
		{"what is told changed", func() {}, Options{ChangelogLimit: 3}, 3},
		{"all anew", func() {}, Options{ChangelogLimit: 3, NoCache: true}, 3},
		{"a file that is so young may still change", func() {
			now := time.Now()
			if err := os.Chtimes(filepath.Join(dir, "c-1-1.noarch.rpm"), now, now); err != nil {
				t.Fatal(err)
			}
		}, Options{ChangelogLimit: 3}, 1},
		{"it was read while it was young", func() {}, Options{ChangelogLimit: 3}, 1},
		{"a name is enough", func() {}, Options{ChangelogLimit: 3, Update: true, SkipStat: true}, 0},
		{"the index was harmed", func() {
			put(t, dir, "c-1-1.noarch.rpm", func(b *rpm.Build) { b.Name = "c" })
			b, err := os.ReadFile(index)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := os.WriteFile(index, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}, Options{}, 3},
		{"the lists were harmed", func() {
			lists, err := filepath.Glob(filepath.Join(dir, "repodata", "*-primary.xml.zst"))
			if err != nil || len(lists) != 1 {
				t.Fatal(lists, err)
			}
			if err := os.Truncate(lists[0], 100); err != nil {
				t.Fatal(err)
			}
		}, Options{}, 3},
		{"one is gone", func() {
			if err := os.Remove(filepath.Join(dir, "a-1-1.noarch.rpm")); err != nil {
				t.Fatal(err)
			}
		}, Options{Update: true, SkipStat: true}, 0},
		{"another of the same size and time", func() {
			put(t, dir, "b-1-1.noarch.rpm", func(b *rpm.Build) { b.Name, b.Summary = "b", "lOnger" })
		}, Options{}, 1},
		{"its time is trusted again", func() {}, Options{}, 1},
		{"the same, and it is not looked at so closely", func() {
			put(t, dir, "b-1-1.noarch.rpm", func(b *rpm.Build) { b.Name, b.Summary = "b", "loNger" })
		}, Options{Update: true}, 0},
	} {
		c.do()
		if r := run(c.o); r.Read != c.read {
			t.Errorf("%s: %d packages were read, want %d", c.what, r.Read, c.read)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func() error{
		"is no directory":       func() error { _, err := Run(t.Context(), file, Options{}); return err },
		"there is no directory": func() error { _, err := Run(t.Context(), dir+"/none", Options{}); return err },
		"checksum type \"crc\"": func() error { _, err := Run(t.Context(), dir, Options{Checksum: "crc"}); return err },
		"cannot be compressed":  func() error { _, err := Run(t.Context(), dir, Options{Compression: "rar"}); return err },
		"read the group file":   func() error { _, err := Run(t.Context(), dir, Options{GroupFile: file + "x"}); return err },
		"seconds since 1970":    func() error { _, err := Run(t.Context(), dir, Options{Revision: "x", FixTimestamps: true}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q: %v", want, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "repodata")); err == nil {
		t.Error("a run that failed left a repository")
	}
}
