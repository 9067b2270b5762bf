package build_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/tag"
)

// many puts builds of four packages into a tag and into one that it inherits
// from: more than are read at once as few. One package is blocked; events and
// numbers go different ways.
func many(s *buildtest.Site) (child tag.Ref, at int64) {
	child = tag.ByName("f36-child")
	s.Do(func(ctx context.Context, tx *db.Tx) error {
		id, err := tag.Create(ctx, tx, s.User, tag.Config{Name: "f36-child", Parent: new(tag.ByID(s.Dest.ID))})
		if err != nil {
			return err
		}
		ev, err := event.Now(ctx, tx)
		if err != nil {
			return err
		}
		at = ev + 500
		for n := range 1000 {
			if _, err := tx.Exec(ctx, "INSERT INTO event (id, time) VALUES ($1, $1)", ev+1+int64(n)); err != nil {
				return err
			}
		}
		owner, block, arches := account.ByID(s.User.ID), true, "x86_64"
		for i, name := range []string{"hello", "hello2", "abc", "blocked", "unlisted"} {
			e := tag.Entry{Owner: &owner, ExtraArches: &arches}
			if name == "blocked" {
				e.Block = &block
			}
			p, err := tag.EnsurePackage(ctx, tx, name)
			if err == nil && name != "hello" && name != "unlisted" {
				err = tag.NewLists(nil).Add(ctx, tx, s.User, tag.ByID(s.Dest.ID), tag.ByName(name), e)
			}
			if err != nil {
				return err
			}
			for n := range 300 {
				b, err := tx.Insert(ctx, `INSERT INTO build (pkg_id, version, release, state, owner, create_event, start_time, completion_time)
					VALUES ($1, '1', $2, $3, $4, $5, 5, $6) RETURNING id`, p.ID, strconv.Itoa(n), 1+n%7/6*2, s.User.ID, ev, 1e9+n*7919%300*1e5)
				if err != nil {
					return err
				}
				for _, t := range []int64{id, s.Dest.ID} {
					if n%3 == 0 && t == id {
						continue
					}
					if _, err := tx.Exec(ctx, "INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id) VALUES ($1, $2, $3, 0)",
						b, t, ev+1+int64(n*31+i+int(t))%999); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	return child, at
}

// What the database chooses of a large tag is what is chosen of the whole list.
func TestLatestOfManyBuilds(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		child, at := many(s)
		listed := func(q build.TaggedQuery) (out []string) {
			t.Helper()
			got, err := try1(s, func(ctx context.Context, tx *db.Tx) ([]*build.Tagged, error) { return build.ListTagged(ctx, tx, q) })
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range got {
				out = append(out, fmt.Sprintln(b.TagName, b.CreateEvent, b.NVR(), *b.CompletionTime, b.OwnerName))
			}
			return out
		}
		for _, q := range []build.TaggedQuery{{}, {Inherit: true}, {At: at}, {Inherit: true, At: at}} {
			q.Tag = child
			for q.Latest = range 4 {
				draft := false
				whole := q
				whole.Draft = &draft // no build is one: the database takes all of them
				want := listed(whole)
				if q.Latest == 0 && len(want) < 200 || len(want) < q.Latest*3 {
					t.Fatalf("%+v: %d builds", q, len(want))
				}
				if diff := cmp.Diff(want, listed(q)); diff != "" {
					t.Errorf("%+v: %s", q, diff)
				}
			}
		}
	})
}

// A page is a part of the list.
func TestPagesOfManyBuilds(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		child, at := many(s)
		type row struct {
			Tag, NVR  string
			Event, ID int64
			Completed int64
		}
		listed := func(q build.TaggedQuery) (out []row) {
			t.Helper()
			got, err := try1(s, func(ctx context.Context, tx *db.Tx) ([]*build.Tagged, error) { return build.ListTagged(ctx, tx, q) })
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range got {
				out = append(out, row{b.TagName, b.NVR(), b.CreateEvent, b.ID, *b.CompletionTime})
			}
			return out
		}
		for _, q := range []build.TaggedQuery{{}, {Inherit: true}, {Inherit: true, At: at}, {Inherit: true, Latest: 2}, {Inherit: true, Package: "abc"}} {
			q.Tag = child
			whole := listed(q)
			for i, p := range []*build.Page{{}, {ByTime: true}, {ByTime: true, Down: true}, {ByID: true, Down: true}} {
				want := slices.Clone(whole)
				slices.SortStableFunc(want, func(x, y row) int {
					n := map[bool]int{p.ByTime: int(x.Completed - y.Completed), p.ByID: int(x.ID - y.ID)}[true]
					if p.Down {
						return -n
					}
					return n
				})
				p.Offset, p.Limit = 3*i, 7
				want = want[min(p.Offset, len(want)):]
				want = want[:min(7, len(want))]
				q.Page = p
				got := listed(q)
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || p.Total != len(whole) {
					t.Errorf("%+v of %+v: %d of %d: %s", *p, q, p.Total, len(whole), diff)
				}
				q.Page = nil
			}
		}
	})
}
