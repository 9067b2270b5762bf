package rpm

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func content(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func ptr[T any](v T) *T { return &v }

// sample is a package that uses most of what a package can hold. Its scripts
// have no program, so that it installs into an empty root.
func sample() *Build {
	return &Build{
		Name: "sample", Version: "1.0~rc1", Release: "2.kura", Epoch: ptr[uint32](3), Arch: "x86_64",
		Summary: "A sample", Description: "It is\na sample.", License: "MIT", URL: "https://sample.example/",
		Vendor: "Example", Packager: "Pack", BuildTime: 1700000000, SourceRPM: "sample-1.0~rc1-2.kura.src.rpm",
		Provides: []Dep{{"sample(x86-64)", SenseEqual, "3:1.0~rc1-2.kura"}, {"config(sample)", SenseEqual, "1"}},
		Requires: []Dep{{"/bin/sh", SensePre | SenseInterp, ""}, {"libc.so.6()(64bit)", SenseFindRequires, ""},
			{"(foo >= 1 with foo < 2)", 0, ""}, {"bar", SenseGreater | SenseEqual, "1:2-3"}},
		Recommends: []Dep{{"doc", 0, ""}}, Obsoletes: []Dep{{"old", SenseLess, "1"}}, Conflicts: []Dep{{"enemy", 0, ""}},
		PostIn:       &Script{Body: "echo hello\n"},
		PreUn:        &Script{Prog: []string{"/bin/true"}},
		FileTriggers: []FileTrigger{{Trans: true, On: SenseTriggerIn, Prefixes: []string{"/usr/lib", "/usr/lib64"}, Priority: 2000000, Script: Script{Body: "/sbin/ldconfig\n"}}},
		Changelog:    []Change{{1700000000, "A <a@example.org> - 3:1.0-2", "- second"}, {1600000000, "A <a@example.org> - 3:1.0-1", "- first"}},
		Files: []File{
			{Path: "/usr/share/sample", Mode: ModeDir | 0o755, MTime: 1600000000},
			{Path: "/usr/share/sample/data", Mode: 0o644, MTime: 1600000000, Size: 5, Open: content("data\n")},
			{Path: "/usr/share/sample/empty", Mode: 0o644, MTime: 1600000000},
			{Path: "/usr/share/sample/link", LinkTo: "data", Mode: 0o777, MTime: 1600000000},
			{Path: "/usr/bin/sample", Mode: 0o755, MTime: 1600000000, Size: 10, Open: content("#!/bin/sh\n")},
			{Path: "/etc/sample.conf", Mode: 0o640, MTime: 1600000000, Size: 3, Open: content("a=1"), Flags: FileConfig | FileNoReplace},
			{Path: "/var/log/sample", Mode: 0o644, MTime: 1600000000, Flags: FileGhost},
		},
	}
}

// encode writes a package into memory.
func encode(t testing.TB, b *Build) []byte {
	t.Helper()
	var buf bytes.Buffer
	n, err := b.WriteTo(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(buf.Len()) {
		t.Fatalf("WriteTo says %d bytes and wrote %d", n, buf.Len())
	}
	return buf.Bytes()
}

// oracle runs one of rpm's own tools, with one database for the whole test: the
// parent of what TempDir gives goes away with it.
func oracle(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, append([]string{"--dbpath", filepath.Join(filepath.Dir(t.TempDir()), "rpmdb")}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestBuiltPackageIsReadAndInstalledByRPM(t *testing.T) {
	for _, compression := range []string{"gzip", "zstd", "none"} {
		t.Run(compression, func(t *testing.T) {
			b := sample()
			b.Compression = compression
			b.Requires = []Dep{{"(foo >= 1 with foo < 2)", 0, ""}}
			b.PostIn = &Script{Prog: []string{"<lua>"}, Body: `io.open("/ran", "w"):close()`}
			b.PreUn = nil
			b.FileTriggers = nil
			dir := t.TempDir()
			file := filepath.Join(dir, b.FileName())
			if err := os.WriteFile(file, encode(t, b), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := oracle(t, "rpmkeys", "--checksig", "-v", file); strings.Contains(got, "BAD") || !strings.Contains(got, "Payload SHA256 digest: OK") {
				t.Errorf("rpmkeys --checksig says\n%s", got)
			}
			root := filepath.Join(dir, "root")
			oracle(t, "rpm", "--root", root, "-i", "--nodeps", "--nosignature", file)
			got, err := os.ReadFile(filepath.Join(root, "usr/share/sample/link"))
			if err != nil || string(got) != "data\n" {
				t.Errorf("installed file through its link: %q, %v", got, err)
			}
			if _, err := os.Stat(filepath.Join(root, "ran")); err != nil {
				t.Errorf("the script after installation did not run: %v", err)
			}
			if got := oracle(t, "rpm", "--root", root, "-V", "--nodeps", "sample"); strings.TrimSpace(strings.ReplaceAll(got, "missing   g /var/log/sample", "")) != "" {
				t.Errorf("rpm -V finds differences:\n%s", got)
			}
		})
	}
}

func TestBuiltPackageShowsWhatWasAsked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sample.rpm")
	if err := os.WriteFile(file, encode(t, sample()), 0o644); err != nil {
		t.Fatal(err)
	}
	query := "%{nevra} %{size} %{sourcerpm}\n[%{requirenevrs}\n][%{requirename}:%{requireflags:depflags}:%{requireflags:deptype}\n][%{filenames} %{filemodes:perms} %{fileusername} %{filesizes} %{fileflags:fflags}\n]%{postin} %{postinprog} %{preunprog}\n[%{transfiletriggerconds} %{transfiletriggertype} %{transfiletriggerpriorities}\n]"
	got := oracle(t, "rpm", "-qp", "--nosignature", "--qf", query, file)
	for _, want := range []string{
		"sample-3:1.0~rc1-2.kura.x86_64 22 sample-1.0~rc1-2.kura.src.rpm",
		"bar >= 1:2-3", "/bin/sh::pre,interp", "rpmlib(RichDependencies) <= 4.12.0-1", "rpmlib(TildeInVersions)",
		"/etc/sample.conf -rw-r----- root 3 cn", "/usr/share/sample/link lrwxrwxrwx root 4", "/var/log/sample -rw-r--r-- root 0 g",
		"echo hello\n /bin/sh /bin/true", "/usr/lib",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in rpm's view:\n%s", want, got)
		}
	}
}

func TestBuildIsReproducible(t *testing.T) {
	a, b := sample(), sample()
	b.Files[0], b.Files[3] = b.Files[3], b.Files[0]
	if !bytes.Equal(encode(t, a), encode(t, b)) {
		t.Error("the same package in another order of files has other bytes")
	}
}

func TestBuildSpoolsLargePayloads(t *testing.T) {
	b := sample()
	b.Compression, b.TempDir = "none", t.TempDir()
	big := strings.Repeat("0123456789abcdef", spoolInMemory/16)
	b.Files = append(b.Files, File{Path: "/big", Size: int64(len(big)), Open: content(big)})
	if got := encode(t, b); !bytes.Contains(got, []byte(big)) {
		t.Error("the large file is not in the package")
	}
	if left, _ := os.ReadDir(b.TempDir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Build){
		"package name":    func(b *Build) { b.Name = "../x" },
		"version":         func(b *Build) { b.Version = "1-2" },
		"absolute":        func(b *Build) { b.Files[0].Path = "/a/../b" },
		"there twice":     func(b *Build) { b.Files = append(b.Files, b.Files[0]) },
		"were announced":  func(b *Build) { b.Files[1].Size = 6 },
		"more than the 4": func(b *Build) { b.Files[1].Size = 4 },
		"not 00":          func(b *Build) { b.Files[1].Digest = "00" },
		"no such file": func(b *Build) {
			b.Files[1].Open = func() (io.ReadCloser, error) { return nil, fmt.Errorf("no such file") }
		},
		"is not one of":     func(b *Build) { b.Compression = "rar" },
		"base name":         func(b *Build) { b.Source, b.SourceRPM = true, "" },
		"no source package": func(b *Build) { b.Source = true },
	} {
		b := sample()
		spoil(b)
		if _, err := b.WriteTo(io.Discard); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}
