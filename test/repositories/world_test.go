package repositories

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kura-build/kura/format/createrepo"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/test/rpmset"
)

// theirs makes a repository as createrepo_c does; Debian's knows no zstd.
func theirs(t *testing.T, packages string, more ...string) string {
	t.Helper()
	out := place(t, packages)
	run(t, "createrepo_c", append([]string{"-q", "--no-database", out}, more...)...)
	return out
}

// ours makes a repository of the same packages.
func ours(t *testing.T, packages string, o createrepo.Options) string {
	t.Helper()
	out := place(t, packages)
	o.Warn = func(path string, err error) { t.Errorf("%s: %v", path, err) }
	if _, err := createrepo.Run(context.Background(), out, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// place is a new directory in which the packages stand.
func place(t *testing.T, packages string) string {
	t.Helper()
	out := t.TempDir()
	if err := os.Symlink(packages, filepath.Join(out, "Packages")); err != nil {
		t.Fatal(err)
	}
	return out
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// real gives a directory with the real packages that the readers are tested with.
func real(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../format/rpm/testdata/packages")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var set = struct {
	once sync.Once
	dir  string
	err  error
}{}

// many is how many packages the synthetic set has.
const many = 1000

// synthetic gives a directory with a set of packages.
func synthetic(t *testing.T) string {
	t.Helper()
	set.once.Do(func() {
		if set.dir, set.err = os.MkdirTemp("", "kura-rpmset-"); set.err == nil {
			_, set.err = rpmset.Make(context.Background(), set.dir, many, 1)
		}
	})
	if set.err != nil {
		t.Fatal(set.err)
	}
	return set.dir
}

func TestMain(m *testing.M) {
	status := m.Run()
	if set.dir != "" {
		_ = os.RemoveAll(set.dir)
	}
	os.Exit(status)
}

// ways are how ours are written.
var ways = map[string]createrepo.Options{
	"zstd":    {Compression: repomd.Zstd},
	"gzip":    {Compression: repomd.Gzip, SimpleNames: true},
	"private": {Compression: repomd.Zstd, Private: true},
}
