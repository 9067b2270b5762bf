package rpm

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/format/rpm"
)

func sorted(list []string) []string { slices.Sort(list); return list }

func stocked(t *testing.T) *shop {
	s := newShop(t)
	s.pkg(rpm.Build{Name: "base", Requires: []rpm.Dep{{Name: "lib"}}}, "/usr/share/base", "b")
	s.pkg(rpm.Build{Name: "lib"}, "/usr/share/lib", "l")
	s.pkg(rpm.Build{Name: "tool", Provides: []rpm.Dep{{Name: "pkgconfig(tool)", Flags: rpm.SenseEqual, Version: "2.5"}}}, "/usr/share/tool", "t")
	s.pkg(rpm.Build{Name: "swap", Conflicts: []rpm.Dep{{Name: "lib"}}, Provides: []rpm.Dep{{Name: "lib", Flags: rpm.SenseEqual, Version: "1"}}}, "/usr/share/swap", "s")
	s.publish()
	return s
}

func TestARootIsMadeOnceAndShared(t *testing.T) {
	s := stocked(t)
	r, err := s.root(s.order("base"))
	s.must(err)
	if got := names(r.packages()); got != "base-1 lib-1" || r.cached {
		t.Errorf("first: %s, cached %v", got, r.cached)
	}
	for _, p := range r.packages() {
		if p.Repo != "ours" || len(p.SigMD5) != 32 {
			t.Errorf("%s is recorded as from %q with %q", p.Name, p.Repo, p.SigMD5)
		}
	}
	passwd, _ := os.ReadFile(filepath.Join(r.base.fs(), "etc/passwd"))
	if !strings.Contains(string(passwd), "mockbuild:x:1000:") {
		t.Errorf("no builder in %q", passwd)
	}
	again, err := s.root(s.order("base"))
	s.must(err)
	if !again.cached || again.base.Key != r.base.Key {
		t.Errorf("the second was made anew")
	}
	// Another list that resolves to the same packages is the same root.
	other, err := s.root(s.order("base", "lib"))
	s.must(err)
	if !other.cached || other.base.Key != r.base.Key {
		t.Errorf("the same set of packages made another root")
	}
}

func TestANewRepositoryIsSeen(t *testing.T) {
	s := stocked(t)
	_, err := s.root(s.order("base"))
	s.must(err)
	s.pkg(rpm.Build{Name: "lib", Version: "2"}, "/usr/share/lib", "l2")
	s.publish()
	r, err := s.root(s.order("base"))
	s.must(err)
	if got := names(r.packages()); got != "base-1 lib-2" {
		t.Errorf("got %s", got)
	}
}

func TestBuildRequires(t *testing.T) {
	s := stocked(t)
	r, err := s.root(s.order("base"))
	s.must(err)
	ctx := context.Background()
	for name, c := range map[string]struct {
		requires []rpm.Dep
		want     string // packages, or the sentence
	}{
		"none":                           {nil, "base-1 lib-1"},
		"met already":                    {[]rpm.Dep{{Name: "base"}}, "base-1 lib-1"},
		"by a version":                   {[]rpm.Dep{{Name: "pkgconfig(tool)", Flags: rpm.SenseGreater | rpm.SenseEqual, Version: "2"}}, "base-1 lib-1 tool-1"},
		"a rich one":                     {[]rpm.Dep{{Name: "(nosuch or tool)"}}, "base-1 lib-1 tool-1"},
		"by a file":                      {[]rpm.Dep{{Name: "/usr/share/tool"}}, "base-1 lib-1 tool-1"},
		"one that takes another's place": {[]rpm.Dep{{Name: "swap"}}, "base-1 swap-1"},
		"none has it": {[]rpm.Dep{{Name: "nosuch-devel", Flags: rpm.SenseGreater, Version: "3"}},
			"Cannot resolve the BuildRequires of hello-2.10-1: nothing provides nosuch-devel > 3 needed by hello-2.10-1.src"},
		"too old": {[]rpm.Dep{{Name: "pkgconfig(tool)", Flags: rpm.SenseGreater | rpm.SenseEqual, Version: "9"}},
			"Cannot resolve the BuildRequires of hello-2.10-1: nothing provides pkgconfig(tool) >= 9 needed by hello-2.10-1.src"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.require(ctx, "hello-2.10-1", c.requires, nil)
			var got string
			if err != nil {
				got = err.Error()
			} else {
				got = names(r.packages())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, s.desk.logs["root.log"])
			}
		})
	}
	// None of it was written into the base.
	if _, err := os.Stat(filepath.Join(r.base.fs(), "usr/share/tool")); err == nil {
		t.Error("the base was written to")
	}
}

func TestABuildGroupThatCannotBeMet(t *testing.T) {
	s := stocked(t)
	_, err := s.root(s.order("base", "nosuch"))
	if err == nil || err.Error() != "Cannot resolve the build group of tag t-build: Unable to find a match: nosuch" {
		t.Errorf("got %v", err)
	}
	_, err = s.root(s.order("base", "--installroot=/"))
	if err == nil || !strings.Contains(err.Error(), "which is no package name") {
		t.Errorf("got %v", err)
	}
}

// After a restart layers are still there; one that had not reached the disk
// before the machine went down, or was half made, is not.
func TestLayersAfterARestart(t *testing.T) {
	s := stocked(t)
	r, err := s.root(s.order("base"))
	s.must(err)
	s.b.layers.background.Wait()
	s.must(os.Mkdir(filepath.Join(s.b.layers.dir, "tmp", "layer-half"), 0o755))
	s.reopen()
	again, err := s.root(s.order("base"))
	s.must(err)
	if !again.cached {
		t.Error("the layer was lost")
	}
	if left, _ := os.ReadDir(filepath.Join(s.b.layers.dir, "tmp")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	lost := *r.base
	lost.Synced, lost.Boot = false, "another"
	s.must(writeLayer(r.base.dir, &lost))
	s.reopen()
	third, err := s.root(s.order("base"))
	s.must(err)
	if third.cached {
		t.Error("a layer that may be incomplete was used")
	}
}

func TestLayersThatNobodyUsesMakeRoom(t *testing.T) {
	s := stocked(t)
	base, err := s.root(s.order("base"))
	s.must(err)
	old, err := s.root(s.order("tool"))
	s.must(err)
	s.b.layers.background.Wait()
	old.close()
	s.b.layers.max = 1
	s.b.layers.evict()
	if _, err := os.Stat(old.base.dir); err == nil {
		t.Error("the unused layer is still there")
	}
	if _, err := os.Stat(base.base.fs()); err != nil {
		t.Error("a layer in use was thrown out")
	}
	s.b.layers.max = 1 << 40
	if again, err := s.root(s.order("tool")); err != nil || again.cached {
		t.Errorf("made again: %v, cached %v", err, again != nil && again.cached)
	}
}
