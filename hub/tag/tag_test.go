package tag_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/tag"
)

var (
	ctx  = context.Background()
	root = account.System
	ref  = tag.ByName
)

func ptr[T any](v T) *T { return &v }

// world is a database with shorthands; every do is one event.
type world struct {
	*testing.T
	d *db.DB
}

func run(t *testing.T, fn func(w *world)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(&world{t, d}) })
}

func (w *world) try(fn func(tx *db.Tx) error) error { return w.d.Update(ctx, fn) }

// do changes something and gives its event.
func (w *world) do(fns ...func(tx *db.Tx) error) (ev int64) {
	w.Helper()
	err := w.try(func(tx *db.Tx) error {
		for _, fn := range fns {
			if err := fn(tx); err != nil {
				return err
			}
		}
		var err error
		ev, err = event.Now(ctx, tx)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return ev
}

func (w *world) want(err error, kind kura.Kind, sentence string) {
	w.Helper()
	if !kura.Is(err, kind) || err.Error() != sentence {
		w.Errorf("got %v (%v), want %s (%v)", err, kura.KindOf(err), sentence, kind)
	}
}

// see runs a question where nothing can be written.
func see[T any](w *world, fn func(tx *db.Tx) (T, error)) (v T) {
	w.Helper()
	err := w.d.View(ctx, func(tx *db.Tx) (err error) { v, err = fn(tx); return err })
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// tags makes tags and gives their ids.
func (w *world) tags(names ...string) map[string]int64 {
	w.Helper()
	ids := map[string]int64{}
	for _, n := range names {
		w.do(func(tx *db.Tx) (err error) { ids[n], err = tag.Create(ctx, tx, root, tag.Config{Name: n}); return err })
	}
	return ids
}

func (w *world) user(name string) {
	w.Helper()
	w.do(func(tx *db.Tx) error { _, err := account.Create(ctx, tx, name, account.Person); return err })
}

func TestTagThroughItsLife(t *testing.T) {
	run(t, func(w *world) {
		var id int64
		made := w.do(func(tx *db.Tx) (err error) {
			id, err = tag.Create(ctx, tx, root, tag.Config{Name: "f36", Arches: ptr(" x86_64  aarch64"), Perm: ptr(ref("admin")),
				Extra: map[string]any{"mock.package_manager": "dnf", "n": 3, "deep": map[string]any{"a": []any{int64(1), 1.5, nil}}}})
			return err
		})
		edited := w.do(func(tx *db.Tx) error {
			return tag.Edit(ctx, tx, root, ref("f36"), tag.Change{Locked: ptr(true), Perm: &tag.Ref{}, Extra: map[string]any{"n": 4},
				RemoveExtra: []string{"deep"}, BlockExtra: []string{"hidden"}})
		})
		same := w.do(func(tx *db.Tx) error {
			return tag.Edit(ctx, tx, root, ref("f36"), tag.Change{Locked: ptr(true), Extra: map[string]any{"n": 4}, BlockExtra: []string{"hidden"}})
		})
		gone := w.do(func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, ref("f36")) })
		first := tag.Tag{ID: id, Name: "f36", PermID: ptr(int64(1)), Perm: ptr("admin"), Arches: ptr("x86_64 aarch64"), Event: made,
			Extra: map[string]any{"mock.package_manager": "dnf", "n": int64(3), "deep": map[string]any{"a": []any{int64(1), 1.5, nil}}}}
		second := tag.Tag{ID: id, Name: "f36", Arches: ptr("x86_64 aarch64"), Locked: true, Event: edited,
			Extra: map[string]any{"mock.package_manager": "dnf", "n": int64(4)}, BlockedExtra: []string{"hidden"}}
		at := func(ev int64) tag.Tag {
			return see(w, func(tx *db.Tx) (tag.Tag, error) { return tag.Get(ctx, tx, ref("f36"), ev) })
		}
		if diff := cmp.Diff(first, at(made)); diff != "" {
			w.Error(diff)
		}
		if diff := cmp.Diff(second, at(edited)); diff != "" {
			w.Error(diff)
		}
		last := see(w, func(tx *db.Tx) (int64, error) { return tag.LastChange(ctx, tx, []int64{id}, gone) })
		if last != edited || same == edited {
			w.Errorf("before it was deleted it last changed at %d, want %d: an edit to what it was is no change", last, edited)
		}
		err := w.try(func(tx *db.Tx) error { _, err := tag.Get(ctx, tx, ref("f36"), 0); return err })
		w.want(err, kura.NotFound, "No such tag: f36")
		see(w, func(tx *db.Tx) (int, error) {
			old, deleted, err := tag.GetLast(ctx, tx, ref("f36"))
			if deleted != gone || !old.Locked {
				w.Errorf("%+v deleted at %d, want %d", old, deleted, gone)
			}
			return 0, err
		})
		w.do(func(tx *db.Tx) error {
			again, err := tag.Create(ctx, tx, root, tag.Config{Name: "f36"})
			if again != id {
				w.Errorf("made again it has id %d, had %d", again, id)
			}
			return err
		})
		if now := at(0); len(now.Extra) != 0 || now.Arches != nil || now.Locked {
			w.Errorf("made again it is not empty: %+v", now)
		}
	})
}

func TestTagRefusals(t *testing.T) {
	run(t, func(w *world) {
		w.tags("a", "b")
		for _, c := range []struct {
			do   func(tx *db.Tx) error
			kind kura.Kind
			say  string
		}{
			{func(tx *db.Tx) error { _, err := tag.Create(ctx, tx, root, tag.Config{Name: "a"}); return err }, kura.Exists, "A tag with the name 'a' already exists"},
			{func(tx *db.Tx) error {
				_, err := tag.Create(ctx, tx, root, tag.Config{Name: "c", Parent: ptr(ref("no"))})
				return err
			}, kura.NotFound, "Parent tag 'no' could not be found"},
			{func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref("a"), tag.Change{Name: "b"}) }, kura.Exists, "Name b already taken by tag 2"},
			{func(tx *db.Tx) error {
				return tag.Edit(ctx, tx, root, ref("a"), tag.Change{RemoveExtra: []string{"x"}})
			}, kura.NotFound, "Tag: a doesn't have extra: x"},
			{func(tx *db.Tx) error {
				return tag.Edit(ctx, tx, root, ref("a"), tag.Change{Extra: map[string]any{"x": 1}, BlockExtra: []string{"x"}})
			}, kura.Invalid, "Can not both add/update and remove tag-extra: 'x'"},
			{func(tx *db.Tx) error { return tag.Edit(ctx, tx, root, ref("a"), tag.Change{Arches: ptr("x86,arm")}) }, kura.Invalid,
				`Architecture can be only [a-zA-Z0-9_-], not "x86,arm"`},
			{func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, tag.ByID(77)) }, kura.NotFound, "No such tag: 77"},
		} {
			w.want(w.try(c.do), c.kind, c.say)
		}
		for _, name := range []string{"", "a b", "../x;", "ä", string(make([]byte, 300))} {
			err := w.try(func(tx *db.Tx) error { _, err := tag.Create(ctx, tx, root, tag.Config{Name: name}); return err })
			if !kura.Is(err, kura.Invalid) {
				w.Errorf("a tag called %.20q: %v", name, err)
			}
		}
	})
}

func TestListTags(t *testing.T) {
	run(t, func(w *world) {
		ids := w.tags("f36", "f36-build", "F37_x", "f37ax")
		w.user("ann")
		w.do(func(tx *db.Tx) error {
			return tag.NewLists(nil).Add(ctx, tx, root, ref("f36-build"), ref("bash"), tag.Entry{Owner: ptr(ref("ann"))})
		})
		names := func(q tag.Query) (out []string) {
			for _, t := range see(w, func(tx *db.Tx) ([]tag.Tag, error) { return tag.List(ctx, tx, q) }) {
				out = append(out, t.Name)
			}
			return out
		}
		for pattern, want := range map[string][]string{
			"":      {"f36", "f36-build", "F37_x", "f37ax"},
			"f36*":  {"f36", "f36-build"},
			"f3?":   {"f36"},
			"f37_?": {"F37_x"},
		} {
			if diff := cmp.Diff(want, names(tag.Query{Pattern: pattern})); diff != "" {
				w.Error(pattern, diff)
			}
		}
		bash := see(w, func(tx *db.Tx) (tag.Package, error) { return tag.GetPackage(ctx, tx, ref("bash")) })
		if diff := cmp.Diff([]string{"f36-build"}, names(tag.Query{Package: bash.ID})); diff != "" {
			w.Error(diff)
		}
		if got := names(tag.Query{Build: 1}); len(got) != 0 {
			w.Errorf("tags of no build: %v", got)
		}
		w.do(func(tx *db.Tx) error { return tag.Delete(ctx, tx, root, tag.ByID(ids["f36"])) })
		if diff := cmp.Diff([]string{"f36-build"}, names(tag.Query{Pattern: "f36*"})); diff != "" {
			w.Error(diff)
		}
	})
}

func TestTagAccess(t *testing.T) {
	run(t, func(w *world) {
		w.do(func(tx *db.Tx) error {
			_, err := tag.Create(ctx, tx, root, tag.Config{Name: "locked", Locked: true})
			return err
		}, func(tx *db.Tx) error {
			_, err := tag.Create(ctx, tx, root, tag.Config{Name: "signers", Perm: ptr(ref("sign"))})
			return err
		})
		ann := account.Actor{ID: 5, Name: "ann", Perms: map[string]bool{"sign": true}}
		admin := account.Actor{ID: 6, Name: "adm", Perms: map[string]bool{"admin": true}}
		for _, c := range []struct {
			who   account.Actor
			tag   string
			force bool
			say   string
		}{
			{ann, "signers", false, ""},
			{ann, "locked", true, "tag is locked (locked)"},
			{admin, "locked", false, "tag is locked (locked)"},
			{admin, "locked", true, ""},
			{admin, "signers", false, "tag requires sign permission (signers)"},
			{admin, "signers", true, ""},
		} {
			got := ""
			if err := w.try(func(tx *db.Tx) error { return tag.CheckAccess(ctx, tx, c.who, ref(c.tag), c.force) }); err != nil {
				got = err.Error()
			}
			if got != c.say {
				w.Errorf("%s tags with %s: %q, want %q", c.who.Name, c.tag, got, c.say)
			}
		}
	})
}
