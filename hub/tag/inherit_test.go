package tag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/tag"
)

// links sets all inheritance, from lines "child>parent [depth=N] [intransitive] [noconfig] [filter=RE]".
func (w *world) links(ids map[string]int64, lines ...string) (ev int64) {
	w.Helper()
	perChild := map[string][]tag.LinkChange{}
	var order []string
	for _, line := range lines {
		f := strings.Fields(line)
		child, parent, _ := strings.Cut(f[0], ">")
		l := tag.Link{Parent: ids[parent], Priority: 10 * len(perChild[child])}
		for _, o := range f[1:] {
			switch k, v, _ := strings.Cut(o, "="); k {
			case "depth":
				l.MaxDepth = ptr(int(v[0] - '0'))
			case "intransitive":
				l.Intransitive = true
			case "noconfig":
				l.NoConfig = true
			case "filter":
				l.PkgFilter = v
			}
		}
		if perChild[child] == nil {
			order = append(order, child)
		}
		perChild[child] = append(perChild[child], tag.LinkChange{Link: l})
	}
	return w.do(func(tx *db.Tx) error {
		for c := range ids {
			if err := tag.SetParents(ctx, tx, root, ids[c], nil, true); err != nil {
				return err
			}
		}
		for _, c := range order {
			if err := tag.SetParents(ctx, tx, root, ids[c], perChild[c], true); err != nil {
				return err
			}
		}
		return nil
	})
}

// walk writes each step as "depth name/left [filters]".
func (w *world) walk(id, at int64, reverse bool) []string {
	w.Helper()
	fn := tag.Inheritance
	if reverse {
		fn = tag.Descendants
	}
	var out []string
	for _, s := range see(w, func(tx *db.Tx) ([]tag.Step, error) { return fn(ctx, tx, id, at) }) {
		line := fmt.Sprintf("%d %s", s.Depth, s.Name)
		if s.NextDepth != nil {
			line += fmt.Sprintf("/%d", *s.NextDepth)
		}
		if len(s.Filters) > 0 {
			line += " " + strings.Join(s.Filters, "&")
		}
		out = append(out, line)
	}
	return out
}

func TestInheritanceOrder(t *testing.T) {
	cases := []struct {
		name  string
		links []string
		want  []string
	}{
		{"diamond: each once, depth first", []string{"a>b", "a>c", "b>d", "c>d"}, []string{"1 b", "2 d", "1 c"}},
		{"depth is cut, and carried up", []string{"a>b depth=1", "b>c", "c>d"}, []string{"1 b/1", "2 c/0"}},
		{"the smaller of two depths", []string{"a>b depth=3", "b>c depth=1", "c>d", "d>e"}, []string{"1 b/3", "2 c/0"}},
		{"no depth at all", []string{"a>b depth=0", "b>c"}, []string{"1 b/0"}},
		{"intransitive counts at the root", []string{"a>b intransitive", "b>c intransitive", "b>d"}, []string{"1 b", "2 d"}},
		{"filters add up", []string{"a>b filter=^k", "b>c filter=.*d", "c>d"}, []string{"1 b ^k", "2 c ^k&.*d", "3 d ^k&.*d"}},
		{"seen through a filter, so seen again", []string{"a>b filter=^k", "a>c", "b>d", "c>d"}, []string{"1 b ^k", "2 d ^k", "1 c", "2 d"}},
		{"seen with less depth, so seen again", []string{"a>b depth=1", "a>c", "b>d", "c>d", "d>e"},
			[]string{"1 b/1", "2 d/0", "1 c", "2 d", "3 e"}},
		{"seen with more depth, so once", []string{"a>b", "a>c depth=1", "b>d", "c>d", "d>e"}, []string{"1 b", "2 d", "3 e", "1 c/1"}},
		{"seen without settings, so again", []string{"a>d noconfig", "a>c", "c>d"}, []string{"1 d", "1 c", "2 d"}},
	}
	run(t, func(w *world) {
		ids := w.tags("a", "b", "c", "d", "e")
		for _, c := range cases {
			w.links(ids, c.links...)
			if diff := cmp.Diff(c.want, w.walk(ids["a"], 0, false)); diff != "" {
				w.Error(c.name, diff)
			}
		}
	})
}

func TestDescendants(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("a", "b", "c", "d", "e")
		w.links(ids, "b>a", "c>b depth=0", "d>b intransitive", "e>d")
		want := []string{"1 b", "2 d"} // c's inheritance ends at b; e has b's packages, through d, no more
		if diff := cmp.Diff(want, w.walk(ids["a"], 0, true)); diff != "" {
			w.Error(diff)
		}
	})
}

func TestInheritanceHistory(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("a", "b", "c")
		first := w.links(ids, "a>b")
		second := w.links(ids, "a>c", "a>b") // priorities change places
		w.do(func(tx *db.Tx) error {
			return tag.SetParents(ctx, tx, root, ids["a"], []tag.LinkChange{{Link: tag.Link{Parent: ids["c"]}, Delete: true}}, false)
		})
		for at, want := range map[int64][]string{first: {"1 b"}, second: {"1 c", "1 b"}, 0: {"1 b"}} {
			if diff := cmp.Diff(want, w.walk(ids["a"], at, false)); diff != "" {
				w.Error(at, diff)
			}
		}
		w.do(func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, ref("b")) })
		if got := w.walk(ids["a"], 0, false); len(got) != 0 {
			w.Errorf("inherits from a deleted tag: %v", got)
		}
	})
}

func TestSetParentsRefusals(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("a", "b", "c")
		w.links(ids, "a>b", "b>c")
		try := func(child string, l tag.Link) error {
			return w.try(func(tx *db.Tx) error {
				return tag.SetParents(ctx, tx, root, ids[child], []tag.LinkChange{{Link: l}}, false)
			})
		}
		w.want(try("c", tag.Link{Parent: ids["a"]}), kura.Conflict, "tag c cannot inherit from a: a inherits from c, and that would be a loop")
		w.want(try("a", tag.Link{Parent: ids["a"], Priority: 5}), kura.Conflict, "tag a cannot inherit from a: a inherits from a, and that would be a loop")
		w.want(try("a", tag.Link{Parent: ids["c"]}), kura.Conflict, "Multiple parent tags (b, c) cannot have the same priority value (0) on child tag a")
		w.want(try("a", tag.Link{Parent: 99, Priority: 5}), kura.NotFound, "No such tag: 99")
		if err := try("a", tag.Link{Parent: ids["c"], Priority: 5, PkgFilter: "("}); !kura.Is(err, kura.Invalid) {
			w.Errorf("a broken filter: %v", err)
		}
		before := see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{ids["a"]}, 0) })
		if err := try("a", tag.Link{Parent: ids["b"]}); err != nil {
			w.Error(err)
		}
		if after := see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{ids["a"]}, 0) }); after != before {
			w.Error("setting a link to what it is counts as a change")
		}
	})
}

func TestBuildConfig(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("a", "b", "c", "d")
		w.links(ids, "a>b noconfig", "a>c", "c>d")
		edit := func(name string, c tag.Change) {
			w.do(func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref(name), c) })
		}
		edit("b", tag.Change{Arches: ptr("s390x"), Extra: map[string]any{"x": "b", "only-b": 1}})
		edit("c", tag.Change{Extra: map[string]any{"x": "c"}, BlockExtra: []string{"y"}})
		edit("d", tag.Change{Arches: ptr("x86_64"), Extra: map[string]any{"x": "d", "y": "d", "z": "d"}})
		got := see(w, func(tx *db.Tx) (tag.BuildConfig, error) { return tag.GetBuildConfig(ctx, tx, ref("a"), 0) })
		want := tag.BuildConfig{
			Tag:        tag.Tag{ID: ids["a"], Name: "a", Arches: ptr("x86_64"), Extra: map[string]any{"x": "c", "z": "d"}, BlockedExtra: []string{"y"}},
			ArchesFrom: &tag.Name{ID: ids["d"], Name: "d"},
			ExtraFrom:  map[string]tag.Name{"x": {ID: ids["c"], Name: "c"}, "z": {ID: ids["d"], Name: "d"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Error(diff)
		}
	})
}

func TestLastAndFirstChange(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("child", "parent", "other")
		linked := w.links(ids, "child>parent")
		w.user("ann")
		var repo tag.ExternalRepo
		w.do(func(tx *db.Tx) (err error) {
			repo, err = tag.CreateExternalRepo(ctx, tx, root, "epel", "https://example.org/epel")
			return err
		})
		last := func(inherit bool) int64 {
			return see(w, func(tx *db.Tx) (int64, error) { return tag.LastChangeOf(ctx, tx, ref("child"), 0, inherit) })
		}
		if last(true) != linked {
			w.Errorf("last change %d, want %d", last(true), linked)
		}
		ls := tag.NewLists(nil)
		for what, change := range map[string]func(tx *db.Tx) error{
			"package": func(tx *db.Tx) error {
				return ls.Add(ctx, tx, root, ref("parent"), ref("bash"), tag.Entry{Owner: ptr(ref("ann"))})
			},
			"extra": func(tx *db.Tx) error {
				return tag.Edit(ctx, tx, root, ref("parent"), tag.Change{Extra: map[string]any{"k": 1}})
			},
			"group": func(tx *db.Tx) error {
				return tag.AddGroup(ctx, tx, root, ref("parent"), ref("build"), tag.GroupOptions{}, false, false)
			},
			"external": func(tx *db.Tx) error { return tag.Attach(ctx, tx, root, ref("parent"), ref("epel"), 1, "", nil) },
			"touch":    func(tx *db.Tx) error { return tag.Touch(ctx, tx, root, ids["parent"], tag.VolumeChange) },
		} {
			own := last(false)
			ev := w.do(change)
			if last(true) != ev || last(false) != own {
				w.Errorf("after a change of %s at %d: with parents %d, without %d (was %d)", what, ev, last(true), last(false), own)
			}
		}
		moved := w.do(func(tx *db.Tx) error {
			return tag.EditExternalRepo(ctx, tx, root, tag.ByID(repo.ID), "", "https://example.org/two/")
		})
		if last(true) != moved {
			w.Errorf("after its address changed at %d: %d", moved, last(true))
		}
		w.do(func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref("other"), tag.Change{Locked: ptr(true)}) })
		if last(true) != moved {
			w.Error("another tag's change counts")
		}
		first := see(w, func(tx *db.Tx) (int64, error) { return tag.FirstChangeOf(ctx, tx, ref("child"), moved-1, true) })
		if first != moved {
			w.Errorf("first change after %d is %d, want %d", moved-1, first, moved)
		}
		if first := see(w, func(tx *db.Tx) (int64, error) { return tag.FirstChangeOf(ctx, tx, ref("child"), moved, true) }); first != 0 {
			w.Errorf("first change after the last is %d, want none", first)
		}
		gone := w.do(func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, ref("child")) })
		w.do(func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref("parent"), tag.Change{Locked: ptr(true)}) })
		if last(true) != gone {
			w.Errorf("the deleted tag last changed at %d, want %d", last(true), gone)
		}
	})
}
