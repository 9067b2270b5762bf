package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// start runs a runner until stop is called or the test ends.
func (w *world) start(n *task.Runner) (stop func()) {
	c, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := n.Run(c); err != nil {
			w.t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) runner(hub string) *task.Runner {
	return task.NewRunner(w.r, w.d, hub, 4, slog.New(slog.DiscardHandler))
}

func (w *world) finished(id int64) *task.Listed {
	w.t.Helper()
	until(w.t, fmt.Sprintf("task %d is over", id), func() bool { return w.get(id).State.Finished() })
	var l *task.Listed
	w.do(func(tx *db.Tx) (err error) { l, err = task.GetListed(ctx, tx, id); return err })
	return l
}

func TestHubTaskWaitsForHostAndHubChildren(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("b1", "x86_64")
		var calls atomic.Int32
		n := w.runner("hub1")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) {
			calls.Add(1)
			kids, err := r.Spawn(ctx,
				task.Spec{Method: "buildArch", Label: "x86_64", Arch: "x86_64"},
				task.Spec{Method: "newRepo", Label: "repo", Hub: true})
			if err != nil {
				return nil, err
			}
			done, err := r.Results(ctx, kids...)
			if err != nil {
				return nil, err
			}
			return []string{string(done[0].Result), string(done[1].Result)}, nil
		})
		n.Handle("newRepo", func(ctx context.Context, r *task.Run) (any, error) { return 7, nil })
		w.start(n)
		b := w.board()
		top := w.make(task.Spec{Method: "build", Owner: alice, Hub: true})
		l, err := b.Lease(ctx, offer(h), 0, tooLong)
		if err != nil || l == nil || l.Method != "buildArch" {
			t.Fatalf("leased %v, %v", l, err)
		}
		until(t, "the parent waits", func() bool { g := w.get(top.ID); return g.Waiting && g.LeaseUntil == nil && g.State == task.Open })
		if err := w.finish(l, "ok"); err != nil {
			t.Fatal(err)
		}
		got := w.finished(top.ID)
		if got.State != task.Closed || string(got.Result) != `["\"ok\"","7"]` {
			t.Errorf("%s: %s %v", got.State, got.Result, got.Fault)
		}
		var kids []*task.Task
		var states []string
		w.do(func(tx *db.Tx) (err error) {
			if kids, err = task.Children(ctx, tx, top.ID); err != nil {
				return err
			}
			states, err = db.All(ctx, tx, db.Column[string], "SELECT body FROM outbox WHERE topic = 'task.state' ORDER BY id")
			return err
		})
		if len(kids) != 2 || calls.Load() < 2 {
			t.Errorf("%d children after %d calls", len(kids), calls.Load())
		}
		if len(states) != 9 {
			t.Errorf("%d changes of state, want 3 for each of 3 tasks: waiting is none", len(states))
		}
	})
}

func TestHubTaskFailsWithItsChildsFault(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		n := w.runner("hub1")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) {
			kids, err := r.Spawn(ctx, task.Spec{Method: "bad", Label: "bad", Hub: true})
			if err != nil {
				return nil, err
			}
			_, err = r.Results(ctx, kids...)
			return nil, err
		})
		n.Handle("bad", func(ctx context.Context, r *task.Run) (any, error) {
			return nil, &task.Fault{Message: "no such spec", Phase: "source"}
		})
		n.Handle("panics", func(ctx context.Context, r *task.Run) (any, error) { panic("oops") })
		w.start(n)
		got := w.finished(w.make(task.Spec{Method: "build", Owner: alice, Hub: true}).ID)
		if diff := cmp.Diff(&task.Fault{Message: "no such spec", Phase: "source"}, got.Fault); diff != "" {
			t.Error(diff)
		}
		if got := w.finished(w.make(task.Spec{Method: "panics", Owner: alice, Hub: true}).ID); got.State != task.Failed {
			t.Errorf("a handler that panics: %s", got.State)
		}
	})
}

// A hub that is killed leaves its task open with a lease; the same hub takes
// it up when it starts again, another when the lease ran out.
func TestHubTaskSurvivesItsHub(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		top := w.make(task.Spec{Method: "build", Owner: alice, Hub: true})
		w.do(func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE task SET state = 1, epoch = 1, runs = 1, start_time = 1, holder = 'hub1',
				lease_until = $2 WHERE id = $1`, top.ID, db.Now()+1e12)
			return err
		})
		n := w.runner("hub1")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) { return r.Task.Epoch, nil })
		stop := w.start(n)
		if got := w.finished(top.ID); string(got.Result) != "3" {
			t.Errorf("result %s of %s", got.Result, got.State)
		}
		stop()
		top = w.make(task.Spec{Method: "build", Owner: alice, Hub: true})
		w.do(func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE task SET state = 1, epoch = 1, runs = 1, start_time = 1, holder = 'hub1',
				lease_until = 5 WHERE id = $1`, top.ID)
			return err
		})
		n = w.runner("hub2")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) { return "hub2", nil })
		w.start(n)
		if _, err := w.r.Sweep(ctx, w.d); err != nil {
			t.Fatal(err)
		}
		if got := w.finished(top.ID); string(got.Result) != `"hub2"` {
			t.Errorf("result %s of %s", got.Result, got.State)
		}
	})
}

func TestStoppedHubGivesItsTaskBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		began := make(chan struct{})
		n := w.runner("hub1")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) {
			close(began)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		stop := w.start(n)
		top := w.make(task.Spec{Method: "build", Owner: alice, Hub: true})
		<-began
		stop()
		if got := w.get(top.ID); got.State != task.Open || got.LeaseUntil != nil || got.Losses != 0 {
			t.Errorf("after the hub stopped: %+v", got)
		}
	})
}

func TestCancelledHubTaskStops(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		began, ended := make(chan struct{}), make(chan error, 1)
		n := w.runner("hub1")
		n.Handle("build", func(ctx context.Context, r *task.Run) (any, error) {
			close(began)
			<-ctx.Done()
			ended <- r.Update(context.WithoutCancel(ctx), func(*db.Tx) error { return nil })
			return nil, errors.New("stopped")
		})
		w.start(n)
		top := w.make(task.Spec{Method: "build", Owner: alice, Hub: true})
		<-began
		w.do(func(tx *db.Tx) error { _, _, err := w.r.Cancel(ctx, tx, top.ID, true); return err })
		if err := <-ended; err == nil {
			t.Error("a cancelled task could still write")
		}
		if got := w.get(top.ID); got.State != task.Canceled {
			t.Errorf("state %s", got.State)
		}
	})
}

// Children that end at the same moment wake their parent once, and never leave
// it asleep.
func TestManyChildrenEndAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		n := task.NewRunner(w.r, w.d, "hub1", 16, slog.New(slog.DiscardHandler))
		n.Handle("parent", func(ctx context.Context, r *task.Run) (any, error) {
			var specs []task.Spec
			for i := range 12 {
				specs = append(specs, task.Spec{Method: "child", Label: fmt.Sprint(i), Hub: true})
			}
			kids, err := r.Spawn(ctx, specs...)
			if err != nil {
				return nil, err
			}
			done, err := r.Results(ctx, kids...)
			return len(done), err
		})
		n.Handle("child", func(ctx context.Context, r *task.Run) (any, error) { return nil, nil })
		w.start(n)
		for range 5 {
			if got := w.finished(w.make(task.Spec{Method: "parent", Owner: alice, Hub: true}).ID); string(got.Result) != "12" {
				t.Fatalf("%s: %s %v", got.State, got.Result, got.Fault)
			}
		}
	})
}

const tooLong = 30 * time.Second
