package distro

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/rpm"
)

// tarEntry is one file of a synthetic .deb.
type tarEntry struct {
	name, body, link string
	kind             byte
	mode             int64
	group            string
}

func tarGz(t *testing.T, entries []tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		group := e.group
		if group == "" {
			group = "root"
		}
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: e.mode, Size: int64(len(e.body)), Uname: "root", Gname: group}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeDeb writes a .deb and completes its stanza.
func writeDeb(t *testing.T, dir string, s stanza, conffiles string, entries []tarEntry) stanza {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		body []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar.gz", tarGz(t, []tarEntry{{name: "./conffiles", body: conffiles, kind: tar.TypeReg, mode: 0o644}})},
		{"data.tar.gz", tarGz(t, entries)},
	} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", m.name, 0, 0, 0, "100644", len(m.body), m.body)
		if len(m.body)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	s["SHA256"], s["Size"] = fmt.Sprintf("%x", sha256.Sum256(b.Bytes())), fmt.Sprint(b.Len())
	if err := os.WriteFile(filepath.Join(dir, debFile(s)), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(t *testing.T, dir string) []stanza {
	t.Helper()
	tool := writeDeb(t, dir, stanza{"Package": "tool", "Version": "1:1.0-2", "Architecture": "amd64", "Source": "toolbox (2.0-1)",
		"Description": "A tool\nof use", "Depends": "tool-data (= 2.0-1)"}, "/etc/tool.conf\n", []tarEntry{
		{name: "./", kind: tar.TypeDir, mode: 0o755},
		{name: "./bin/", kind: tar.TypeDir, mode: 0o755},
		{name: "./bin/tool", body: "#!/bin/sh\n", kind: tar.TypeReg, mode: 0o4755, group: "shadow"},
		{name: "./bin/again", link: "./bin/tool", kind: tar.TypeLink},
		{name: "./lib/libt.so", link: "../usr/lib/t.so", kind: tar.TypeSymlink},
		{name: "./etc/tool.conf", body: "x\n", kind: tar.TypeReg, mode: 0o600},
		{name: "./var/lib/tool/", kind: tar.TypeDir, mode: 0o700},
		{name: "./usr/share/man/man1/tool.1.gz", body: "man", kind: tar.TypeReg, mode: 0o644},
		{name: "./usr/share/doc/tool/copyright", body: "free", kind: tar.TypeReg, mode: 0o644},
	})
	data := writeDeb(t, dir, stanza{"Package": "tool-data", "Version": "2.0-1", "Architecture": "all", "Source": "toolbox"}, "", []tarEntry{
		{name: "./usr/lib/pkgconfig/tool.pc", body: "Version: 3\n", kind: tar.TypeReg, mode: 0o644},
		{name: "./usr/lib/pkgconfig/t.pc", link: "tool.pc", kind: tar.TypeSymlink},
	})
	return []stanza{tool, data}
}

func convert(t *testing.T, debs []stanza, dir, out, cache string) {
	t.Helper()
	m, err := newMaker(Options{Out: out, Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.convert(context.Background(), debs, dir, lockFile(debs)); err != nil {
		t.Fatal(err)
	}
	if !m.unchanged(lockFile(debs)) || m.unchanged(lockFile(debs[1:])) {
		t.Error("the stamp does not tell what was made")
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		all[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameBytes(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	debs := sample(t, dir)
	one, two, three := filepath.Join(tmp, "1"), filepath.Join(tmp, "2"), filepath.Join(tmp, "3")
	convert(t, debs, dir, one, filepath.Join(tmp, "cache1"))
	convert(t, debs, dir, two, filepath.Join(tmp, "cache2"))
	convert(t, debs, filepath.Join(dir, "gone"), three, filepath.Join(tmp, "cache1")) // all kept: no .deb is read
	want := contents(t, one)
	if diff := cmp.Diff(want, contents(t, two)); diff != "" {
		t.Errorf("made twice, different bytes: %s", diff)
	}
	if diff := cmp.Diff(want, contents(t, three)); diff != "" {
		t.Errorf("what was kept differs from what was made: %s", diff)
	}
	for _, name := range []string{"x86_64/tool-1.0-2.x86_64.rpm", "noarch/tool-data-2.0-1.noarch.rpm", "src/toolbox-2.0-1.src.rpm",
		"noarch/redhat-rpm-config-12-1.kt12.noarch.rpm", "repodata/repomd.xml", "src/repodata/repomd.xml"} {
		if want[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestConvertedPackage(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	convert(t, sample(t, dir), dir, out, t.TempDir())
	p := readPackage(t, filepath.Join(out, "x86_64/tool-1.0-2.x86_64.rpm"))
	if got := p.Header.String(rpm.TagSourceRPM); got != "toolbox-2.0-1.src.rpm" {
		t.Errorf("the source package is %s", got)
	}
	files, err := p.Header.Files()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, fmt.Sprintf("%s %o %s %d %s", f.Path(), f.Mode, f.Group, f.Flags, f.LinkTo))
	}
	want := []string{
		"/etc/tool.conf 100600 root 17 ",
		"/usr/bin/again 120777 root 0 tool",
		"/usr/bin/tool 104755 shadow 0 ",
		"/usr/lib/libt.so 120777 root 0 /usr/lib/t.so",
		"/usr/share/doc/tool/copyright 100644 root 128 ",
		"/var/lib/tool 40700 root 0 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	names := depNames(t, p, rpm.Requires)
	for _, n := range []string{"tool-data", "setup", "filesystem"} {
		if !slices.Contains(names, n) {
			t.Errorf("it does not require %s: %v", n, names)
		}
	}
	provides := depNames(t, readPackage(t, filepath.Join(out, "noarch/tool-data-2.0-1.noarch.rpm")), rpm.Provides)
	if !slices.Contains(provides, "pkgconfig(t)") || !slices.Contains(provides, "pkgconfig(tool)") {
		t.Errorf("the data provide %v", provides)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	s := sample(t, dir)[0]
	if _, err := openDeb(filepath.Join(dir, debFile(s)), strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a .deb with another checksum: %v", err)
	}
	m, err := newMaker(Options{Out: dir, Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.convert(context.Background(), nil, dir, nil); err == nil || !strings.Contains(err.Error(), "other things") {
		t.Errorf("a directory with other things in it: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, debFile(s))); err != nil {
		t.Error("and they are gone")
	}
}

func readPackage(t *testing.T, path string) *rpm.Package {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	p, err := rpm.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func depNames(t *testing.T, p *rpm.Package, kind rpm.DepKind) []string {
	t.Helper()
	deps, err := p.Header.Deps(kind)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range deps {
		names = append(names, d.Name)
	}
	return names
}

func FuzzParseAr(f *testing.F) {
	f.Add([]byte("!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		members, err := parseAr(b)
		if err == nil {
			for _, m := range members {
				if len(m) > len(b) {
					t.Fatal("a member is larger than its archive")
				}
			}
		}
	})
}
