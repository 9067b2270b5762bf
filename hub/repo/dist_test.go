package repo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// Which copy of a package stands in a repository is said by its signatures, in
// the order of the keys.
func TestDistCopies(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newDistSite(t, d)
		s.built("a", "1", binary{name: "a.x86_64"}, binary{name: "b.x86_64"}, binary{name: "c.noarch"}, binary{name: "d.x86_64"})
		s.signed("a-1.x86_64", "feedbeef", true)
		s.signed("a-1.x86_64", "cafecafe", true)
		s.signed("b-1.x86_64", "cafecafe", true)
		s.signed("c-1.noarch", "feedbeef", false)
		s.signed("c-1.noarch", "cafecafe", true)
		keys := []string{"FEEDBEEF", "00112233cafecafe"}
		keyOf := func(o repo.DistOpts) (string, error) {
			o.Arch = []string{"x86_64"}
			r, err := s.dist(keys, o)
			if err != nil {
				return "", err
			}
			var out []string
			for line := range strings.Lines(read(t, s.Site, r.Path()+"/x86_64/rpmlist.jsonl")) {
				_, rest, _ := strings.Cut(line, `"nvra":"`)
				_, key, _ := strings.Cut(line, `"sigkey":"`)
				out = append(out, rest[:1]+":"+key[:strings.IndexByte(key, '"')])
			}
			return strings.Join(out, " "), nil
		}
		for _, v := range []struct {
			what    string
			opts    repo.DistOpts
			want    string
			missing string
			written string
		}{
			{"all are wanted signed", repo.DistOpts{WriteSignedRPMs: true}, "", "d-1-1.x86_64", ""},
			{"a copy was not made", repo.DistOpts{SkipMissingSignatures: true}, "", "packages/a/1/1/data/signed/feedbeef/noarch/c-1-1.noarch.rpm", ""},
			{"nor is it taken unsigned", repo.DistOpts{AllowMissingSignatures: true}, "", "packages/a/1/1/data/signed/feedbeef/noarch/c-1-1.noarch.rpm", ""},
			{"it is made, and nothing else", repo.DistOpts{SkipMissingSignatures: true, WriteSignedRPMs: true}, "a:feedbeef b:cafecafe c:feedbeef", "", "c-1.noarch feedbeef"},
			{"and not again", repo.DistOpts{AllowMissingSignatures: true, WriteSignedRPMs: true}, "a:feedbeef b:cafecafe c:feedbeef d:", "", ""},
		} {
			s.written = nil
			got, err := keyOf(v.opts)
			var m *repo.Missing
			list := ""
			if errors.As(err, &m) && kura.Is(err, kura.Conflict) {
				list = strings.Join(m.List, " ")
				if !strings.Contains(m.Text(), list) || !strings.Contains(err.Error(), m.Log) {
					t.Errorf("%s: %v\n%s", v.what, err, m.Text())
				}
			} else if err != nil {
				t.Errorf("%s: %v", v.what, err)
			}
			if diff := cmp.Diff([]string{v.want, v.missing, v.written}, []string{got, list, strings.Join(s.written, " ")}); diff != "" {
				t.Error(v.what, diff)
			}
		}
		keys = nil
		if _, err := keyOf(repo.DistOpts{}); !errors.As(err, new(*repo.Missing)) {
			t.Errorf("no keys, and unsigned packages are not allowed: %v", err)
		}
	})
}

// Architectures are Koji's families; noarch packages stand in each, sources in
// their own.
func TestDistArchitectures(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newDistSite(t, d)
		var all []binary
		for _, a := range []string{"i386", "i686", "athlon", "x86_64", "ppc64", "ppc64p7", "ppc64le", "aarch64", "armv7hl", "noarch"} {
			all = append(all, binary{name: "p-" + strings.ReplaceAll(a, "_", "") + "." + a})
		}
		all = append(all, binary{name: "p-debuginfo.x86_64"})
		s.built("p", "1", all...)
		opts := repo.DistOpts{
			Arch: []string{"i686", "i386", "x86_64", "ppc64", "ppc64le", "aarch64", "armhfp", "noarch", "src"}, AllowMissingSignatures: true, SplitDebuginfo: true,
		}
		r, err := s.dist(nil, opts)
		if err != nil {
			t.Fatal(err)
		}
		for dir, want := range map[string]string{
			"i386": "p-athlon-1.athlon p-i386-1.i386 p-i686-1.i686 p-noarch-1.noarch", "x86_64": "p-noarch-1.noarch p-x8664-1.x86_64",
			"x86_64/debug": "p-debuginfo-1.x86_64", "ppc64": "p-noarch-1.noarch p-ppc64-1.ppc64 p-ppc64p7-1.ppc64p7", "ppc64le": "p-noarch-1.noarch p-ppc64le-1.ppc64le",
			"aarch64": "p-aarch64-1.aarch64 p-noarch-1.noarch", "armhfp": "p-armv7hl-1.armv7hl p-noarch-1.noarch", "src": "p-1.src", "aarch64/debug": "",
		} {
			if diff := cmp.Diff(want, s.holds(r, dir)); diff != "" {
				t.Error(dir, diff)
			}
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for _, dir := range []string{"noarch", "i686", "src/debug"} {
				if _, err := file.Stat(ctx, tx, r.Path()+"/"+dir+"/pkglist"); !kura.Is(err, kura.NotFound) {
					t.Errorf("%s is there: %v", dir, err)
				}
			}
			return nil
		})
		opts.Arch = nil // the tag's
		if r, err = s.dist(nil, opts); err != nil || s.holds(r, "x86_64") == "" {
			t.Error(err)
		}
		opts.Arch = []string{"noarch"}
		if _, err := s.dist(nil, opts); !kura.Is(err, kura.Invalid) {
			t.Errorf("no arches: %v", err)
		}
	})
}

func TestDistContents(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newDistSite(t, d)
		s.built("a", "1", binary{name: "a.x86_64"})
		var before int64
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			e, err := event.Last(ctx, tx, 0)
			before = e.ID
			return err
		})
		s.built("a", "2", binary{name: "a.x86_64"})
		s.built("blocked", "1", binary{name: "blocked.x86_64"})
		child := s.Dest
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			if err := tag.NewLists(nil).Block(ctx, tx, s.User, tag.ByID(child.ID), tag.ByName("blocked"), false); err != nil {
				return err
			}
			id, err := tag.Create(ctx, tx, s.User, tag.Config{Name: "f36-base"})
			if err != nil {
				return err
			}
			return tag.SetParents(ctx, tx, s.User, child.ID, []tag.LinkChange{{Link: tag.Link{Parent: id}}}, false)
		})
		s.Do(func(ctx context.Context, tx *db.Tx) (err error) {
			s.Dest, err = tag.Get(ctx, tx, tag.ByName("f36-base"), 0)
			return err
		})
		s.built("base", "1", binary{name: "base.x86_64"})
		s.Dest = child
		no := false
		comps := s.upload("<comps><group><id>core</id><name>Core</name></group></comps>")
		for _, v := range []struct {
			what string
			opts repo.DistOpts
			want string
		}{
			{"latest", repo.DistOpts{}, "a-2.x86_64 base-1.x86_64"},
			{"--non-latest", repo.DistOpts{Latest: &no}, "a-1.x86_64 a-2.x86_64 base-1.x86_64"},
			{"--noinherit", repo.DistOpts{Inherit: &no}, "a-2.x86_64"},
			{"--event", repo.DistOpts{Event: before}, "a-1.x86_64"},
			{"--comps", repo.DistOpts{Comps: comps}, "a-2.x86_64 base-1.x86_64"},
		} {
			v.opts.AllowMissingSignatures, v.opts.Arch = true, []string{"x86_64"}
			r, err := s.dist(nil, v.opts)
			if err != nil {
				t.Fatal(v.what, err)
			}
			if diff := cmp.Diff(v.want, s.holds(r, "x86_64")); diff != "" {
				t.Error(v.what, diff)
			}
			if got := read(t, s.Site, r.Path()+"/groups/comps.xml"); strings.Contains(got, "Core") != (v.opts.Comps != "") {
				t.Errorf("%s: groups %s", v.what, got)
			}
			latest := read(t, s.Site, "repos-dist/f36/latest/repo.json") == read(t, s.Site, r.Path()+"/repo.json")
			if past := v.opts.Event != 0; latest == past {
				t.Errorf("%s: latest is %v", v.what, latest)
			}
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE build SET draft = TRUE WHERE id = $1", s.rpms["a-2.x86_64"].BuildID)
			return err
		})
		if _, err := s.dist(nil, repo.DistOpts{Arch: []string{"x86_64"}, AllowMissingSignatures: true}); !kura.Is(err, kura.Conflict) || !strings.Contains(err.Error(), "Draft build: a-1-2") {
			t.Errorf("a draft: %v", err)
		}
	})
}

func TestDistRefusals(t *testing.T) {
	for what, o := range map[string]repo.DistOpts{
		"architecture": {Arch: []string{"../x"}}, "delta": {Delta: []int64{1}}, "zck": {Zck: true}, "zck_dict_dir": {ZckDictDir: "/x"},
		"both": {AllowMissingSignatures: true, SkipMissingSignatures: true},
	} {
		if err := o.Check(); !kura.Is(err, kura.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
