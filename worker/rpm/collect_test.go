package rpm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/protocol"
)

// Only regular files with names of packages come out of a build.
func TestCollectTakesOnlyPackages(t *testing.T) {
	s := newShop(t)
	k, err := s.b.begin("collect", protocol.Root{Arch: hostArch}, protocol.Limits{}, s.desk)
	s.must(err)
	defer k.close()
	secret := filepath.Join(t.TempDir(), "secret.rpm")
	s.must(os.WriteFile(secret, []byte("secret"), 0o600))
	rpms := filepath.Join(k.home, "build/RPMS")
	s.must(os.WriteFile(filepath.Join(rpms, "a-1-1.noarch.rpm"), []byte("A"), 0o644))
	s.must(os.Mkdir(filepath.Join(rpms, "x86_64"), 0o755))
	s.must(os.WriteFile(filepath.Join(rpms, "x86_64", "b-1-1.x86_64.rpm"), []byte("B"), 0o644))
	s.must(os.WriteFile(filepath.Join(rpms, "notes.txt"), []byte("x"), 0o644))
	s.must(os.WriteFile(filepath.Join(rpms, ".hidden\n.rpm"), []byte("x"), 0o644))
	s.must(os.Symlink(secret, filepath.Join(rpms, "link-1-1.noarch.rpm")))
	s.must(os.Symlink("/etc", filepath.Join(rpms, "dir")))
	s.must(unix.Mkfifo(filepath.Join(rpms, "pipe-1-1.noarch.rpm"), 0o644))
	s.must(unix.Mknod(filepath.Join(rpms, "node-1-1.noarch.rpm"), unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))))
	out := t.TempDir()
	names, err := k.collect("RPMS", out)
	s.must(err)
	if diff := cmp.Diff([]string{"a-1-1.noarch.rpm", "b-1-1.x86_64.rpm"}, names); diff != "" {
		t.Error(diff)
	}
	// A link in place of the directory is not followed either.
	s.must(os.RemoveAll(rpms))
	s.must(os.Symlink(filepath.Dir(secret), rpms))
	if names, err := k.collect("RPMS", out); err != nil || len(names) != 0 {
		t.Errorf("got %v, %v", names, err)
	}
}

func TestMacrosAreOneLineEach(t *testing.T) {
	s := newShop(t)
	order := protocol.Root{Arch: hostArch, Tag: "t", Macros: map[string]string{"%dist": ".fc99", "two": "a\nb", "_topdir": "/elsewhere"}}
	k, err := s.b.begin("macros", order, protocol.Limits{}, s.desk)
	s.must(err)
	defer k.close()
	s.must(k.writeMacros())
	text, err := os.ReadFile(filepath.Join(k.home, ".rpmmacros"))
	s.must(err)
	for _, want := range []string{"%dist .fc99\n", "%two a\\\nb\n", "%_topdir /builddir/build\n", "%_rpmfilename %%{NAME}-"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	k.order.Macros = map[string]string{"a b": "x"}
	if err := k.writeMacros(); err == nil {
		t.Error("a macro with a blank in its name was taken")
	}
}

func TestTransactionsWithLongNames(t *testing.T) {
	text := `Dependencies resolved.
================================================================================
 Package   Arch   Version   Repository   Size
================================================================================
Installing:
 a-package-whose-name-is-so-long-that-it-takes-a-line-for-itself
           noarch 1:2.0-1   ours        1.2 k
     replacing  old.noarch 1-1
 b         x86_64 3-1       @commandline 12
Removing dependent packages:
 c         noarch 4:1-1     @System        1

Transaction Summary
================================================================================
Install  2 Packages
`
	got := parseTransaction(text)
	want := transaction{install: []row{
		{"a-package-whose-name-is-so-long-that-it-takes-a-line-for-itself", "noarch", "1:2.0-1", "ours", "a-package-whose-name-is-so-long-that-it-takes-a-line-for-itself-1:2.0-1.noarch"},
		{"b", "x86_64", "3-1", "@commandline", "b-3-1.x86_64"},
	}, remove: []string{"c-1-1.noarch"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(transaction{}, row{})); diff != "" {
		t.Error(diff)
	}
}
