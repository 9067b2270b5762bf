package build_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
)

// try1 runs a function that gives a value.
func try1[T any](s *buildtest.Site, fn func(context.Context, *db.Tx) (T, error)) (v T, err error) {
	err = s.Try(func(ctx context.Context, tx *db.Tx) error {
		v, err = fn(ctx, tx)
		return err
	})
	return v, err
}

func importOne(t *testing.T, s *buildtest.Site, name, release, arch, source string) (*build.Build, error) {
	t.Helper()
	in, err := s.Inspect(buildtest.Package(t, name, release, arch, source), name+"-2.10-"+release+"."+arch+".rpm")
	if err != nil {
		t.Fatal(err)
	}
	return try1(s, func(ctx context.Context, tx *db.Tx) (*build.Build, error) {
		b, _, err := build.Import(ctx, tx, s.User, in)
		return b, err
	})
}

func TestSinglePackagesAreImported(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		if _, err := importOne(t, s, "hello-libs", "1", "x86_64", "hello-2.10-1.src.rpm"); !kura.Is(err, kura.NotFound) || !strings.Contains(err.Error(), "No such build: hello-2.10-1") {
			t.Errorf("a package without its build: %v", err)
		}
		b, err := importOne(t, s, "hello", "1", "src", "")
		if err != nil || b.State != build.Complete {
			t.Fatalf("%+v, %v", b, err)
		}
		if _, err := importOne(t, s, "hello", "1", "src", ""); !kura.Is(err, kura.Build) || !strings.Contains(err.Error(), "rpm already exists") {
			t.Errorf("imported twice: %v", err)
		}
		if _, err := importOne(t, s, "hello-libs", "1", "x86_64", "hello-2.10-1.src.rpm"); err != nil {
			t.Error(err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.SetState(ctx, tx, b.ID, build.Canceled)
			return err
		})
		if _, err := importOne(t, s, "hello-doc", "1", "noarch", "hello-2.10-1.src.rpm"); !kura.Is(err, kura.Conflict) || !strings.Contains(err.Error(), "Build is CANCELED: hello-2.10-1") {
			t.Errorf("into a cancelled build: %v", err)
		}
	})
}

func TestStoredHeadersSpeak(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		b := s.Complete("1")
		h, err := try1(s, func(ctx context.Context, tx *db.Tx) (*rpm.Header, error) {
			rpms, err := build.FindRPMs(ctx, tx, rpm.NVRA{NVR: rpm.NVR{Name: "hello", Version: "2.10", Release: "1"}, Arch: "x86_64"})
			if err != nil || len(rpms) != 1 || *rpms[0].BuildID != b.ID {
				t.Fatalf("%v, %v", rpms, err)
			}
			return build.Header(ctx, tx, rpms[0].ID)
		})
		if err != nil || h.String(rpm.TagName) != "hello" {
			t.Errorf("%v, %v", h, err)
		}
		_, err = try1(s, func(ctx context.Context, tx *db.Tx) (*rpm.Header, error) { return build.Header(ctx, tx, 99) })
		if !kura.Is(err, kura.NotFound) {
			t.Error(err)
		}
	})
}

func TestResetFreesTheNumber(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		b := s.Complete("1")
		var set int64
		parts := []build.Component{{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64"}}
		record := func() (set int64) {
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Arches: []string{"x86_64"}})
				if err != nil {
					return err
				}
				parts[0].SigMD5 = rpms[0].PayloadHash
				id, err := build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", Packages: parts})
				if err != nil {
					return err
				}
				root, err := build.GetBuildroot(ctx, tx, id)
				set = *root.SetID
				return err
			})
			return set
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.User, b, s.Dest, false) })
		set = record()
		s.Do(func(ctx context.Context, tx *db.Tx) error { return build.Reset(ctx, tx, b.ID) })
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			left, err := file.Walk(ctx, tx, "packages")
			if err != nil || len(left) > 0 {
				t.Errorf("files left: %v, %v", left, err)
			}
			return err
		})
		again := s.Complete("1")
		if again.ID != b.ID {
			t.Errorf("id %d, want %d again", again.ID, b.ID)
		}
		if record() == set {
			t.Error("a root is said to hold what was taken out of it")
		}
	})
}

func TestReferencesKeepBuilds(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		b, other := s.Complete("1"), s.Complete("2")
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Arches: []string{"x86_64"}})
			if err != nil {
				return err
			}
			_, err = build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", Packages: []build.Component{
				{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64", SigMD5: rpms[0].PayloadHash}}})
			return err
		})
		remove := func(id, idle int64) error {
			return s.Try(func(ctx context.Context, tx *db.Tx) error { return build.Delete(ctx, tx, id, idle) })
		}
		if err := remove(b.ID, 3600e6); !kura.Is(err, kura.Conflict) || !strings.Contains(err.Error(), "recent buildroot") {
			t.Errorf("deleted, though it was used just now: %v", err)
		}
		if err := remove(b.ID, -1); err != nil {
			t.Errorf("used, but for nothing that is kept: %v", err)
		}
		if err := remove(other.ID, 3600e6); err != nil {
			t.Errorf("never used: %v", err)
		}
	})
}

func TestListsAreOrderedInSQL(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		for _, release := range []string{"2", "1", "3"} {
			s.Complete(release)
		}
		open, err := s.Begin("4")
		if err != nil {
			t.Fatal(err)
		}
		releases := func(f build.Filter) string {
			t.Helper()
			got, err := try1(s, func(ctx context.Context, tx *db.Tx) ([]*build.Build, error) { return build.List(ctx, tx, f) })
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, b := range got {
				text += b.Release
			}
			return text
		}
		for want, f := range map[string]build.Filter{
			"1234": {Order: []build.By{{Field: "nvr"}}},
			"4321": {Order: []build.By{{Field: "release", Down: true}}},
			"2134": {Order: []build.By{{Field: "completion_time"}}},
			"213":  {Untagged: true, State: new(build.Complete)},
			"":     {HasTask: true},
			"4312": {Newest: true, Pattern: "HELLO-2.10-?"},
		} {
			if got := releases(f); got != want {
				t.Errorf("%+v: %s, want %s", f, got, want)
			}
		}
		_, err = try1(s, func(ctx context.Context, tx *db.Tx) ([]*build.Build, error) {
			return build.List(ctx, tx, build.Filter{Order: []build.By{{Field: "id; DROP TABLE build"}}})
		})
		if !kura.Is(err, kura.Invalid) {
			t.Error(err)
		}
		last, err := try1(s, func(ctx context.Context, tx *db.Tx) (string, error) {
			return build.LastRelease(ctx, tx, "hello", "2.10")
		})
		if err != nil || last != open.Release {
			t.Errorf("last release %q, %v", last, err)
		}
	})
}

func TestNamesAreFound(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		s.Complete("1")
		s.Complete("2")
		var builds, rpms []string
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for n, err := range build.Names(ctx, tx, "HEL*-2", 0) {
				if err != nil {
					return err
				}
				builds = append(builds, n.Name)
			}
			for n, err := range build.RPMNames(ctx, tx, "*.src.rpm", 0) {
				if err != nil {
					return err
				}
				rpms = append(rpms, n.Name)
			}
			return nil
		})
		if diff := cmp.Diff([]string{"hello-2.10-2"}, builds); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"hello-2.10-1.src.rpm", "hello-2.10-2.src.rpm"}, rpms); diff != "" {
			t.Error(diff)
		}
	})
}
