package tag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// actor makes a person who is logged in.
func (w *world) actor(name string) account.Actor {
	w.Helper()
	w.user(name)
	return see(w, func(tx *db.Tx) (account.Actor, error) { return account.Load(ctx, tx, account.ByName(name)) })
}

func TestSideTags(t *testing.T) {
	run(t, func(w *world) {
		ann, bob := w.actor("ann"), w.actor("bob")
		arches := "x86_64 aarch64"
		w.do(func(tx *db.Tx) error {
			_, err := tag.Create(ctx, tx, root, tag.Config{Name: "base", Arches: &arches})
			return err
		})
		rules := &tag.SideTags{Suffixes: []string{"fast"}}
		create := func(by account.Actor, suffix string) (n tag.Name, err error) {
			err = w.try(func(tx *db.Tx) (err error) {
				n, err = rules.Create(ctx, tx, by, tag.ByName("base"), suffix != "", suffix)
				return err
			})
			return n, err
		}
		one, err := create(ann, "")
		if err != nil {
			t.Fatal(err)
		}
		two, err := create(bob, "fast")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := create(ann, "slow"); !kura.Is(err, kura.Invalid) || !strings.Contains(err.Error(), "slow suffix is not allowed") {
			t.Errorf("another suffix: %v", err)
		}
		got := see(w, func(tx *db.Tx) (tag.Tag, error) { return tag.Get(ctx, tx, tag.ByID(two.ID), 0) })
		want := map[string]any{"sidetag": true, "sidetag_user": "bob", "sidetag_user_id": bob.ID, "with_debuginfo": true}
		if diff := cmp.Diff(want, got.Extra); diff != "" || *got.Arches != arches {
			t.Errorf("%s, arches %s", diff, *got.Arches)
		}
		if !strings.HasPrefix(two.Name, "base-side-") || !strings.HasSuffix(two.Name, "-fast") {
			t.Errorf("it is called %s", two.Name)
		}
		target := see(w, func(tx *db.Tx) (tag.Target, error) { return tag.GetTarget(ctx, tx, tag.ByName(one.Name), 0) })
		if target.BuildTag != one.ID || target.DestTag != one.ID {
			t.Errorf("target %+v", target)
		}
		list := func(q tag.SideQuery) (out []string) {
			for _, s := range see(w, func(tx *db.Tx) ([]tag.SideTag, error) { return tag.ListSide(ctx, tx, q) }) {
				out = append(out, s.Name+" "+*s.User)
			}
			return out
		}
		base := see(w, func(tx *db.Tx) (tag.Name, error) { return tag.Lookup(ctx, tx, tag.ByName("base")) })
		both := []string{one.Name + " ann", two.Name + " bob"}
		for q, want := range map[tag.SideQuery][]string{{}: both, {Base: base.ID}: both, {User: ann.ID}: both[:1], {Base: one.ID}: nil, {User: bob.ID, Base: base.ID}: both[1:]} {
			if diff := cmp.Diff(want, list(q)); diff != "" {
				t.Errorf("%+v: %s", q, diff)
			}
		}

		edit := func(by account.Actor, ref tag.Ref, c tag.SideChange) error {
			return w.try(func(tx *db.Tx) error { return tag.EditSide(ctx, tx, by, ref, c) })
		}
		yes := true
		macros := map[string]any{"dist": ".fc1"}
		for what, tt := range map[string]struct {
			err  error
			kind kura.Kind
			want string
		}{
			"another's":           {edit(bob, tag.ByID(one.ID), tag.SideChange{Debuginfo: &yes}), kura.Denied, "This is not your sidetag"},
			"no side tag":         {edit(ann, tag.ByName("base"), tag.SideChange{Debuginfo: &yes}), kura.Invalid, "Not a sidetag: base"},
			"not allowed":         {edit(ann, tag.ByID(one.ID), tag.SideChange{Debuginfo: &yes}), kura.Invalid, "Debuginfo setting is not allowed"},
			"macros":              {edit(ann, tag.ByID(one.ID), tag.SideChange{Macros: macros}), kura.Invalid, "RPM macros change is not allowed"},
			"macros taken away":   {edit(ann, tag.ByID(one.ID), tag.SideChange{RemoveMacros: []string{"dist"}}), kura.Invalid, "RPM macros change is not allowed"},
			"extra of a person":   {edit(ann, tag.ByID(one.ID), tag.SideChange{Extra: map[string]any{"x": 1}, OtherExtra: true}), kura.Invalid, "sidetag_admin"},
			"extra of root":       {edit(root, tag.ByID(one.ID), tag.SideChange{Extra: map[string]any{"x": "1"}, OtherExtra: true}), kura.Other, ""},
			"removal by another":  {w.try(func(tx *db.Tx) error { return tag.RemoveSide(ctx, tx, bob, tag.ByID(one.ID)) }), kura.Denied, "not your"},
			"removal of no such":  {w.try(func(tx *db.Tx) error { return tag.RemoveSide(ctx, tx, ann, tag.ByName("none")) }), kura.NotFound, "none"},
			"removal of the base": {w.try(func(tx *db.Tx) error { return tag.RemoveSide(ctx, tx, root, tag.ByName("base")) }), kura.Invalid, "Not a sidetag"},
		} {
			if tt.want == "" {
				if tt.err != nil {
					t.Errorf("%s: %v", what, tt.err)
				}
				continue
			}
			if !kura.Is(tt.err, tt.kind) || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", what, tt.err, tt.want)
			}
		}
		w.do(func(tx *db.Tx) error {
			return tag.Edit(ctx, tx, root, tag.ByName("base"), tag.Change{Extra: map[string]any{"sidetag_debuginfo_allowed": true, "sidetag_rpm_macros_allowed": []any{"di*", "vendor"}}})
		})
		if err := edit(ann, tag.ByID(one.ID), tag.SideChange{Debuginfo: &yes, Macros: macros}); err != nil {
			t.Error(err)
		}
		for macro, want := range map[string]string{"1x": "Invalid macro name '1x'", "x": "Invalid macro name 'x'", "optflags": "RPM macro optflags editing is not allowed"} {
			if err := edit(ann, tag.ByID(one.ID), tag.SideChange{Macros: map[string]any{macro: "1"}}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("macro %s: %v", macro, err)
			}
		}
		got = see(w, func(tx *db.Tx) (tag.Tag, error) { return tag.Get(ctx, tx, tag.ByID(one.ID), 0) })
		if got.Extra["rpm.macro.dist"] != ".fc1" || got.Extra["with_debuginfo"] != true || got.Extra["x"] != "1" {
			t.Errorf("extra %v", got.Extra)
		}
		if err := edit(ann, tag.ByID(one.ID), tag.SideChange{RemoveMacros: []string{"dist"}}); err != nil {
			t.Error(err)
		}

		w.do(func(tx *db.Tx) error { return tag.RemoveSide(ctx, tx, ann, tag.ByID(one.ID)) })
		w.do(func(tx *db.Tx) error { return tag.DeleteTarget(ctx, tx, root, tag.ByName(two.Name)) })
		if err := w.try(func(tx *db.Tx) error { return tag.RemoveSide(ctx, tx, bob, tag.ByID(two.ID)) }); err == nil || !strings.Contains(err.Error(), "Target is missing for sidetag") {
			t.Errorf("without its target: %v", err)
		}
		if diff := cmp.Diff(both[1:], list(tag.SideQuery{})); diff != "" {
			t.Error(diff)
		}
	})
}
