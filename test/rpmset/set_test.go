package rpmset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/rpm"
)

func TestSetsOfOneSeedAreEqual(t *testing.T) {
	var all [2]map[string]string
	for i := range all {
		dir := t.TempDir()
		paths, err := Make(t.Context(), dir, 50, 7)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = map[string]string{}
		for _, p := range paths {
			b, err := os.ReadFile(filepath.Join(dir, p))
			if err != nil {
				t.Fatal(err)
			}
			all[i][p] = string(b)
		}
	}
	if len(all[0]) != 50 {
		t.Errorf("%d packages", len(all[0]))
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Error("two sets of one seed differ")
	}
}

func TestWhatIsRequiredIsThere(t *testing.T) {
	s := newSet(3, 600)
	names := map[string]bool{}
	var all []*rpm.Build
	for id := range 200 {
		for _, b := range s.family(id) {
			names[b.Name] = true
			all = append(all, b)
		}
	}
	for _, b := range all {
		for _, d := range b.Requires {
			if !names[d.Name] {
				t.Errorf("%s requires %s, which is not there", b.Name, d.Name)
			}
		}
	}
}
