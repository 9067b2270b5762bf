package repodir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/repomd"
)

// publish makes an empty repository; each has other list names.
func publish(t *testing.T, dir, revision string, k Keep, comps []byte) {
	t.Helper()
	d, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	list := &repomd.List{Entries: []repomd.Entry{{Name: "a", ID: repomd.ID{revision[0]}}}, Load: func(context.Context, []int) ([]repomd.Loaded, error) {
		f := []byte("<package>" + revision + "</package>\n")
		return []repomd.Loaded{{Fragments: repomd.Fragments{Primary: f, Filelists: f, Other: f}}}, nil
	}}
	tmp, md, index, err := d.Write(t.Context(), list, repomd.Options{Compression: repomd.Zstd, Revision: revision, Comps: comps})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Publish(tmp, md, index, k); err != nil {
		t.Fatal(err)
	}
	if base := d.Base(d.Old()); base == nil || len(base.Entries) != 1 {
		t.Error("what was published is no base for the next")
	}
}

func listing(t *testing.T, dir string) map[string]int {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(dir, Repodata))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, f := range files {
		name := f.Name()
		if kind := ListKind(name); kind != "" {
			name = kind
		}
		if len(name) > 65 && name[64] == '-' {
			name = name[65:]
		}
		out[name]++
	}
	return out
}

func TestWhatStaysOfTheOld(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, "1", Keep{}, []byte("<comps/>"))
	if err := os.WriteFile(filepath.Join(dir, Repodata, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, Repodata, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, Repodata), 0o500); err != nil {
		t.Fatal(err)
	}
	publish(t, dir, "2", Keep{}, nil)
	want := map[string]int{"repomd.xml": 1, "sub": 1, ".kura-index": 1, "primary": 1, "filelists": 1, "other": 1, "notes.txt": 1}
	if diff := cmp.Diff(want, listing(t, dir)); diff != "" {
		t.Errorf("what repomd.xml named goes, what is somebody else's stays\n%s", diff)
	}
	for i, c := range []struct {
		k    Keep
		want int
	}{{Keep{Generations: 1}, 2}, {Keep{Generations: 2}, 3}, {Keep{Generations: 2}, 3}, {Keep{Age: time.Hour}, 4}, {Keep{}, 1}} {
		publish(t, dir, string(rune('a'+i)), c.k, nil)
		if got := listing(t, dir)["primary"]; got != c.want {
			t.Errorf("%+v: %d generations, want %d", c.k, got, c.want)
		}
	}
}

func TestLockWaits(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, TmpPrefix+"left"), 0o755); err != nil {
		t.Fatal(err)
	}
	one, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, TmpPrefix+"*")); len(left) > 0 {
		t.Errorf("what a killed run left is still there: %v", left)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second lock: %v", err)
	}
	one.Close()
	two, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	two.Close()
	if _, err := Lock(t.Context(), dir+"/none"); err == nil {
		t.Error("a directory that is not there is locked")
	}
}

func TestListKind(t *testing.T) {
	sum := string(slices.Repeat([]byte("a"), 64))
	for name, want := range map[string]string{
		"primary.xml.gz": "primary", sum + "-filelists.xml.zst": "filelists", sum + "-other.sqlite.bz2": "other",
		"comps.xml": "", sum + "-updateinfo.xml.gz": "", "x-primary.xml": "", "primaryx.xml": "",
	} {
		if got := ListKind(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
