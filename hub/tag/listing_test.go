package tag_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// shop has inheritance a>b>c, two owners, and lists without policy.
type shop struct {
	*world
	*tag.Lists
	ids map[string]int64
	pkg map[string]int64
}

func newShop(w *world) *shop {
	s := &shop{w, tag.NewLists(nil), w.tags("a", "b", "c"), map[string]int64{}}
	w.links(s.ids, "a>b", "b>c")
	w.user("ann")
	w.user("bob")
	w.do(func(tx *db.Tx) error {
		for _, n := range []string{"bash", "kernel", "zsh"} {
			p, err := tag.EnsurePackage(ctx, tx, n)
			if err != nil {
				return err
			}
			s.pkg[n] = p.ID
		}
		return nil
	})
	return s
}

func (s *shop) add(tagName, pkg string, e tag.Entry) int64 {
	s.Helper()
	return s.do(func(tx *db.Tx) error { return s.Add(ctx, tx, root, ref(tagName), ref(pkg), e) })
}

// list writes entries as "package tag owner [blocked] [arches]".
func (s *shop) list(q tag.ListQuery) (out []string) {
	s.Helper()
	shown := map[int64]bool{}
	for _, l := range see(s.world, func(tx *db.Tx) ([]tag.Listed, error) { return tag.ListedPackages(ctx, tx, q) }) {
		line := l.PackageName + " " + l.TagName + " " + l.OwnerName
		if l.Blocked {
			line += " blocked"
		}
		if l.ExtraArches != nil {
			line += " " + *l.ExtraArches
		}
		out = append(out, line)
		shown[l.PackageID] = !l.Blocked
	}
	if q == (tag.ListQuery{Tag: q.Tag, At: q.At, Inherit: true}) {
		got := see(s.world, func(tx *db.Tx) (map[int64]bool, error) { return tag.Shown(ctx, tx, q.Tag, q.At, nil) })
		if diff := cmp.Diff(shown, got); diff != "" {
			s.Errorf("shown (-listed +shown):\n%s", diff)
		}
		for id, yes := range shown {
			one := see(s.world, func(tx *db.Tx) (map[int64]bool, error) { return tag.Shown(ctx, tx, q.Tag, q.At, []int64{0, id}) })
			if diff := cmp.Diff(map[int64]bool{id: yes}, one); diff != "" {
				s.Errorf("%d shown (-listed +shown):\n%s", id, diff)
			}
		}
	}
	if q.Tag != 0 && q.Page == nil {
		s.pages(q, out)
	}
	return out
}

// pages asks for the list, and for it by name, page by page.
func (s *shop) pages(q tag.ListQuery, whole []string) {
	s.Helper()
	for _, p := range []tag.Page{{}, {ByName: true}, {ByName: true, Down: true}} {
		want := slices.Clone(whole)
		slices.SortStableFunc(want, func(x, y string) int {
			x, _, _ = strings.Cut(x, " ")
			y, _, _ = strings.Cut(y, " ")
			switch n := strings.Compare(x, y); {
			case !p.ByName:
				return 0
			case p.Down:
				return -n
			default:
				return n
			}
		})
		var got []string
		for p.Offset = 0; p.Offset <= len(want); p.Offset += 2 {
			q.Page = new(p)
			q.Page.Limit = 2
			got = append(got, s.list(q)...)
			if q.Page.Total != len(want) {
				s.Errorf("%+v: a list of %d", *q.Page, len(want))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("pages of %+v: %s", p, diff)
		}
	}
}

func (s *shop) all(t string) []string {
	s.Helper()
	return s.list(tag.ListQuery{Tag: s.ids[t], Inherit: true})
}

func TestPackageListsOverInheritance(t *testing.T) {
	run(t, func(w *world) {
		s := newShop(w)
		ann, bob := ptr(ref("ann")), ptr(ref("bob"))
		s.add("c", "bash", tag.Entry{Owner: ann})
		s.add("c", "zsh", tag.Entry{Owner: ann})
		early := s.add("b", "kernel", tag.Entry{Owner: bob, ExtraArches: ptr("i686 noarch")})
		s.do(func(tx *db.Tx) error { return s.Block(ctx, tx, root, ref("a"), ref("zsh"), false) })
		s.do(func(tx *db.Tx) error { return s.SetOwner(ctx, tx, root, ref("a"), ref("kernel"), ref("ann"), false) })
		want := []string{"kernel a ann i686 noarch", "zsh a ann blocked", "bash c ann"}
		if diff := cmp.Diff(want, s.all("a")); diff != "" {
			w.Error(diff)
		}
		want = []string{"kernel b bob i686 noarch", "bash c ann", "zsh c ann"}
		if diff := cmp.Diff(want, s.list(tag.ListQuery{Tag: s.ids["a"], Inherit: true, At: early})); diff != "" {
			w.Error("then:", diff)
		}
		if diff := cmp.Diff(want, s.all("b")); diff != "" {
			w.Error(diff)
		}
		want = []string{"kernel a ann i686 noarch", "bash c ann", "zsh c ann"}
		if diff := cmp.Diff(want, s.list(tag.ListQuery{Tag: s.ids["a"], Inherit: true, NoBlocked: true})); diff != "" {
			w.Error("without blocked entries:", diff)
		}
		want = []string{"zsh a ann blocked", "zsh c ann"}
		if diff := cmp.Diff(want, s.list(tag.ListQuery{Tag: s.ids["a"], Package: s.pkg["zsh"], Inherit: true, Duplicates: true})); diff != "" {
			w.Error("with duplicates:", diff)
		}
		want = []string{"kernel b bob i686 noarch"}
		if diff := cmp.Diff(want, s.list(tag.ListQuery{User: see(w, func(tx *db.Tx) (int64, error) { u, err := account.Get(ctx, tx, *bob); return u.ID, err })})); diff != "" {
			w.Error("bob's:", diff)
		}
		// A filter on the way hides what it does not match.
		w.links(s.ids, "a>b filter=k|z.h", "b>c")
		s.do(func(tx *db.Tx) error { return s.Remove(ctx, tx, root, ref("a"), ref("zsh"), false) })
		if diff := cmp.Diff([]string{"kernel a ann i686 noarch", "zsh c ann"}, s.all("a")); diff != "" {
			w.Error("filtered:", diff)
		}
		// A tag that is met by two ways is listed twice to who wants duplicates.
		w.links(s.ids, "a>b filter=k|z.h", "a>c", "b>c")
		want = []string{"kernel a ann i686 noarch", "kernel b bob i686 noarch", "zsh c ann", "bash c ann", "zsh c ann"}
		if diff := cmp.Diff(want, s.list(tag.ListQuery{Tag: s.ids["a"], Inherit: true, Duplicates: true})); diff != "" {
			w.Error("by two ways:", diff)
		}
	})
}

func TestBlockAndUnblock(t *testing.T) {
	run(t, func(w *world) {
		s := newShop(w)
		s.add("c", "bash", tag.Entry{Owner: ptr(ref("ann"))})
		block := func(t string) error {
			return w.try(func(tx *db.Tx) error { return s.Block(ctx, tx, root, ref(t), ref("bash"), false) })
		}
		unblock := func(t string) error {
			return w.try(func(tx *db.Tx) error { return s.Unblock(ctx, tx, root, ref(t), ref("bash"), false) })
		}
		check := func(t string) error {
			return w.try(func(tx *db.Tx) error {
				return tag.CheckPackage(ctx, tx, tag.Name{ID: s.ids[t], Name: t}, tag.Name{ID: s.pkg["bash"], Name: "bash"})
			})
		}
		expect := func(when, t string, lines ...string) {
			w.Helper()
			if diff := cmp.Diff(lines, s.all(t)); diff != "" {
				w.Error(when, diff)
			}
		}
		w.want(unblock("a"), kura.Conflict, "package bash NOT blocked in tag a")
		if err := block("b"); err != nil {
			w.Fatal(err)
		}
		expect("blocked in b", "a", "bash b ann blocked")
		w.want(check("a"), kura.Tag, "Package bash blocked in a")
		err := w.try(func(tx *db.Tx) error {
			return s.Add(ctx, tx, root, ref("a"), ref("bash"), tag.Entry{Block: ptr(false)})
		})
		w.want(err, kura.Conflict, "package bash is blocked in tag a")
		// An inherited block is overridden, an own one taken back.
		if err := unblock("a"); err != nil {
			w.Fatal(err)
		}
		expect("unblocked in a", "a", "bash a ann")
		if err := unblock("b"); err != nil {
			w.Fatal(err)
		}
		expect("unblocked in b", "b", "bash c ann")
		// Behind an own block there may be another one.
		for _, t := range []string{"c", "b"} {
			if err := block(t); err != nil {
				w.Fatal(err)
			}
		}
		if err := unblock("b"); err != nil {
			w.Fatal(err)
		}
		expect("unblocked in b, blocked in c", "b", "bash b ann")
		if err := check("b"); err != nil {
			w.Error(err)
		}
		w.do(func(tx *db.Tx) error { return s.Remove(ctx, tx, root, ref("c"), ref("bash"), false) })
		w.want(check("c"), kura.Tag, "Package bash not in list for c")
		w.want(block("c"), kura.NotFound, "Package bash is not in tag listing for c")
		w.want(unblock("c"), kura.NotFound, "no data (blocked or otherwise) for package bash in tag c")
	})
}

func TestAddingPackages(t *testing.T) {
	run(t, func(w *world) {
		s := newShop(w)
		add := func(by account.Actor, pkg string, e tag.Entry) error {
			return w.try(func(tx *db.Tx) error { return s.Add(ctx, tx, by, ref("b"), ref(pkg), e) })
		}
		ann := see(w, func(tx *db.Tx) (account.Actor, error) { return account.Load(ctx, tx, ref("ann")) })
		tagger := ann
		tagger.Perms = map[string]bool{"tag": true}
		w.want(add(account.Anonymous, "new", tag.Entry{}), kura.Denied, "you must be logged in for this operation")
		w.want(add(ann, "new", tag.Entry{Owner: ptr(ref("ann"))}), kura.Denied, "tag permission required (logged in as ann)")
		w.want(add(tagger, "new", tag.Entry{}), kura.Invalid, "owner not specified")
		w.want(add(tagger, "new", tag.Entry{Owner: ptr(ref("who"))}), kura.NotFound, "No such user: who")
		w.want(add(tagger, "new", tag.Entry{Owner: ptr(ref("ann")), Update: true}), kura.NotFound, "cannot update: tag b has no data for package new")
		if err := add(tagger, "new", tag.Entry{Force: true}); err != nil {
			w.Error(err)
		}
		if diff := cmp.Diff([]string{"new b ann"}, s.all("b")); diff != "" {
			w.Error(diff)
		}
		last := func() int64 {
			return see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{s.ids["b"], s.ids["a"]}, 0) })
		}
		before := last()
		s.add("a", "new", tag.Entry{Owner: ptr(ref("ann"))})
		if last() != before {
			w.Error("adding what is inherited the same way makes an entry")
		}
		w.do(func(tx *db.Tx) error { return s.SetArches(ctx, tx, root, ref("b"), ref("new"), "i686", false) })
		w.do(func(tx *db.Tx) error { return s.SetArches(ctx, tx, root, ref("b"), ref("new"), "", false) })
		if diff := cmp.Diff([]string{"new b ann"}, s.all("b")); diff != "" {
			w.Error(diff)
		}
		names := see(w, func(tx *db.Tx) ([]tag.Package, error) { return tag.ListPackages(ctx, tx, "N") })
		if len(names) != 1 || names[0].Name != "new" {
			w.Errorf("packages that begin with N: %v", names)
		}
	})
}

func TestPolicySeesTheChange(t *testing.T) {
	run(t, func(w *world) {
		s := newShop(w)
		var seen []string
		s.Policy = func(_ context.Context, _ *db.Tx, by account.Actor, c tag.ListChange) error {
			seen = append(seen, fmt.Sprintf("%s %s %s %v", c.Action, c.Package, c.Tag.Name, c.Force))
			if c.Package == "kernel" {
				return kura.Errorf("policy", kura.Denied, "policy violation (package_list)")
			}
			return nil
		}
		err := w.try(func(tx *db.Tx) error {
			return s.Add(ctx, tx, root, ref("a"), ref("kernel"), tag.Entry{Owner: ptr(ref("ann"))})
		})
		w.want(err, kura.Denied, "policy violation (package_list)")
		s.add("a", "fresh", tag.Entry{Owner: ptr(ref("ann")), Force: true})
		w.do(func(tx *db.Tx) error { return s.Block(ctx, tx, root, ref("a"), ref("fresh"), false) })
		w.do(func(tx *db.Tx) error { return s.Unblock(ctx, tx, root, ref("a"), ref("fresh"), false) })
		w.do(func(tx *db.Tx) error { return s.Remove(ctx, tx, root, ref("a"), ref("fresh"), false) })
		want := []string{"add kernel a false", "add fresh a true", "block fresh a false", "unblock fresh a false", "remove fresh a false"}
		if diff := cmp.Diff(want, seen); diff != "" {
			w.Error(diff)
		}
	})
}
