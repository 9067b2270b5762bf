package repositories

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/mergerepo"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
	"github.com/kura-build/kura/test/repodiff"
)

func compare(t *testing.T, a, b string) {
	t.Helper()
	found, err := repodiff.Compare(a, b, repodiff.OldCreaterepo...)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range found {
		if i == 20 {
			t.Errorf("and %d more", len(found)-i)
			break
		}
		t.Error(d)
	}
}

// TestSameMeaning compares every field of every package.
func TestSameMeaning(t *testing.T) {
	for name, packages := range map[string]string{"real": real(t), "synthetic": synthetic(t)} {
		want := theirs(t, packages)
		for way, o := range ways {
			t.Run(name+" "+way, func(t *testing.T) { compare(t, want, ours(t, packages, o)) })
		}
	}
}

// TestSameOptions compares what options change.
func TestSameOptions(t *testing.T) {
	packages := real(t)
	comps := filepath.Join(t.TempDir(), "comps.xml")
	if err := os.WriteFile(comps, []byte("<?xml version=\"1.0\"?>\n<comps><group><id>g</id></group></comps>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		o    createrepo.Options
	}{
		"checksum": {[]string{"--checksum", "sha512"}, createrepo.Options{Checksum: "sha512"}},
		"sha1":     {[]string{"--checksum", "sha1"}, createrepo.Options{Checksum: "sha1"}},
		"baseurl":  {[]string{"--baseurl", "https://e.example/a&b/"}, createrepo.Options{BaseURL: "https://e.example/a&b/"}},
		"prefix":   {[]string{"--location-prefix", "some/where"}, createrepo.Options{LocationPrefix: "some/where"}},
		"cut":      {[]string{"--cut-dirs", "1"}, createrepo.Options{CutDirs: 1}},
		"excludes": {[]string{"--excludes", "*.src.rpm", "-x", "hello-?.0*"}, createrepo.Options{Excludes: []string{"*.src.rpm", "hello-?.0*"}}},
		"changes":  {[]string{"--changelog-limit", "2"}, createrepo.Options{ChangelogLimit: 2}},
		"no log":   {[]string{"--changelog-limit", "0"}, createrepo.Options{ChangelogLimit: repomd.NoChangelogs}},
		"all logs": {[]string{"--changelog-limit", "-1"}, createrepo.Options{ChangelogLimit: repomd.AllChangelogs}},
		"groups":   {[]string{"--groupfile", comps}, createrepo.Options{GroupFile: comps}},
		"tags": {[]string{"--distro", "cpe:/o:x,X & Y", "--content", "c", "--repo", "r"}, func() (o createrepo.Options) {
			o.Tags.Content, o.Tags.Repo = []string{"c"}, []string{"r"}
			o.Tags.Distro = append(o.Tags.Distro, struct{ CPE, Text string }{"cpe:/o:x", "X & Y"})
			return o
		}()},
	} {
		t.Run(name, func(t *testing.T) { compare(t, theirs(t, packages, c.args...), ours(t, packages, c.o)) })
	}
}

// TestUpdateOfTheirs adopts a repository that createrepo_c has made: nothing is
// read again, and the meaning stays.
func TestUpdateOfTheirs(t *testing.T) {
	packages := synthetic(t)
	want := theirs(t, packages)
	out := place(t, packages)
	run(t, "cp", "-r", filepath.Join(want, "repodata"), out)
	r, err := createrepo.Run(context.Background(), out, createrepo.Options{Update: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Read != 0 || r.Packages != many {
		t.Errorf("%d of %d packages were read again: %.5v", r.Read, r.Packages, r.ReadList)
	}
	compare(t, want, out)
}

// TestSameMerge compares with mergerepo_c, in each way to merge.
func TestSameMerge(t *testing.T) {
	// No repository holds two packages of one name and version: which of them
	// mergerepo_c takes is chance.
	one, two := theirs(t, synthetic(t), "-x", "*-libs-*", "-x", "*1.x86_64*"), theirs(t, synthetic(t), "-x", "*-devel-*")
	three := theirs(t, synthetic(t))
	names := strings.Fields(run(t, "dnf", "--repofrompath=test,file://"+three, "--repo=test", "--setopt=cachedir="+t.TempDir(), "-q", "repoquery", "--qf", "%{source_name}", "*"))
	block := map[string]bool{}
	for _, n := range names[:20] {
		block[n] = true
	}
	blocked := filepath.Join(t.TempDir(), "blocked")
	if err := os.WriteFile(blocked, []byte(strings.Join(names[:20], "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		o    merge.Options
	}{
		"repo": {nil, merge.Options{Mode: merge.Repo}},
		"nvr":  {[]string{"--method", "nvr"}, merge.Options{Mode: merge.Highest}},
		"all":  {[]string{"--all"}, merge.Options{Mode: merge.Bare}},
		"koji": {[]string{"--koji", "-a", "x86_64", "-b", blocked}, merge.Options{Mode: merge.Koji, Arches: []string{"x86_64"}, Blocked: block}},
		"arch": {[]string{"--all", "-a", "x86_64"}, merge.Options{Mode: merge.Bare, Arches: []string{"x86_64"}}},
	} {
		t.Run(name, func(t *testing.T) {
			theirs, mine := t.TempDir(), t.TempDir()
			args := append([]string{"--no-database", "--compress-type", "gz", "-o", theirs, "--noupdateinfo"}, c.args...)
			for _, r := range []string{one, two, three} {
				args = append(args, "-r", "file://"+r)
			}
			run(t, "mergerepo_c", args...)
			if _, err := mergerepo.Run(context.Background(), mergerepo.Options{Repos: []string{one, two, three}, OutputDir: mine, Options: c.o}); err != nil {
				t.Fatal(err)
			}
			compare(t, theirs, mine)
		})
	}
}
