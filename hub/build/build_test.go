package build_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// site is a hub's build room with a user and a tag that lists hello.
type site struct {
	t     *testing.T
	db    *db.DB
	blobs blob.Store
	user  account.Actor
	dest  tag.Tag
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	b, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: d, blobs: b}
	s.do(func(ctx context.Context, tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "packager", account.Person)
		if err != nil {
			return err
		}
		if err := account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName("admin")); err != nil {
			return err
		}
		if s.user, err = account.Load(ctx, tx, account.ByID(u.ID)); err != nil {
			return err
		}
		arches := "x86_64"
		id, err := tag.Create(ctx, tx, s.user, tag.Config{Name: "f36", Arches: &arches})
		if err != nil {
			return err
		}
		if s.dest, err = tag.Get(ctx, tx, tag.ByID(id), 0); err != nil {
			return err
		}
		owner := account.ByID(u.ID)
		return tag.NewLists(nil).Add(ctx, tx, s.user, tag.ByName("f36"), tag.ByName("hello"), tag.Entry{Owner: &owner})
	})
	return s
}

func (s *site) try(fn func(context.Context, *db.Tx) error) error {
	ctx := context.Background()
	return s.db.Update(ctx, func(tx *db.Tx) error { return fn(ctx, tx) })
}

func (s *site) do(fn func(context.Context, *db.Tx) error) {
	s.t.Helper()
	if err := s.try(fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) store(data []byte) blob.Info {
	s.t.Helper()
	i, err := s.blobs.Put(context.Background(), bytes.NewReader(data), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

// pkg makes a package of version 2.10; its source is the SRPM that it names.
func pkg(t *testing.T, name, release, arch, source string) []byte {
	t.Helper()
	var out bytes.Buffer
	b := rpm.Build{Name: name, Version: "2.10", Release: release, Arch: arch, Summary: "s", License: "MIT", SourceRPM: source}
	if arch == "src" {
		b.Source, b.SourceRPM, b.Arch = true, "", "x86_64"
	}
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (s *site) inspect(data []byte, name string) (*build.Incoming, error) {
	return build.Inspect(context.Background(), s.blobs, s.store(data), name)
}

func (s *site) begin(release string) (b *build.Build, err error) {
	err = s.try(func(ctx context.Context, tx *db.Tx) error {
		b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: release, OwnerID: s.user.ID})
		return err
	})
	return b, err
}

// complete imports a build of hello with its source and one binary package.
func (s *site) complete(release string) *build.Build {
	s.t.Helper()
	b, err := s.begin(release)
	if err != nil {
		s.t.Fatal(err)
	}
	src := "hello-2.10-" + release + ".src.rpm"
	for _, f := range []struct{ arch, name string }{{"src", src}, {"x86_64", "hello-2.10-" + release + ".x86_64.rpm"}} {
		in, err := s.inspect(pkg(s.t, "hello", release, f.arch, src), f.name)
		if err != nil {
			s.t.Fatal(err)
		}
		s.do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.Attach(ctx, tx, b, in, nil)
			return err
		})
	}
	s.do(func(ctx context.Context, tx *db.Tx) error {
		b, err = build.SetState(ctx, tx, b.ID, build.Complete)
		return err
	})
	return b
}

func TestImportGivesRowsAndNamesTogether(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		b := s.complete("1")
		var names []string
		s.do(func(ctx context.Context, tx *db.Tx) error {
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
		s := newSite(t, d)
		good := pkg(t, "hello", "1", "x86_64", "hello-2.10-1.src.rpm")
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
			{"called otherwise", "hallo-2.10-1.x86_64.rpm", "is called", good},
		} {
			if _, err := s.inspect(c.data, c.name); !kura.Is(err, kura.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.what, err)
			}
		}
		b, err := s.begin("1")
		if err != nil {
			t.Fatal(err)
		}
		alien, err := s.inspect(pkg(t, "hello", "1", "x86_64", "other-1-1.src.rpm"), name)
		if err != nil {
			t.Fatal(err)
		}
		err = s.try(func(ctx context.Context, tx *db.Tx) error { _, err := build.Attach(ctx, tx, b, alien, nil); return err })
		if !kura.Is(err, kura.Invalid) {
			t.Errorf("a package of another source: %v", err)
		}
	})
}

func TestNumbersAreUsedOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.complete("1")
		if _, err := s.begin("1"); !kura.Is(err, kura.Build) {
			t.Errorf("a complete build began again: %v", err)
		}
		c, err := s.begin("2")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.begin("2"); !kura.Is(err, kura.Build) {
			t.Errorf("a running build began again: %v", err)
		}
		s.do(func(ctx context.Context, tx *db.Tx) error {
			_, err := build.SetState(ctx, tx, c.ID, build.Failed)
			return err
		})
		again, err := s.begin("2")
		if err != nil || again.ID != c.ID || again.State != build.Building {
			t.Errorf("a failed build's number: %+v %v", again, err)
		}
		for _, bad := range []string{"../1", "1\n", "1/2", "", "-1"} {
			if _, err := s.begin(bad); !kura.Is(err, kura.Invalid) {
				t.Errorf("release %q: %v", bad, err)
			}
		}
	})
}

func TestTagging(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		one, two := s.complete("1"), s.complete("2")
		put := func(b *build.Build, force bool) error {
			return s.try(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.user, b, s.dest, force) })
		}
		latest := func() (out []string) {
			s.do(func(ctx context.Context, tx *db.Tx) error {
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
		s.do(func(ctx context.Context, tx *db.Tx) error {
			return build.Untag(ctx, tx, s.user, one, s.dest, true, false)
		})
		if diff := cmp.Diff([]string{"hello-2.10-2"}, latest()); diff != "" {
			t.Error(diff)
		}
		err := s.try(func(ctx context.Context, tx *db.Tx) error {
			return build.Untag(ctx, tx, s.user, one, s.dest, true, false)
		})
		if !kura.Is(err, kura.Tag) {
			t.Errorf("untagged twice: %v", err)
		}
		err = s.try(func(ctx context.Context, tx *db.Tx) error { return build.Delete(ctx, tx, two.ID, 0) })
		if !kura.Is(err, kura.Conflict) {
			t.Errorf("a tagged build was deleted: %v", err)
		}
	})
}

func TestRootsShareTheirSets(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		b := s.complete("1")
		parts := []build.Component{
			{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64"},
			{Name: "glibc", Version: "2.36", Release: "9", Arch: "x86_64", SigMD5: strings.Repeat("a", 32), ExternalRepoID: 7},
		}
		s.do(func(ctx context.Context, tx *db.Tx) error {
			rpms, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Arches: []string{"x86_64"}})
			parts[0].SigMD5 = rpms[0].PayloadHash
			return err
		})
		record := func(p []build.Component) (id int64, err error) {
			err = s.try(func(ctx context.Context, tx *db.Tx) error {
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
			s.do(func(ctx context.Context, tx *db.Tx) error {
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
