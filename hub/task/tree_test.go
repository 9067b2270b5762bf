package task_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// open makes a task and leases it.
func (w *world) open(s task.Spec, host int64) *task.Task {
	w.t.Helper()
	made := w.make(s)
	got := w.lease(offer(host))
	if got == nil || got.ID != made.ID {
		w.t.Fatalf("leased %v, want %d", got, made.ID)
	}
	return got
}

func TestChildrenInheritAndKeepTheirLabel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		p := w.open(task.Spec{Method: "build", Owner: alice, Arch: "x86_64"}, h)
		c := w.make(task.Spec{Parent: p.ID, Label: "srpm"})
		if c.Priority != 19 || *c.Owner != alice || c.Arch != "x86_64" || *c.ChannelID != *p.ChannelID || c.Share != alice {
			t.Errorf("child %+v", c)
		}
		if again := w.make(task.Spec{Parent: p.ID, Label: "srpm"}); again.ID != c.ID {
			t.Errorf("the same label gave %d, then %d", c.ID, again.ID)
		}
		if other := w.make(task.Spec{Parent: p.ID, Label: "x86_64"}); other.ID == c.ID {
			t.Error("another label gave the same child")
		}
		if err := w.finish(p, nil); err != nil {
			t.Fatal(err)
		}
		err := w.d.Update(ctx, func(tx *db.Tx) error { _, err := w.r.Make(ctx, tx, task.Spec{Method: "x", Parent: p.ID}); return err })
		if !kura.Is(err, kura.Conflict) {
			t.Errorf("a child of a closed task: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, bob, h := w.user("alice"), w.user("bob"), w.host("a", "x86_64")
		w.capacity(h, 100)
		p := w.open(task.Spec{Method: "build", Owner: alice}, h)
		c := w.open(task.Spec{Parent: p.ID, Label: "c"}, h)
		done := w.open(task.Spec{Parent: p.ID, Label: "done"}, h)
		d := w.make(task.Spec{Parent: c.ID})
		w.finish(done, nil)
		for who, ok := range map[int64]bool{alice: true, bob: false} {
			w.do(func(tx *db.Tx) error {
				if err := task.MayCancel(ctx, tx, account.Actor{ID: who}, p.ID); (err == nil) != ok {
					t.Errorf("user %d may cancel: %v", who, err)
				}
				return nil
			})
		}
		w.do(func(tx *db.Tx) error {
			_, err := w.r.CancelFull(ctx, tx, c.ID, true)
			if !kura.Is(err, kura.Conflict) {
				t.Errorf("strict, below the top: %v", err)
			}
			ok, ids, err := w.r.Cancel(ctx, tx, p.ID, true)
			if diff := cmp.Diff([]int64{d.ID, c.ID, p.ID}, ids); !ok || diff != "" {
				t.Error(ok, diff)
			}
			return err
		})
		if s := w.get(done.ID).State; s != task.Closed {
			t.Errorf("a closed child became %s", s)
		}
		w.do(func(tx *db.Tx) error {
			stop, err := w.r.Heartbeat(ctx, tx, hold(c), "", task.Term)
			if !stop {
				t.Error("the host of a cancelled task is not told")
			}
			return err
		})
		if err := w.finish(c, nil); !kura.Is(err, kura.Fenced) {
			t.Errorf("a cancelled task finished: %v", err)
		}
		err := w.d.Update(ctx, func(tx *db.Tx) error { return w.r.Free(ctx, tx, c.ID) })
		if !kura.Is(err, kura.Conflict) {
			t.Errorf("a cancelled task was freed: %v", err)
		}
		w.do(func(tx *db.Tx) error {
			if _, err := w.r.Resubmit(ctx, tx, account.Actor{ID: bob}, p.ID); !kura.Is(err, kura.Denied) {
				t.Errorf("bob resubmits alice's task: %v", err)
			}
			again, err := w.r.Resubmit(ctx, tx, account.Actor{ID: alice}, p.ID)
			if err == nil && (again.ID == p.ID || again.State != task.Free || again.Method != "build") {
				t.Errorf("resubmitted %+v", again)
			}
			return err
		})
	})
}

func TestWaitingTakesNoCapacity(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		w.capacity(h, 1)
		p := w.open(task.Spec{Method: "build", Owner: alice}, h)
		c := w.make(task.Spec{Parent: p.ID, Label: "c"})
		if got := w.lease(offer(h)); got != nil {
			t.Fatal("leased to a full host")
		}
		w.do(func(tx *db.Tx) error { return w.r.SetWait(ctx, tx, p.ID, []int64{c.ID}) })
		got := w.lease(offer(h))
		if got == nil || got.ID != c.ID {
			t.Fatal("the waiting parent keeps its slot")
		}
		if err := w.finish(got, nil); err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *db.Tx) error {
			fin, unfin, err := w.r.Collect(ctx, tx, p.ID)
			if len(fin) != 1 || len(unfin) != 0 {
				t.Errorf("finished %v, unfinished %v", fin, unfin)
			}
			return err
		})
	})
}

func TestListAndDescendents(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, bob, h := w.user("alice"), w.user("bob"), w.host("a", "x86_64")
		w.capacity(h, 100)
		p := w.open(task.Spec{Method: "build", Owner: alice}, h)
		c := w.open(task.Spec{Parent: p.ID, Label: "c", Arch: "x86_64"}, h)
		d := w.make(task.Spec{Parent: c.ID, Arch: "x86_64"})
		x := w.make(task.Spec{Method: "newRepo", Owner: bob})
		list := func(f task.Filter, want ...int64) {
			t.Helper()
			w.do(func(tx *db.Tx) error {
				if f.Order == "" {
					f.Order = "id"
				}
				ls, err := task.List(ctx, tx, f)
				var got []int64
				for _, l := range ls {
					got = append(got, l.ID)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%+v: %s", f, diff)
				}
				return err
			})
		}
		ids := func(in ...int64) []task.IDs { return []task.IDs{{Set: true, In: in}} }
		list(task.Filter{Owner: ids(bob)}, x.ID)
		list(task.Filter{Owner: []task.IDs{{Set: true, Not: true, In: []int64{bob}}}, Order: "-id"}, d.ID, c.ID, p.ID)
		list(task.Filter{States: []task.State{task.Open}, Host: ids(h)}, p.ID, c.ID)
		list(task.Filter{NotStates: []task.State{task.Open}}, d.ID, x.ID)
		list(task.Filter{Parent: []task.IDs{{Set: true, Null: true}}}, p.ID, x.ID)
		list(task.Filter{Method: "newRepo", CreatedAfter: 1, CreatedBefore: db.Now() + 1}, x.ID)
		list(task.Filter{Arches: []string{"x86_64"}, NotArches: []string{"noarch"}, Limit: 1, Offset: 1}, d.ID)
		list(task.Filter{StartedAfter: 1}, p.ID, c.ID)
		w.do(func(tx *db.Tx) error {
			if _, err := task.List(ctx, tx, task.Filter{Order: "id; DROP TABLE task"}); !kura.Is(err, kura.Invalid) {
				t.Errorf("an invalid order: %v", err)
			}
			m, err := task.Descendents(ctx, tx, p.ID)
			got := map[int64][]int64{}
			for k, v := range m {
				got[k] = []int64{}
				for _, c := range v {
					got[k] = append(got[k], c.ID)
				}
			}
			if diff := cmp.Diff(map[int64][]int64{p.ID: {c.ID}, c.ID: {d.ID}, d.ID: {}}, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestSetPriorityMovesTheTree(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		w.capacity(h, 100)
		p := w.open(task.Spec{Method: "build", Owner: alice}, h)
		c := w.make(task.Spec{Parent: p.ID})
		w.do(func(tx *db.Tx) error { return w.r.SetPriority(ctx, tx, p.ID, 3, true) })
		if got := w.get(c.ID).Priority; got != 3 {
			t.Errorf("child's priority %d", got)
		}
	})
}
