package tag_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// groups writes each group as "name: packages; groups", a ! before what is
// blocked.
func (w *world) groups(q tag.GroupQuery) (out []string) {
	w.Helper()
	q.Packages, q.Groups = true, true
	mark := map[bool]string{true: "!"}
	for _, g := range see(w, func(tx *db.Tx) ([]tag.Group, error) { return tag.Groups(ctx, tx, q) }) {
		line := mark[g.Blocked] + g.Name + ":"
		for _, p := range g.Packages {
			line += " " + mark[p.Blocked] + p.Package
		}
		line += ";"
		for _, r := range g.Groups {
			line += " " + mark[r.Blocked] + r.Name
		}
		out = append(out, line)
	}
	return out
}

func TestGroupsOverInheritance(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("child", "base")
		w.links(ids, "child>base")
		add := func(t, g string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				return tag.AddGroup(ctx, tx, root, ref(t), ref(g), tag.GroupOptions{}, false, false)
			}
		}
		pkg := func(t, g, p string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				return tag.AddGroupPackage(ctx, tx, root, ref(t), ref(g), p, tag.MemberOptions{}, false, false)
			}
		}
		w.do(add("base", "build"), add("base", "srpm-build"), add("base", "core"), pkg("base", "build", "gcc"), pkg("base", "build", "make"), pkg("base", "core", "glibc"))
		early := w.do(func(tx *db.Tx) error {
			return tag.AddGroupReq(ctx, tx, root, ref("base"), ref("build"), ref("core"), tag.MemberOptions{}, false, false)
		})
		w.do(pkg("child", "build", "clang"))
		w.do(func(tx *db.Tx) error { return tag.BlockGroupPackage(ctx, tx, root, ref("child"), ref("build"), "gcc") })
		w.do(func(tx *db.Tx) error { return tag.BlockGroup(ctx, tx, root, ref("child"), ref("srpm-build")) })
		id := ids["child"]
		for name, c := range map[string]struct {
			q    tag.GroupQuery
			want []string
		}{
			"now":          {tag.GroupQuery{Tag: id}, []string{"build: clang make; core", "core: glibc;"}},
			"with blocked": {tag.GroupQuery{Tag: id, Blocked: true}, []string{"build: clang !gcc make; core", "core: glibc;", "!srpm-build:;"}},
			"own only":     {tag.GroupQuery{Tag: id, OwnOnly: true, Blocked: true}, []string{"!srpm-build:;"}},
			"then":         {tag.GroupQuery{Tag: id, At: early}, []string{"build: gcc make; core", "core: glibc;", "srpm-build:;"}},
		} {
			if diff := cmp.Diff(c.want, w.groups(c.q)); diff != "" {
				w.Error(name, diff)
			}
		}
		w.want(w.try(pkg("child", "build", "gcc")), kura.Conflict, "package gcc blocked in group build, tag child")
		w.want(w.try(pkg("child", "srpm-build", "x")), kura.Conflict, "group srpm-build is blocked in tag child")
		w.want(w.try(pkg("child", "nogroup", "x")), kura.NotFound, "No such group: nogroup")
		w.want(w.try(add("child", "srpm-build")), kura.Conflict, "group srpm-build is blocked in tag child")
		// A blocked group is not required by others.
		w.do(func(tx *db.Tx) error { return tag.BlockGroup(ctx, tx, root, ref("child"), ref("core")) })
		if diff := cmp.Diff([]string{"build: clang make;"}, w.groups(tag.GroupQuery{Tag: id})); diff != "" {
			w.Error("core blocked", diff)
		}
		w.do(func(tx *db.Tx) error { return tag.UnblockGroup(ctx, tx, root, ref("child"), ref("core")) },
			func(tx *db.Tx) error { return tag.UnblockGroup(ctx, tx, root, ref("child"), ref("srpm-build")) },
			func(tx *db.Tx) error {
				return tag.UnblockGroupPackage(ctx, tx, root, ref("child"), ref("build"), "gcc")
			},
			func(tx *db.Tx) error {
				return tag.RemoveGroupPackage(ctx, tx, root, ref("child"), ref("build"), "clang")
			})
		if diff := cmp.Diff(w.groups(tag.GroupQuery{Tag: id, At: early}), w.groups(tag.GroupQuery{Tag: id})); diff != "" {
			w.Error("everything taken back", diff)
		}
		err := w.try(func(tx *db.Tx) error { return tag.UnblockGroup(ctx, tx, root, ref("child"), ref("core")) })
		w.want(err, kura.Conflict, "group core is NOT blocked in tag child")
		err = w.try(func(tx *db.Tx) error { return tag.RemoveGroup(ctx, tx, root, ref("child"), ref("core"), false) })
		w.want(err, kura.NotFound, "No group: core found for tag: child")
	})
}

func TestGroupRequirements(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("a")
		for _, g := range []string{"x", "y"} {
			w.do(func(tx *db.Tx) error {
				return tag.AddGroup(ctx, tx, root, ref("a"), ref(g), tag.GroupOptions{}, false, false)
			})
		}
		req := func(o tag.MemberOptions, block, force bool) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				return tag.AddGroupReq(ctx, tx, root, ref("a"), ref("x"), ref("y"), o, block, force)
			}
		}
		w.do(req(tag.MemberOptions{Type: ptr("optional"), IsMetapkg: ptr(true)}, false, false))
		w.do(func(tx *db.Tx) error { return tag.BlockGroupReq(ctx, tx, root, ref("a"), ref("x"), ref("y")) })
		w.want(w.try(req(tag.MemberOptions{}, false, false)), kura.Conflict, "requirement on group y blocked in group x, tag a")
		if diff := cmp.Diff([]string{"x:; !y", "y:;"}, w.groups(tag.GroupQuery{Tag: ids["a"], Blocked: true})); diff != "" {
			w.Error(diff)
		}
		w.do(func(tx *db.Tx) error { return tag.UnblockGroupReq(ctx, tx, root, ref("a"), ref("x"), ref("y")) })
		w.do(req(tag.MemberOptions{}, false, false))
		got := see(w, func(tx *db.Tx) ([]tag.Group, error) {
			return tag.Groups(ctx, tx, tag.GroupQuery{Tag: ids["a"], Groups: true})
		})
		if r := got[0].Groups[0]; r.Type != "mandatory" || r.IsMetapkg {
			w.Errorf("added anew: %+v", r)
		}
		w.do(func(tx *db.Tx) error { return tag.RemoveGroupReq(ctx, tx, root, ref("a"), ref("x"), ref("y")) })
		if diff := cmp.Diff([]string{"x:;", "y:;"}, w.groups(tag.GroupQuery{Tag: ids["a"]})); diff != "" {
			w.Error(diff)
		}
		err := w.try(req(tag.MemberOptions{Type: ptr("sometimes")}, false, false))
		if !kura.Is(err, kura.Invalid) {
			w.Errorf("a type of its own: %v", err)
		}
	})
}

func TestGroupSettings(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("child", "base")
		w.links(ids, "child>base")
		w.do(func(tx *db.Tx) error {
			return tag.AddGroup(ctx, tx, root, ref("base"), ref("core"), tag.GroupOptions{Description: ptr("The core."), IsDefault: ptr(true)}, false, false)
		})
		w.do(func(tx *db.Tx) error {
			return tag.AddGroup(ctx, tx, root, ref("child"), ref("core"), tag.GroupOptions{DisplayName: ptr("Core"), UserVisible: ptr(false)}, false, false)
		})
		got := see(w, func(tx *db.Tx) ([]tag.Group, error) { return tag.Groups(ctx, tx, tag.GroupQuery{Tag: ids["child"]}) })
		want := []tag.Group{{ID: got[0].ID, Name: "core", TagID: ids["child"], Exported: true, DisplayName: "Core", IsDefault: ptr(true),
			UserVisible: ptr(false), Description: ptr("The core."), BiarchOnly: ptr(false)}}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Error(diff)
		}
	})
}
