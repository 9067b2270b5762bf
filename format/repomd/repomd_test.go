package repomd

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/rpm"
)

// built makes the fragments of a generated package.
func built(t testing.TB, change func(*rpm.Build)) (Package, error) {
	t.Helper()
	b := &rpm.Build{Name: "x", Version: "1", Release: "1", Arch: "noarch", Summary: "S", License: "MIT"}
	change(b)
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	p, err := rpm.Read(bytes.NewReader(buf.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFragments(Source{Package: p, PkgID: "00", Size: int64(buf.Len()), Href: b.FileName()})
	if err != nil {
		return Package{}, err
	}
	return Package{Name: b.Name, Fragments: *f}, nil
}

func TestFragmentsAreAlwaysGoodXML(t *testing.T) {
	p, err := built(t, func(b *rpm.Build) {
		b.Summary = "overlong \xc0\xaf surrogate \xed\xa0\x80 big \xf4\x90\x80\x80"
		b.Description = "bell \x07 esc \x1b nonchar \uffff end"
		b.Changelog = []rpm.Change{{Time: 1, Author: "a\x01", Text: "b\x02"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	primary := parse(t, p.document())
	for _, n := range primary.Nodes[0].Nodes {
		if strings.HasSuffix(n.Name, " description") && n.Text != "bell  esc  nonchar  end" {
			t.Errorf("the description is %q", n.Text)
		}
	}
	parse(t, slices.Concat(Other.Head(1), p.Other, Other.Tail()))
}

// document is the package in a document of its own.
func (p Package) document() []byte {
	return slices.Concat(Primary.Head(1), p.Primary, Primary.Tail())
}

func TestNamesThatCannotBeToldAreRefused(t *testing.T) {
	for what, change := range map[string]func(*rpm.Build){
		"dependency": func(b *rpm.Build) { b.Provides = []rpm.Dep{{Name: "a\x01b"}} },
		"file name":  func(b *rpm.Build) { b.Files = []rpm.File{{Path: "/a\x01b"}} },
		"name":       func(b *rpm.Build) { b.Extend = func(h *rpm.HeaderBuilder) { h.SetString(rpm.TagName, "a\x1bb") } },
	} {
		if _, err := built(t, change); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "control characters") {
			t.Errorf("a control character in a %s: %v", what, err)
		}
	}
}

func TestTransactionScriptsNeedTheirsFirst(t *testing.T) {
	p, err := built(t, func(b *rpm.Build) {
		b.Requires = []rpm.Dep{{Name: "a", Flags: rpm.SensePreTrans}, {Name: "b", Flags: rpm.SensePostTrans}, {Name: "c", Flags: rpm.SensePreUn}}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`name="a" pre="1"`, `name="b" pre="1"`, `name="c"/>`} {
		if !bytes.Contains(p.Primary, []byte(want)) {
			t.Errorf("%s is not in\n%s", want, p.Primary)
		}
	}
}

func TestRelocate(t *testing.T) {
	p, err := built(t, func(b *rpm.Build) { b.Description = "  <location href=\"fake\"/>" })
	if err != nil {
		t.Fatal(err)
	}
	got, err := Relocate(p.Primary, "https://e.example/?a&b", "Packages/x/x.rpm")
	if err != nil || !bytes.Contains(got, []byte(`  <location xml:base="https://e.example/?a&amp;b" href="Packages/x/x.rpm"/>`)) {
		t.Errorf("%v\n%s", err, got)
	}
	back, err := Relocate(got, "", "x-1-1.noarch.rpm")
	if err != nil || !bytes.Equal(back, p.Primary) {
		t.Errorf("the same place gives another fragment: %v\n%s", err, back)
	}
	for _, in := range []string{"<package/>", "", "<package><location", "<package><location href='", "<package><locations/></package>"} {
		if _, err := Relocate([]byte(in), "a", "b"); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
}

// TestScanGivesFragmentsBack reads a repository and joins it again.
func TestScanGivesFragmentsBack(t *testing.T) {
	for _, compression := range []Compression{Gzip, Zstd, None} {
		dir := t.TempDir()
		ps := packages(t, dir)
		if _, err := WriteDir(t.Context(), dir, listOf(ps), Options{Compression: compression}); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []Kind{Primary, Filelists, Other} {
			i := 0
			err := Scan(bytes.NewReader(content(t, dir, string(kind))), kind, func(it *Item) error {
				want := map[Kind][]byte{Primary: ps[i].Primary, Filelists: ps[i].Filelists, Other: ps[i].Other}[kind]
				if diff := cmp.Diff(string(want), string(it.Raw)); diff != "" {
					t.Errorf("%s of %s: %s", kind, ps[i].Name, diff)
				}
				if it.Name != ps[i].Name {
					t.Errorf("%s has the name %q", ps[i].Name, it.Name)
				}
				i++
				return nil
			})
			if err != nil || i != len(ps) {
				t.Errorf("%s: %d of %d packages, %v", kind, i, len(ps), err)
			}
		}
	}
}

func TestScanFields(t *testing.T) {
	doc := slices.Concat(Primary.Head(1), []byte(`<package type="rpm"><name>a</name><arch>noarch</arch><version epoch="1" ver="2" rel="3"/>
<checksum type="sha256" pkgid="YES">cc</checksum><summary>s &amp; t</summary><time file="4" build="5"/><size package="6" installed="7" archive="8"/>
<location xml:base="http://x/" href="a.rpm"/><format><rpm:sourcerpm>a.src.rpm</rpm:sourcerpm><rpm:header-range start="9" end="10"/>
<rpm:provides><rpm:entry name="a"/><rpm:entry name="b"/></rpm:provides><rpm:requires><rpm:entry name="c"/></rpm:requires></format></package>`), Primary.Tail())
	err := Scan(bytes.NewReader(doc), Primary, func(it *Item) error {
		got := *it
		got.Raw = nil
		want := Item{
			PkgID: "cc", Name: "a", Arch: "noarch", Epoch: "1", Version: "2", Release: "3", ChecksumType: "sha256", Summary: "s & t",
			SourceRPM: "a.src.rpm", Href: "a.rpm", Base: "http://x/", Size: 6, FileTime: 4, BuildTime: 5, HeaderStart: 9, HeaderEnd: 10,
			Installed: 7,
		}
		if p, r := it.Provides(), it.Requires(); !slices.Equal(p, []string{"a", "b"}) || !slices.Equal(r, []string{"c"}) {
			t.Errorf("it provides %q and requires %q", p, r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReadersRefuse(t *testing.T) {
	head := string(Primary.Head(1))
	for want, doc := range map[string]string{
		"document type":      `<!DOCTYPE a [<!ENTITY b "c">]>` + head,
		"begins with <a>":    `<a/>`,
		"deeper than":        head + strings.Repeat("<package>", 20),
		"invalid character":  head + "<package>&b;",
		"unexpected EOF":     head + "<package><name>a",
		"longer than 167772": head + "<package><name>" + strings.Repeat("a", maxToken),
		"must be relative":   head + `<package><name>a</name><arch>b</arch><checksum>c</checksum><location href="/etc/passwd"/></package>`,
		"leads out of":       head + `<package><name>a</name><arch>b</arch><checksum>c</checksum><location href="a/../../b"/></package>`,
		"where a package":    head + `<pakage/>`,
		"lacks its":          head + `<package><name>a</name></package>`,
		"invalid syntax":     head + `<package><name>a</name><size package="many"/></package>`,
	} {
		if err := Scan(strings.NewReader(doc), Primary, func(*Item) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for want, doc := range map[string]string{
		"document type":    `<!DOCTYPE a><repomd xmlns="http://linux.duke.edu/metadata/repo"/>`,
		"leads out of":     `<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><location href="../../x"/></data></repomd>`,
		"must be relative": `<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><location href="http://x/y"/></data></repomd>`,
		"unpacks to more":  `<repomd xmlns="http://linux.duke.edu/metadata/repo">` + strings.Repeat(" ", maxRepomd),
		"unexpected EOF":   ``,
	} {
		if _, err := ReadRepomd(strings.NewReader(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestOpenBoundsWhatComesOut(t *testing.T) {
	c, err := NewCompressor(Zstd, false)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := c.Frame(make([]byte, 1<<20), nil)
	r, err := Open(bytes.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, &limited{r, 1 << 19}); err == nil || !strings.Contains(err.Error(), "more than is allowed") {
		t.Errorf("a bomb: %v", err)
	}
}

func TestRepomdIsReadBack(t *testing.T) {
	dir := t.TempDir()
	p, err := built(t, func(*rpm.Build) {})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Compression: Zstd, OpenChecksums: true, Timestamp: 1700000000, Comps: []byte("<comps/>"),
		Extra: []Extra{{Type: "updateinfo", Name: "updateinfo.xml", Content: []byte("<updates/>")}},
		Tags:  Tags{Distro: []DistroTag{{CPE: "cpe:/o:x", Text: "X & Y"}}},
	}
	wrote, err := WriteDir(t.Context(), dir, listOf([]Package{p}), o)
	if err != nil {
		t.Fatal(err)
	}
	read := repomdOf(t, dir)
	var types []string
	for i := range read.Data {
		types = append(types, read.Data[i].Type)
		if got := filepath.Base(read.Data[i].Href); got != wrote.Data[i].Checksum+"-"+wrote.Data[i].Name {
			t.Errorf("%s is called %s", read.Data[i].Type, got)
		}
		read.Data[i].Name, read.Data[i].ChecksumType = wrote.Data[i].Name, ""
	}
	if diff := cmp.Diff([]string{"primary", "filelists", "other", "group", "group_zst", "updateinfo"}, types); diff != "" {
		t.Error(diff)
	}
	read.Tags = wrote.Tags // not read
	if diff := cmp.Diff(wrote, read); diff != "" {
		t.Errorf("wrote(-) read(+)\n%s", diff)
	}
	if got := content(t, dir, "updateinfo"); string(got) != "<updates/>" {
		t.Errorf("updateinfo is %q", got)
	}
}

// TestDnfReadsTheRepository asks dnf for all packages, and installs one.
func TestDnfReadsTheRepository(t *testing.T) {
	dir := t.TempDir()
	ps := packages(t, dir)
	ps = slices.DeleteFunc(ps, func(p Package) bool { return p.Name == "edge-empty" })
	for i := range ps {
		var err error
		if ps[i].Primary, err = Relocate(ps[i].Primary, "file://"+dir, ps[i].href); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := WriteDir(t.Context(), dir, listOf(ps), Options{Compression: Zstd, Timestamp: 1}); err != nil {
		t.Fatal(err)
	}
	dnf := func(args ...string) string {
		state := t.TempDir()
		args = append([]string{
			"--installroot", filepath.Join(state, "root"), "--setopt=reposdir=" + state, "--setopt=cachedir=" + filepath.Join(state, "cache"),
			"--setopt=logdir=" + state, "--setopt=persistdir=" + state, "--releasever=1", "--disableplugin=*", "--repofrompath=test,file://" + dir,
			"--repo=test", "--nogpgcheck", "-q", "-y",
		}, args...)
		out, err := exec.Command("dnf", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("dnf: %v\n%s", err, out)
		}
		if _, err := os.Stat(filepath.Join(state, "root/usr/share/a&b")); slices.Contains(args, "install") && err != nil {
			t.Errorf("the file of the installed package is not there: %v", err)
		}
		return string(out)
	}
	out := dnf("repoquery", "--qf", "%{name}", "*")
	for _, want := range []string{"edge-xml", "edge-latin1", "edge-weird+name.x_y", "Archer", "centos-release", "edge-long"} {
		if !strings.Contains(out, want) {
			t.Errorf("dnf does not know %s:\n%s", want, out)
		}
	}
	dnf("install", "edge-xml")
}

func FuzzReadRepomd(f *testing.F) {
	f.Add(new(Repomd).Marshal())
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ReadRepomd(bytes.NewReader(b))
	})
}

func BenchmarkFragments(b *testing.B) {
	raw, err := os.ReadFile("../rpm/testdata/packages/centos-release-3.1-1.i386.rpm")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, err := rpm.Read(bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := NewFragments(Source{Package: p, PkgID: "00", Href: "x"}); err != nil {
			b.Fatal(err)
		}
	}
}
