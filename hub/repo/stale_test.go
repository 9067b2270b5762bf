package repo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// A maker remembers what it has read. Whatever becomes of builds and tags, one
// that has seen it all makes the lists that one that has seen nothing makes.
func TestWhatIsRememberedIsNotOld(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		builds := packages(t, s, 6)
		in := make([]bool, len(builds))
		m := repo.NewMaker(d, s.Blobs)
		want := repo.Want{Tag: tag.ByID(s.Dest.ID)}
		step := func(what string, change func(ctx context.Context, tx *db.Tx) error) {
			t.Helper()
			s.Do(change)
			seen := made(t, m, want)
			anew := want
			anew.Force = true
			fresh := made(t, repo.NewMaker(d, s.Blobs), anew)
			for _, name := range []string{"pkglist", "rpmlist.jsonl", "blocklist"} {
				if a, b := read(t, s, seen.Path()+"/x86_64/"+name), read(t, s, fresh.Path()+"/x86_64/"+name); a != b {
					t.Errorf("%s: %s is\n%s\nwant\n%s", what, name, a, b)
				}
			}
			look(t, s, seen, in, builds)
		}
		put := func(i int) func(ctx context.Context, tx *db.Tx) error {
			in[i] = true
			return func(ctx context.Context, tx *db.Tx) error {
				return build.Tag(ctx, tx, s.User, builds[i], s.Dest, false)
			}
		}
		for i := range builds[:4] {
			step("tagged", put(i))
		}
		in[1] = false
		step("untagged", func(ctx context.Context, tx *db.Tx) error {
			return build.Untag(ctx, tx, s.User, builds[1], s.Dest, true, false)
		})
		step("tagged again", put(1))
		step("tag renamed", func(ctx context.Context, tx *db.Tx) error {
			err := tag.Edit(ctx, tx, s.User, tag.ByID(s.Dest.ID), tag.Change{Name: "f37"})
			s.Dest.Name = "f37"
			return err
		})
		in[2] = false
		step("package blocked", func(ctx context.Context, tx *db.Tx) error {
			return tag.NewLists(nil).Block(ctx, tx, s.User, tag.ByID(s.Dest.ID), tag.ByName(builds[2].Name), false)
		})
		if list := read(t, s, "repos/f37/latest/x86_64/blocklist"); !strings.Contains(list, builds[2].Name) {
			t.Errorf("blocklist: %q", list)
		}
		// A build that is inherited first, and then its own tag's.
		var up tag.Tag
		step("parent", func(ctx context.Context, tx *db.Tx) error {
			id, err := tag.Create(ctx, tx, s.User, tag.Config{Name: "base"})
			if err != nil {
				return err
			}
			if up, err = tag.Get(ctx, tx, tag.ByID(id), 0); err != nil {
				return err
			}
			return tag.SetParents(ctx, tx, s.User, s.Dest.ID, []tag.LinkChange{{Link: tag.Link{Parent: id}}}, false)
		})
		in[4] = true
		step("inherited", func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.User, builds[4], up, true) })
		step("own", put(4))
		// A build is thrown away, and made again with another package in it.
		step("last", put(5))
		in[5] = false
		step("reset", func(ctx context.Context, tx *db.Tx) error { return build.Reset(ctx, tx, builds[5].ID) })
		more, err := s.Inspect(buildtest.Package(t, "p0005-more", "1", "x86_64", "p0005-2.10-1.src.rpm"), "p0005-more-2.10-1.x86_64.rpm")
		if err != nil {
			t.Fatal(err)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			b, err := build.Begin(ctx, tx, build.New{Name: "p0005", Version: "2.10", Release: "1", OwnerID: s.User.ID})
			if err != nil {
				return err
			}
			if _, err := build.Attach(ctx, tx, b, more, nil); err != nil {
				return err
			}
			if b, err = build.SetState(ctx, tx, b.ID, build.Complete); err != nil {
				return err
			}
			return build.Tag(ctx, tx, s.User, b, s.Dest, false)
		})
		r := made(t, m, want)
		if list := read(t, s, r.Path()+"/x86_64/pkglist"); !strings.Contains(list, "p0005-more-2.10-1.x86_64.rpm") || strings.Contains(list, "/p0005-2.10-1.x86_64.rpm") {
			t.Errorf("the build that was made again is listed so:\n%s", list)
		}
	})
}
