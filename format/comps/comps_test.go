package comps

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

func groups() []Group {
	return []Group{
		{ID: "srpm-build", Name: "srpm-build", Description: "Sources", UserVisible: true, Packages: []PackageReq{
			{Name: "rpm-build", Type: "mandatory"}, {Name: "bash", Type: "mandatory"},
		}},
		{
			ID: "build", Name: "Build & more", Description: "<all>", Default: true, UserVisible: true, BiArchOnly: true,
			Groups: []GroupReq{{ID: "srpm-build", Type: "mandatory"}, {ID: "gone"}, {ID: "meta", Meta: true, Type: "optional"}},
			Packages: []PackageReq{
				{Name: "gcc", Type: "mandatory", BaseArchOnly: true}, {Name: "bash", Type: "default"},
				{Name: "doc", Type: "conditional", Requires: "man-db"}, {Name: "vim", Type: "optional"},
			},
		},
		{ID: "meta", Name: "meta", Groups: []GroupReq{{ID: "build"}}, Packages: []PackageReq{{Name: "zsh", Type: "mandatory"}}},
	}
}

func TestMarshal(t *testing.T) {
	for name, expand := range map[string]bool{"plain.xml": false, "expanded.xml": true} {
		golden := filepath.Join("testdata", name)
		got := Marshal(groups(), expand)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: want(-) got(+)\n%s", name, diff)
		}
	}
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	once, err := Read(bytes.NewReader(Marshal(groups(), false)))
	if err != nil {
		t.Fatal(err)
	}
	want := groups()
	want[0], want[1], want[2] = want[1], want[2], want[0]
	for i := range want {
		want[i].Packages, want[i].Groups = sortedPackages(want[i].Packages), sortedGroups(want[i].Groups)
		if len(want[i].Groups) == 0 {
			want[i].Groups = nil
		}
	}
	if diff := cmp.Diff(want, once); diff != "" {
		t.Errorf("want(-) got(+)\n%s", diff)
	}
}

func TestReadPassesOverWhatItDoesNotKnow(t *testing.T) {
	got, err := Read(strings.NewReader(`<comps><group><id>a</id><name>A</name><name xml:lang="de">Ä</name><x><y>z</y></x>
<packagelist><packagereq>p</packagereq></packagelist></group>
<environment><id>e</id><grouplist><groupid>a</groupid></grouplist></environment></comps>`))
	want := []Group{{ID: "a", Name: "A", Packages: []PackageReq{{Name: "p", Type: "mandatory"}}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestReadRefuses(t *testing.T) {
	for want, in := range map[string]string{
		"declares something":  `<!DOCTYPE comps [<!ENTITY a "b">]><comps>&a;</comps>`,
		"not with <comps>":    `<metadata/>`,
		"unexpected EOF":      `<comps><group><id>a</id>`,
		"no id":               `<comps><group></group></comps>`,
		"deeper than":         "<comps>" + strings.Repeat("<a>", 20),
		"invalid character":   `<comps><group><id>&x;</id></group></comps>`,
		"longer than 6710886": "<comps>" + strings.Repeat(" ", maxSize),
	} {
		if _, err := Read(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// TestGroupsInDnf asks dnf for the groups of a repository that has no packages.
func TestGroupsInDnf(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "comps.xml")
	if err := os.WriteFile(file, Marshal(groups(), true), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("createrepo_c", "--no-database", "-g", file, dir).CombinedOutput(); err != nil {
		t.Fatalf("createrepo_c: %v\n%s", err, out)
	}
	out, err := exec.Command("dnf", "--installroot", filepath.Join(dir, "root"), "--setopt=reposdir="+dir, "--setopt=cachedir="+filepath.Join(dir, "cache"), "--setopt=logdir="+dir,
		"--setopt=persistdir="+dir, "--releasever=1", "--disableplugin=*", "--repofrompath=test,"+dir, "--repo=test", "-q", "group", "info", "build").CombinedOutput()
	if err != nil {
		t.Fatalf("dnf: %v\n%s", err, out)
	}
	for _, want := range []string{"Build & more", "<all>", "gcc", "rpm-build", "zsh", "vim"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("dnf does not tell %q:\n%s", want, out)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Marshal(groups(), false))
	f.Fuzz(func(t *testing.T, b []byte) {
		gs, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(Marshal(gs, false)))
		if err != nil || len(again) != len(gs) {
			t.Errorf("what was read cannot be read again: %d groups of %d, %v", len(again), len(gs), err)
		}
	})
}
