package build_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

func TestImportGivesRowsAndNamesTogether(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		b := s.Complete("1")
		var names []string
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID})
			if err != nil || len(rpms) != 2 {
				t.Errorf("%d rpms, %v", len(rpms), err)
			}
			nodes, err := file.Walk(ctx, tx, "packages")
			for _, n := range nodes {
				names = append(names, n.Path())
			}
			return err
		})
		want := []string{
			"packages/hello/2.10/1/src/hello-2.10-1.src.rpm",
			"packages/hello/2.10/1/x86_64/hello-2.10-1.x86_64.rpm",
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBadPackagesAreRefused(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		good := buildtest.Package(t, "hello", "1", "x86_64", "hello-2.10-1.src.rpm")
		const name = "hello-2.10-1.x86_64.rpm"
		flipped := bytes.Clone(good)
		flipped[len(flipped)-3] ^= 0x40
		for _, c := range []struct {
			what, name, want string
			data             []byte
		}{
			{"truncated", name, "sound", good[:len(good)-10]},
			{"a bit flipped", name, "sound", flipped},
			{"something behind it", name, "sound", append(bytes.Clone(good), "x"...)},
			{"no RPM", name, "sound", []byte("hello")},
			{"empty", name, "sound", nil},
			{"called otherwise", "hallo-2.10-1.x86_64.rpm", "expected hello-2.10-1.x86_64.rpm", good},
		} {
			if _, err := s.Inspect(c.data, c.name); !kura.Is(err, kura.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.what, err)
			}
		}
		b, err := s.Begin("1")
		if err != nil {
			t.Fatal(err)
		}
		alien, err := s.Inspect(buildtest.Package(t, "hello", "1", "x86_64", "other-1-1.src.rpm"), name)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Try(func(ctx context.Context, tx *db.Tx) error { _, err := build.Attach(ctx, tx, b, alien, nil); return err })
		if !kura.Is(err, kura.Invalid) {
			t.Errorf("a package of another source: %v", err)
		}
	})
}

func TestNumbersAreUsedOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		s.Complete("1")
		if _, err := s.Begin("1"); !kura.Is(err, kura.Build) {
			t.Errorf("a complete build began again: %v", err)
		}
		c, err := s.Begin("2")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Begin("2"); !kura.Is(err, kura.Build) {
			t.Errorf("a running build began again: %v", err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.SetState(ctx, tx, c.ID, build.Failed)
			return err
		})
		again, err := s.Begin("2")
		if err != nil || again.ID != c.ID || again.State != build.Building {
			t.Errorf("a failed build's number: %+v %v", again, err)
		}
		for _, bad := range []string{"../1", "1\n", "1/2", "", "-1"} {
			if _, err := s.Begin(bad); !kura.Is(err, kura.Invalid) {
				t.Errorf("release %q: %v", bad, err)
			}
		}
	})
}

func TestTagging(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		one, two := s.Complete("1"), s.Complete("2")
		put := func(b *build.Build, force bool) error {
			return s.Try(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.User, b, s.Dest, force) })
		}
		latest := func() (out []string) {
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				l, err := build.ListTagged(ctx, tx, build.TaggedQuery{Tag: tag.ByName("f36"), Latest: 1})
				for _, b := range l {
					out = append(out, b.NVR())
				}
				return err
			})
			return out
		}
		for _, b := range []*build.Build{one, two} {
			if err := put(b, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(one, false); !kura.Is(err, kura.Tag) || !strings.Contains(err.Error(), "already tagged") {
			t.Errorf("tagged twice: %v", err)
		}
		if diff := cmp.Diff([]string{"hello-2.10-2"}, latest()); diff != "" {
			t.Error(diff)
		}
		// latest is last tagged, not highest
		if err := put(one, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"hello-2.10-1"}, latest()); diff != "" {
			t.Error(diff)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			return build.Untag(ctx, tx, s.User, one, s.Dest, true, false)
		})
		if diff := cmp.Diff([]string{"hello-2.10-2"}, latest()); diff != "" {
			t.Error(diff)
		}
		err := s.Try(func(ctx context.Context, tx *db.Tx) error {
			return build.Untag(ctx, tx, s.User, one, s.Dest, true, false)
		})
		if !kura.Is(err, kura.Tag) {
			t.Errorf("untagged twice: %v", err)
		}
		err = s.Try(func(ctx context.Context, tx *db.Tx) error { return build.Delete(ctx, tx, two.ID, 0) })
		if !kura.Is(err, kura.Conflict) {
			t.Errorf("a tagged build was deleted: %v", err)
		}
	})
}

func TestRootsShareTheirSets(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		b := s.Complete("1")
		parts := []build.Component{
			{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64"},
			{Name: "glibc", Version: "2.36", Release: "9", Arch: "x86_64", SigMD5: strings.Repeat("a", 32), ExternalRepoID: 7},
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Arches: []string{"x86_64"}})
			parts[0].SigMD5 = rpms[0].PayloadHash
			return err
		})
		record := func(p []build.Component) (id int64, err error) {
			err = s.Try(func(ctx context.Context, tx *db.Tx) error {
				id, err = build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", Packages: p})
				return err
			})
			return id, err
		}
		var sets []int64
		for range 2 {
			id, err := record(parts)
			if err != nil {
				t.Fatal(err)
			}
			s.Do(func(ctx context.Context, tx *db.Tx) error {
				r, err := build.GetBuildroot(ctx, tx, id)
				sets = append(sets, *r.SetID)
				return err
			})
		}
		if sets[0] != sets[1] {
			t.Errorf("the same packages make sets %v", sets)
		}
		forged := strings.Repeat("b", 32)
		if _, err := record([]build.Component{{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64", SigMD5: forged}}); !kura.Is(err, kura.Invalid) {
			t.Errorf("a package with other contents: %v", err)
		}
		if _, err := record([]build.Component{{Name: "none", Version: "1", Release: "1", Arch: "x86_64", SigMD5: forged}}); !kura.Is(err, kura.Invalid) {
			t.Errorf("a package that no build has: %v", err)
		}
	})
}
