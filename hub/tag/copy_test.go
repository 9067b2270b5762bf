package tag_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

func TestCopy(t *testing.T) {
	run(t, func(w *world) {
		s := newShop(w)
		ann, bob := ptr(ref("ann")), ptr(ref("bob"))
		s.add("b", "bash", tag.Entry{Owner: ann, ExtraArches: ptr("i686")})
		s.add("a", "kernel", tag.Entry{Owner: bob})
		w.do(func(tx *db.Tx) error {
			return tag.Edit(ctx, tx, root, ref("a"), tag.Change{Arches: ptr("x86_64"), Extra: map[string]any{"k": 1}, BlockExtra: []string{"h"}})
		}, func(tx *db.Tx) error {
			return tag.AddGroup(ctx, tx, root, ref("b"), ref("build"), tag.GroupOptions{}, false, false)
		})
		early := w.do(func(tx *db.Tx) error {
			return tag.AddGroupPackage(ctx, tx, root, ref("b"), ref("build"), "gcc", tag.MemberOptions{Type: ptr("default")}, false, false)
		})
		s.add("a", "zsh", tag.Entry{Owner: ann})
		copyTo := func(to string, at int64, force bool) error {
			return w.try(func(tx *db.Tx) error {
				_, _, err := tag.Copy(ctx, tx, root, ref("a"), to, tag.CopyOptions{Config: true, Packages: true, Groups: true, At: at, Force: force})
				return err
			})
		}
		if err := copyTo("snap", early, false); err != nil {
			w.Fatal(err)
		}
		got := see(w, func(tx *db.Tx) (tag.Tag, error) { return tag.Get(ctx, tx, ref("snap"), 0) })
		want := tag.Tag{ID: got.ID, Name: "snap", Arches: ptr("x86_64"), Extra: map[string]any{"k": int64(1)}, BlockedExtra: []string{"h"}}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Error(diff)
		}
		s.ids["snap"] = got.ID
		if diff := cmp.Diff([]string{"bash snap ann i686", "kernel snap bob"}, s.all("snap")); diff != "" {
			w.Error(diff)
		}
		if diff := cmp.Diff([]string{"build: gcc;"}, w.groups(tag.GroupQuery{Tag: got.ID})); diff != "" {
			w.Error(diff)
		}
		// Copied again, over what is there.
		s.add("snap", "only-here", tag.Entry{Owner: ann})
		w.do(func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref("a"), tag.Change{Locked: ptr(true)}) })
		w.want(copyTo("snap", 0, false), kura.Conflict, "Source or destination tag is locked, use force to copy")
		if err := copyTo("snap", 0, true); err != nil {
			w.Fatal(err)
		}
		if diff := cmp.Diff([]string{"bash snap ann i686", "kernel snap bob", "only-here snap ann blocked", "zsh snap ann"}, s.all("snap")); diff != "" {
			w.Error(diff)
		}
		before := see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{got.ID}, 0) })
		if err := copyTo("snap", 0, true); err != nil {
			w.Fatal(err)
		}
		if after := see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{got.ID}, 0) }); after != before {
			w.Error("copying what is the same is a change")
		}
	})
}
