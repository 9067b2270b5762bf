package build_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/tag"
)

// A tag's list says of its builds what they say of themselves, and a brief one all but
// what it leaves out. So do the parts of the list of their rpms.
func TestListsSayWhatIsAsked(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		one, two, three := s.Complete("1"), s.Complete("2"), s.Complete("3")
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for _, b := range []*build.Build{two, one, three} { // at one event: by their numbers then
				if err := build.Tag(ctx, tx, s.User, b, s.Dest, false); err != nil {
					return err
				}
			}
			u, err := account.Create(ctx, tx, "bea", account.Person)
			if err != nil {
				return err
			}
			v, err := build.AddVolume(ctx, tx, "far")
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE build SET epoch = 2, owner = $2, volume_id = $3, source = 'git+https://x#1', extra = '{"a": 1}',
				promoter = $2, promotion_time = 5 WHERE id = $1`, two.ID, u.ID, v.ID); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE build SET start_time = NULL, completion_time = NULL WHERE id = $1", one.ID)
			return err
		})
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			q := build.TaggedQuery{Tag: tag.ByID(s.Dest.ID)}
			all, err := build.ListTagged(ctx, tx, q)
			if err != nil {
				return err
			}
			q.Brief = true
			brief, err := build.ListTagged(ctx, tx, q)
			if err != nil {
				return err
			}
			if len(all) != 3 || len(brief) != 3 {
				t.Fatalf("%d and %d builds", len(all), len(brief))
			}
			for i, want := range []*build.Build{three, two, one} {
				b, err := build.Get(ctx, tx, want.ID)
				if err != nil {
					return err
				}
				tagged := build.Tagged{Build: b, TagID: s.Dest.ID, TagName: "f36", CreateEvent: all[0].CreateEvent}
				if diff := cmp.Diff(tagged, *all[i]); diff != "" {
					t.Errorf("the list, at %d: %s", i, diff)
				}
				b.Source, b.Extra = nil, nil
				if diff := cmp.Diff(tagged, *brief[i]); diff != "" {
					t.Errorf("the brief list, at %d: %s", i, diff)
				}
			}
			for owner, n := range map[string]int{"bea": 1, "nobody": 0} {
				q.Owner = owner
				if got, err := build.ListTagged(ctx, tx, q); err != nil || len(got) != n || n == 1 && got[0].ID != two.ID {
					t.Errorf("%d builds of %s, %v", len(got), owner, err)
				}
			}
			want, err := build.RPMs(ctx, tx, all, nil)
			if err != nil {
				return err
			}
			var got []*build.RPM
			q = build.TaggedQuery{Tag: tag.ByID(s.Dest.ID), Brief: true}
			list, err := build.FindTagged(ctx, tx, q)
			if err != nil {
				return err
			}
			for part, err := range list.RPMParts(ctx, tx, nil) {
				if err != nil {
					return err
				}
				got = append(got, part...)
			}
			if len(want) == 0 || *want[0].BuildID != three.ID {
				t.Errorf("%d rpms, not in the order of the builds", len(want))
			}
			for _, r := range want {
				r.Sum = ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rpms: %s", diff)
			}
			return nil
		})
	})
}
