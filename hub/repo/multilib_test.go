package repo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/repo"
)

const multilibConf = `[runtime]
white =
black = libold
[devel]
white = tool-extra
black = libold-devel
`

// multilibSite has a library for two architectures, which needs others.
func multilibSite(t *testing.T, d *db.DB) *distSite {
	s := newDistSite(t, d)
	s.built("libfoo", "1",
		binary{"libfoo.x86_64", []string{"/usr/lib64/libfoo.so.1"}, nil},
		binary{"libfoo.i686", []string{"/usr/lib/libfoo.so.1"}, []string{"dep", "/usr/bin/tool", "data"}},
		binary{name: "libfoo-devel.x86_64"}, binary{name: "libfoo-devel.i686", requires: []string{"libfoo"}},
		binary{name: "libfoo-debuginfo.x86_64", files: []string{"/usr/lib/debug/usr/lib64/libfoo.so.1.debug"}},
		binary{name: "libfoo-debuginfo.i686"})
	s.built("dep", "1", binary{name: "dep.x86_64"}, binary{name: "dep.i686"}, binary{name: "data.noarch", requires: []string{"far"}})
	s.built("far", "1", binary{name: "far.x86_64"}, binary{name: "far.i686"})
	s.built("tool", "1",
		binary{name: "tool.x86_64", files: []string{"/usr/bin/tool"}}, binary{name: "tool.i686", files: []string{"/usr/bin/tool"}},
		binary{name: "tool-extra.x86_64"}, binary{name: "tool-extra.i686"})
	s.built("app", "1", binary{name: "app.x86_64", files: []string{"/usr/bin/app"}}, binary{name: "app.i686", files: []string{"/usr/bin/app"}})
	s.built("libold", "1",
		binary{name: "libold.x86_64", files: []string{"/usr/lib64/libold.so.1"}}, binary{name: "libold.i686"},
		binary{name: "libold-devel.x86_64"}, binary{name: "libold-devel.i686"})
	return s
}

func TestMultilib(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := multilibSite(t, d)
		opts := repo.DistOpts{Arch: []string{"x86_64", "i686", "aarch64", "src"}, AllowMissingSignatures: true, Multilib: s.upload(multilibConf)}
		r, err := s.dist(nil, opts)
		if err != nil {
			t.Fatal(err)
		}
		const alone = "app-1.x86_64 data-1.noarch dep-1.x86_64 far-1.x86_64 libfoo-1.x86_64 libfoo-debuginfo-1.x86_64 libfoo-devel-1.x86_64 " +
			"libold-1.x86_64 libold-devel-1.x86_64 tool-1.x86_64 tool-extra-1.x86_64"
		i686 := strings.ReplaceAll(alone, "x86_64", "i686")
		for dir, want := range map[string]string{
			"x86_64": "app-1.x86_64 data-1.noarch dep-1.i686 dep-1.x86_64 far-1.i686 far-1.x86_64 libfoo-1.i686 libfoo-1.x86_64 " +
				"libfoo-debuginfo-1.x86_64 libfoo-devel-1.i686 libfoo-devel-1.x86_64 " +
				"libold-1.x86_64 libold-devel-1.x86_64 tool-1.i686 tool-1.x86_64 tool-extra-1.i686 tool-extra-1.x86_64",
			"i386":    i686,
			"aarch64": "data-1.noarch",
			"src":     "app-1.src dep-1.src far-1.src libfoo-1.src libold-1.src tool-1.src",
		} {
			if diff := cmp.Diff(want, s.holds(r, dir)); diff != "" {
				t.Error(dir, diff)
			}
		}
		opts.Multilib = ""
		if r, err = s.dist(nil, opts); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alone, s.holds(r, "x86_64")); diff != "" {
			t.Error("without --multilib", diff)
		}
	})
}

// The copies of multilib packages are chosen as all others, and what is left
// out for want of a signature is missing.
func TestMultilibCopies(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := multilibSite(t, d)
		for name := range s.rpms {
			if !strings.HasPrefix(name, "app-") && name != "far-1.i686" {
				s.signed(name, "feedbeef", name == "dep-1.i686")
			}
		}
		opts := repo.DistOpts{Arch: []string{"x86_64", "i386"}, WriteSignedRPMs: true, Multilib: s.upload(multilibConf), SkipMissingSignatures: true}
		_, err := s.dist([]string{"feedbeef"}, opts)
		var missing *repo.Missing
		if !errors.As(err, &missing) || missing.Log != "missing_multilib.log" {
			t.Fatalf("a dependency is left out: %v", err)
		}
		if diff := cmp.Diff([]string{"data-1-1.noarch requires far"}, missing.List); diff != "" {
			t.Error(diff)
		}
		s.signed("far-1.i686", "feedbeef", false)
		r, err := s.dist([]string{"feedbeef"}, opts)
		if err != nil {
			t.Fatal(err)
		}
		list := read(t, s.Site, r.Path()+"/x86_64/rpmlist.jsonl")
		if n := strings.Count(list, `"sigkey":"feedbeef"`); n != strings.Count(list, "\n") || n != 16 {
			t.Errorf("%d packages are signed\n%s", n, list)
		}
		if got := s.holds(r, "x86_64"); strings.Contains(got, "app-") || !strings.Contains(got, "dep-1.i686 dep-1.x86_64 far-1.i686") {
			t.Error(got)
		}
	})
}

func TestMultilibRefusals(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := multilibSite(t, d)
		opts := repo.DistOpts{Arch: []string{"x86_64", "i386"}, AllowMissingSignatures: true}
		for _, v := range []struct {
			what, conf string
			arch       []string
			kind       kura.Kind
			want       string
		}{
			{"no packages beside", multilibConf, []string{"x86_64"}, kura.Invalid, "The multilib arch (i686) must be included"},
			{"no configuration", "[runtime]\n", nil, kura.Invalid, `section [runtime] has no option "white"`},
			{"nothing uploaded", "", nil, kura.NotFound, "cli-dist-repo/none/conf"},
			{"no such package", strings.Replace(multilibConf, "tool-extra", "only64", 1), nil, kura.Conflict, "only64-1-1.i686"},
		} {
			if v.what == "no such package" {
				s.built("only64", "1", binary{name: "only64.x86_64"})
			}
			o := opts
			o.Multilib = "cli-dist-repo/none/conf"
			if v.conf != "" {
				o.Multilib = s.upload(v.conf)
			}
			if v.arch != nil {
				o.Arch = v.arch
			}
			_, err := s.dist(nil, o)
			if !kura.Is(err, v.kind) || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s: %v", v.what, err)
			}
		}
	})
}
