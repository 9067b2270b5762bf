package task_test

import (
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

func TestKojiBuilder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h, other := w.user("alice"), w.host("a", "x86_64"), w.host("b", "x86_64")
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		w.make(task.Spec{Method: "other", Arch: "x86_64", Owner: alice})
		assigned := func() (got []*task.Task) {
			t.Helper()
			w.do(func(tx *db.Tx) (err error) { got, err = w.r.AssignedTo(ctx, tx, h); return err })
			return got
		}
		if got := assigned(); len(got) != 0 {
			t.Fatal("assigned to a host that is not ready")
		}
		w.do(func(tx *db.Tx) error {
			return w.r.Alive(ctx, tx, h, true, 0.5, []byte(`{"methods":["buildArch"],"maxjobs":4}`))
		})
		for range 2 {
			if got := assigned(); len(got) != 1 || got[0].ID != made.ID || got[0].State != task.Assigned {
				t.Fatalf("assigned %+v", got)
			}
		}
		w.do(func(tx *db.Tx) error {
			if got, err := w.r.OpenTask(ctx, tx, made.ID, other); err != nil || got != nil {
				t.Errorf("another host opened it: %v, %v", got, err)
			}
			if _, err := task.HoldOf(ctx, tx, made.ID, h); !kura.Is(err, kura.Denied) {
				t.Errorf("a hold before it is open: %v", err)
			}
			got, err := w.r.OpenTask(ctx, tx, made.ID, h)
			if err != nil || got == nil || got.State != task.Open {
				t.Errorf("opened %+v, %v", got, err)
			}
			if _, err := task.HoldOf(ctx, tx, made.ID, other); !kura.Is(err, kura.Denied) {
				t.Errorf("another host's hold: %v", err)
			}
			hold, err := task.HoldOf(ctx, tx, made.ID, h)
			if err != nil {
				return err
			}
			_, err = w.r.Finish(ctx, tx, hold, 1)
			return err
		})
	})
}

func TestKojiBuilderThatDoesNotOpen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		w.do(func(tx *db.Tx) error {
			if err := w.r.Alive(ctx, tx, h, true, 0, nil); err != nil {
				return err
			}
			if _, err := w.r.AssignedTo(ctx, tx, h); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE task SET lease_until = 5 WHERE id = $1 AND state = 4", made.ID)
			return err
		})
		if n, err := w.r.Sweep(ctx, w.d); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		if got := w.get(made.ID); got.State != task.Free || got.Losses != 0 {
			t.Errorf("after the time to open it: %+v", got)
		}
		if got := w.lease(offer(h)); got != nil {
			t.Error("given to the same host at once")
		}
	})
}

func TestAssignByHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, a, b := w.user("alice"), w.host("a", "x86_64"), w.host("b", "x86_64")
		got := w.open(task.Spec{Arch: "x86_64", Owner: alice}, a)
		w.do(func(tx *db.Tx) error {
			if ok, err := w.r.AssignTo(ctx, tx, got.ID, task.Ref{ID: b}, false, false); ok || err != nil {
				t.Errorf("took an open task without force: %v %v", ok, err)
			}
			ok, err := w.r.AssignTo(ctx, tx, got.ID, task.Ref{ID: b}, true, true)
			if !ok {
				t.Error("not assigned")
			}
			return err
		})
		if err := w.finish(got, nil); !kura.Is(err, kura.Fenced) {
			t.Errorf("the first host finished: %v", err)
		}
		w.do(func(tx *db.Tx) error {
			ok, err := w.r.RefuseTask(ctx, tx, got.ID, b, true, "busy")
			if !ok {
				t.Error("not refused")
			}
			runs, _ := task.TaskRuns(ctx, tx, task.Of{Task: got.ID})
			refs, _ := task.Refusals(ctx, tx, task.Of{Task: got.ID})
			notes, _ := task.Notes(ctx, tx, task.Of{Task: got.ID})
			if len(runs) != 1 || runs[0].Active || len(refs) != 1 || len(notes) != 2 {
				t.Errorf("runs %+v, refusals %+v, notes %+v", runs, refs, notes)
			}
			return err
		})
	})
}

// A host may open a free task by itself only if the scheduler might have given
// it the task.
func TestKojiBuilderOpensWhatItServes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h, other, off := w.user("alice"), w.host("a", "x86_64"), w.host("b", "aarch64"), w.host("c", "x86_64")
		no := false
		w.do(func(tx *db.Tx) error {
			_, err := w.r.EditHost(ctx, tx, admin, task.Ref{ID: off}, task.HostEdit{Enabled: &no})
			return err
		})
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		elsewhere := w.make(task.Spec{Arch: "x86_64", Owner: alice, Channel: "image"})
		hubs := w.make(task.Spec{Arch: "noarch", Owner: alice, Hub: true})
		open := func(id, host int64) bool {
			t.Helper()
			var got *task.Task
			w.do(func(tx *db.Tx) (err error) { got, err = w.r.OpenTask(ctx, tx, id, host); return err })
			return got != nil
		}
		for what, x := range map[string][2]int64{
			"of another arch": {made.ID, other}, "by a disabled host": {made.ID, off}, "of another channel": {elsewhere.ID, h}, "of the hub": {hubs.ID, h},
		} {
			if open(x[0], x[1]) {
				t.Errorf("opened a task %s", what)
			}
		}
		if !open(made.ID, h) {
			t.Error("not opened by the host that serves it")
		}
	})
}
