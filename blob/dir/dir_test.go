package dir_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/blobtest"
	"github.com/kura-build/kura/blob/dir"
	"golang.org/x/sys/unix"
)

func open(t testing.TB, root string) *dir.Store {
	t.Helper()
	s, err := dir.New(root, dir.MinFree(0))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func path(root string, sum blob.Sum) string {
	hex := sum.String()
	return filepath.Join(root, hex[:2], hex[2:4], hex)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func residue(t *testing.T, root string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "tmp"))
	must(t, err)
	return len(entries)
}

func TestContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Bench {
		root := filepath.Join(t.TempDir(), "not", "there", "yet")
		s := open(t, root)
		return blobtest.Bench{
			Store: s,
			Age: func(t *testing.T, sum blob.Sum, age time.Duration) {
				then := time.Now().Add(-age)
				must(t, os.Chtimes(path(root, sum), then, then))
			},
			Damage: func(t *testing.T, sum blob.Sum, data []byte) {
				must(t, os.Remove(path(root, sum)))
				must(t, os.WriteFile(path(root, sum), data, 0o444))
			},
			Stray: func(t *testing.T) {
				lost := blob.SumOf([]byte("lost"))
				must(t, os.MkdirAll(filepath.Join(root, "aa", "bb"), 0o755))
				must(t, os.WriteFile(filepath.Join(root, "README"), nil, 0o644))
				must(t, os.WriteFile(filepath.Join(root, "aa", "note"), nil, 0o644))
				must(t, os.WriteFile(filepath.Join(root, "aa", "bb", "note"), nil, 0o644))
				must(t, os.WriteFile(filepath.Join(root, "aa", "bb", lost.String()), nil, 0o644))
			},
			Residue: func(t *testing.T) int { return residue(t, root) },
		}
	})
}

func TestModesWhateverTheUmask(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	old := unix.Umask(0o777)
	defer unix.Umask(old)
	info, err := open(t, root).Put(t.Context(), bytes.NewReader([]byte("x")), nil)
	must(t, err)
	file := path(root, info.Sum)
	for name, want := range map[string]fs.FileMode{
		root: 0o750, filepath.Dir(file): 0o755, filepath.Dir(filepath.Dir(file)): 0o755, file: 0o444,
	} {
		fi, err := os.Stat(name)
		must(t, err)
		if got := fi.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
}

// What a crash leaves goes at the next start; what another process may still
// be writing, and what is not ours, stays.
func TestLeftoversOfACrash(t *testing.T) {
	root := t.TempDir()
	open(t, root)
	old := time.Now().Add(-61 * time.Minute)
	for name, mtime := range map[string]time.Time{"in-old": old, "in-new": time.Now(), "foreign": old} {
		p := filepath.Join(root, "tmp", name)
		must(t, os.WriteFile(p, []byte("half"), 0o600))
		must(t, os.Chtimes(p, mtime, mtime))
	}
	open(t, root)
	for name, want := range map[string]bool{"in-old": false, "in-new": true, "foreign": true} {
		_, err := os.Stat(filepath.Join(root, "tmp", name))
		if got := err == nil; got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
}

// Content that is deleted while it is read is read to its end.
func TestDeleteWhileReading(t *testing.T) {
	s := open(t, t.TempDir())
	data := blobtest.Data(1, 300_000)
	info, err := s.Put(t.Context(), bytes.NewReader(data), nil)
	must(t, err)
	r, err := s.Open(t.Context(), info.Sum)
	must(t, err)
	defer r.Close()
	must(t, s.Delete(t.Context(), info.Sum))
	got := make([]byte, len(data))
	if _, err := r.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("reading deleted content: %v", err)
	}
}
