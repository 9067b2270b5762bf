package build_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/tag"
)

// What is known of builds is what is true of them, also after they are complete no more.
func TestKnownBuilds(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		known := &build.Known{Few: 1}
		listed := func(tx *db.Tx) (ids []int64) {
			t.Helper()
			ctx := context.Background()
			for _, k := range []*build.Known{nil, known, known} {
				l, err := build.FindTagged(ctx, tx, build.TaggedQuery{Tag: tag.ByID(s.Dest.ID), Known: k})
				if err != nil {
					t.Fatal(err)
				}
				var got []int64
				for i := range l.Len() {
					id, in, event := l.Place(i)
					if in != s.Dest.ID || event == 0 {
						t.Errorf("build %d is in tag %d since %d", id, in, event)
					}
					got = append(got, id)
				}
				if ids != nil && !slices.Equal(ids, got) {
					t.Errorf("builds %v with what is known, %v without", got, ids)
				}
				rows, err := l.Rows(ctx, tx, 0, l.Len())
				if err != nil || len(rows) != len(got) {
					t.Fatal(len(rows), err)
				}
				for i, r := range rows {
					if r.ID != got[i] || r.State != build.Complete || r.TagName != "f36" {
						t.Errorf("row %d is build %d, %s in %q", i, r.ID, r.State, r.TagName)
					}
				}
				ids = got
			}
			return ids
		}
		view := func() (ids []int64) {
			t.Helper()
			if err := d.View(context.Background(), func(tx *db.Tx) error { ids = listed(tx); return nil }); err != nil {
				t.Fatal(err)
			}
			return ids
		}
		one, two, three := s.Complete("1"), s.Complete("2"), s.Complete("3")
		s.Do(func(ctx context.Context, tx *db.Tx) error {
			for _, b := range []*build.Build{one, two} {
				if err := build.Tag(ctx, tx, s.User, b, s.Dest, false); err != nil {
					return err
				}
			}
			return nil
		})
		state := func(id int64, to build.State) {
			s.Do(func(ctx context.Context, tx *db.Tx) error { _, err := build.SetState(ctx, tx, id, to); return err })
		}
		if got := view(); !slices.Equal(got, []int64{two.ID, one.ID}) {
			t.Errorf("%v at first", got)
		}
		s.Do(func(ctx context.Context, tx *db.Tx) error { return build.Tag(ctx, tx, s.User, three, s.Dest, false) })
		if got := view(); !slices.Equal(got, []int64{three.ID, two.ID, one.ID}) {
			t.Errorf("%v with one more", got)
		}
		// Who still sees what was before is told that, and spoils nothing for others.
		err := d.View(context.Background(), func(tx *db.Tx) error {
			if _, err := tx.State(context.Background()); err != nil { // it begins here
				return err
			}
			state(two.ID, build.Failed)
			if got := view(); !slices.Equal(got, []int64{three.ID, one.ID}) {
				t.Errorf("%v after one has failed", got)
			}
			if got := listed(tx); !slices.Equal(got, []int64{three.ID, two.ID, one.ID}) {
				t.Errorf("%v before that", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := view(); !slices.Equal(got, []int64{three.ID, one.ID}) {
			t.Errorf("%v after somebody was told what was before", got)
		}
		undo := errors.New("undo")
		err = s.Try(func(ctx context.Context, tx *db.Tx) error {
			if _, err := build.SetState(ctx, tx, two.ID, build.Complete); err != nil {
				return err
			}
			if got := listed(tx); !slices.Equal(got, []int64{three.ID, two.ID, one.ID}) {
				t.Errorf("%v for who has completed one", got)
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if got := view(); !slices.Equal(got, []int64{three.ID, one.ID}) {
			t.Errorf("%v after that came to nothing", got)
		}
		state(two.ID, build.Complete)
		if got := view(); !slices.Equal(got, []int64{three.ID, two.ID, one.ID}) {
			t.Errorf("%v when it is complete again", got)
		}
	})
}

// Builds that come, and what is done to them before they are complete, alter nothing
// that was told in lists; what is done to complete ones does.
func TestWhatAlters(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		var begun, done *build.Build
		for _, c := range []struct {
			name   string
			alters bool
			do     func(ctx context.Context, tx *db.Tx) error
		}{
			{"a build begins", false, func(ctx context.Context, tx *db.Tx) (err error) {
				begun, err = build.Begin(ctx, tx, build.New{Name: "abc", Version: "1", Release: "7", OwnerID: s.User.ID})
				return err
			}},
			{"its source", false, func(ctx context.Context, tx *db.Tx) error { return build.SetSource(ctx, tx, begun.ID, "x") }},
			{"more of it", false, func(ctx context.Context, tx *db.Tx) error { return build.AddExtra(ctx, tx, begun, "a", 1) }},
			{"it fails", false, func(ctx context.Context, tx *db.Tx) error {
				_, err := build.SetState(ctx, tx, begun.ID, build.Failed)
				return err
			}},
			{"it begins again", false, func(ctx context.Context, tx *db.Tx) (err error) {
				begun, err = build.Begin(ctx, tx, build.New{Name: "abc", Version: "1", Release: "7", OwnerID: s.User.ID})
				return err
			}},
			{"it is complete, at a time of its own", false, func(ctx context.Context, tx *db.Tx) error {
				if _, err := build.SetState(ctx, tx, begun.ID, build.Complete); err != nil {
					return err
				}
				return build.SetCompletion(ctx, tx, begun.ID, 5)
			}},
			{"a draft", false, func(ctx context.Context, tx *db.Tx) error {
				_, err := build.Begin(ctx, tx, build.New{Name: "abc", Version: "1", Release: "8", OwnerID: s.User.ID, Draft: true})
				return err
			}},
			{"a build with its packages", false, nil},
			{"another time", true, func(ctx context.Context, tx *db.Tx) error { return build.SetCompletion(ctx, tx, begun.ID, 6) }},
			{"another source", true, func(ctx context.Context, tx *db.Tx) error { return build.SetSource(ctx, tx, begun.ID, "y") }},
			{"more of a complete one", true, func(ctx context.Context, tx *db.Tx) error { return build.AddExtra(ctx, tx, begun, "b", 1) }},
			{"another owner", true, func(ctx context.Context, tx *db.Tx) error { return build.SetOwner(ctx, tx, begun.ID, s.User.ID) }},
			{"it is complete no more", true, func(ctx context.Context, tx *db.Tx) error {
				_, err := build.SetState(ctx, tx, begun.ID, build.Canceled)
				return err
			}},
		} {
			altered := func() int64 {
				s, err := d.State(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				return s.Altered
			}
			before := altered()
			if c.do == nil {
				done = s.Complete("9")
			} else {
				s.Do(c.do)
			}
			if now := altered(); (now != before) != c.alters {
				t.Errorf("%s: altered %d times", c.name, now-before)
			}
		}
		if done.State != build.Complete {
			t.Errorf("a build is %s", done.State)
		}
	})
}
