package task_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

func TestLeaseToResult(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("b1", "x86_64")
		if got := w.lease(offer(h)); got != nil {
			t.Fatalf("leased %d of nothing", got.ID)
		}
		made := w.make(task.Spec{Request: json.RawMessage(`["a",1]`), Arch: "x86_64", Owner: alice})
		w.make(task.Spec{Arch: "s390x", Owner: alice})
		got := w.lease(offer(h))
		if got == nil || got.ID != made.ID || got.State != task.Open || got.Epoch != 1 || string(got.Request) != `["a",1]` {
			t.Fatalf("leased %+v", got)
		}
		if err := w.finish(got, map[string]int{"n": 1}); err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *db.Tx) error {
			res, _, err := task.Result(ctx, tx, got.ID)
			if err != nil || string(res) != `{"n":1}` {
				t.Errorf("result %s, %v", res, err)
			}
			topics, err := db.All(ctx, tx, db.Column[string], "SELECT topic FROM outbox WHERE topic = 'task.state'")
			if len(topics) != 4 {
				t.Errorf("%d events of state, want made, made, open, closed", len(topics))
			}
			return err
		})
		if err := w.finish(got, nil); !kura.Is(err, kura.Fenced) {
			t.Errorf("a second result: %v, want fenced", err)
		}
	})
}

func TestEachTaskLeasedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const hosts, tasks = 100, 500
		alice := w.user("alice")
		var ids []int64
		w.do(func(tx *db.Tx) error {
			for i := range hosts {
				id, err := w.r.AddHost(ctx, tx, admin, fmt.Sprintf("b%d", i), []string{"x86_64"})
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			for range tasks {
				if _, err := w.r.Make(ctx, tx, task.Spec{Method: "buildArch", Arch: "x86_64", Owner: alice}); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		seen := map[int64]int{}
		var wg sync.WaitGroup
		for _, h := range ids {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					var got *task.Task
					err := w.d.Update(ctx, func(tx *db.Tx) (err error) { got, err = w.r.Lease(ctx, tx, offer(h)); return err })
					if err != nil {
						t.Error(err)
						return
					}
					if got == nil {
						return
					}
					mu.Lock()
					seen[got.ID]++
					mu.Unlock()
					if err := w.finish(got, nil); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		if len(seen) != tasks {
			t.Errorf("%d tasks were leased, want %d", len(seen), tasks)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("task %d was leased %d times", id, n)
			}
		}
	})
}

func TestFencing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, a, b := w.user("alice"), w.host("a", "x86_64"), w.host("b", "x86_64")
		w.make(task.Spec{Arch: "x86_64", Owner: alice})
		o := offer(a)
		o.Term = time.Microsecond
		first := w.lease(o)
		if n, err := w.r.Sweep(ctx, w.d); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		if got := w.get(first.ID); got.State != task.Free || got.HostID != nil || got.Losses != 1 {
			t.Fatalf("after the lease ran out: %+v", got)
		}
		second := w.lease(offer(b))
		if second == nil || second.ID != first.ID || second.Epoch <= first.Epoch {
			t.Fatalf("leased again: %+v", second)
		}
		if err := w.finish(first, nil); !kura.Is(err, kura.Fenced) {
			t.Errorf("the old lease finished: %v", err)
		}
		stolen := hold(second)
		stolen.Host = a
		err := w.d.Update(ctx, func(tx *db.Tx) error { _, err := w.r.Heartbeat(ctx, tx, stolen, "", time.Minute); return err })
		if !kura.Is(err, kura.Fenced) {
			t.Errorf("another host's heartbeat: %v", err)
		}
		w.do(func(tx *db.Tx) error {
			cancel, err := w.r.Heartbeat(ctx, tx, hold(second), "build", time.Hour)
			if cancel {
				t.Error("told to cancel")
			}
			return err
		})
		if got := w.get(second.ID); got.Phase != "build" || *got.LeaseUntil <= *second.LeaseUntil {
			t.Errorf("after the heartbeat: phase %q, until %d", got.Phase, *got.LeaseUntil)
		}
		if err := w.finish(second, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestGivenUpAfterFiveLosses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		o := offer(h)
		o.Term = time.Microsecond
		for i := range 5 {
			if w.lease(o) == nil {
				t.Fatalf("lease %d: none", i)
			}
			if _, err := w.r.Sweep(ctx, w.d); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.get(made.ID); got.State != task.Failed {
			t.Fatalf("state %s", got.State)
		}
		w.do(func(tx *db.Tx) error {
			_, f, err := task.Result(ctx, tx, made.ID)
			want := &task.Fault{Message: fmt.Sprintf(
				"task %d was given up after 5 attempts that ended without a result; the last one: host a fell silent", made.ID)}
			if diff := cmp.Diff(want, f); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestCapacity(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64")
		w.capacity(h, 4)
		w.make(task.Spec{Arch: "x86_64", Owner: alice, Weight: 9}) // 4 > 9 - 5 is false
		small := w.make(task.Spec{Arch: "x86_64", Owner: alice, Weight: 3.5})
		more := w.make(task.Spec{Arch: "x86_64", Owner: alice, Weight: 3.5})
		w.make(task.Spec{Arch: "x86_64", Owner: alice, Weight: 0.1})
		for _, want := range []int64{small.ID, more.ID} {
			if got := w.lease(offer(h)); got == nil || got.ID != want {
				t.Fatalf("leased %v, want %d", got, want)
			}
		}
		if got := w.lease(offer(h)); got != nil {
			t.Errorf("leased %d to a full host", got.ID)
		}
		o := offer(h)
		w.capacity(h, 10)
		o.Free = 0
		if got := w.lease(o); got != nil {
			t.Errorf("leased %d to a host that says it is full", got.ID)
		}
		o.Free, o.Jobs = 10, 2
		if got := w.lease(o); got != nil {
			t.Errorf("leased %d beyond the number of jobs", got.ID)
		}
	})
}

func TestRefusal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, a, b := w.user("alice"), w.host("a", "x86_64"), w.host("b", "x86_64")
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		refuse := func(got *task.Task, soft bool) {
			t.Helper()
			w.do(func(tx *db.Tx) error { return w.r.Refuse(ctx, tx, hold(got), "disk full", soft) })
		}
		refuse(w.lease(offer(a)), true)
		if got := w.lease(offer(a)); got != nil {
			t.Fatal("leased again to the host that refused")
		}
		w.r.SoftFor = 0
		got := w.lease(offer(a))
		if got == nil {
			t.Fatal("a soft refusal did not pass")
		}
		refuse(got, false)
		if got := w.lease(offer(a)); got != nil {
			t.Fatal("leased to the host that refused for good")
		}
		if got := w.lease(offer(b)); got == nil || got.ID != made.ID {
			t.Fatal("not leased to another host")
		}
	})
}

func TestOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, bob, h := w.user("alice"), w.user("bob"), w.host("a", "x86_64")
		w.capacity(h, 100)
		var a []int64
		for range 3 {
			a = append(a, w.make(task.Spec{Arch: "x86_64", Owner: alice}).ID)
		}
		b1 := w.make(task.Spec{Arch: "noarch", Owner: bob}).ID
		b2 := w.make(task.Spec{Arch: "x86_64", Owner: bob, Method: "createrepo"}).ID
		soon := 5
		first := w.make(task.Spec{Arch: "x86_64", Owner: alice, Priority: &soon}).ID
		// first is alice's, so bob is behind and comes next; then they take turns
		want := []int64{first, b1, a[0], b2, a[1], a[2]}
		var got []int64
		for range want {
			l := w.lease(offer(h))
			if l == nil {
				break
			}
			got = append(got, l.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMethodsChannelsAndEnabled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("a", "x86_64", "i686")
		img := w.make(task.Spec{Method: "image", Arch: "x86_64", Owner: alice, Channel: "image"})
		o := offer(h)
		if got := w.lease(o); got != nil {
			t.Fatal("leased from a channel that the host is not in")
		}
		w.do(func(tx *db.Tx) error {
			return w.r.Join(ctx, tx, admin, task.Ref{ID: h}, task.Ref{Name: "image"}, false, false)
		})
		o.Methods = []string{"buildArch"}
		if got := w.lease(o); got != nil {
			t.Fatal("leased a method that was not offered")
		}
		o.Methods = []string{"buildArch", "image"}
		o.Arches = []string{"i686"}
		if got := w.lease(o); got != nil {
			t.Fatal("leased an arch that was not offered")
		}
		o.Arches = []string{"x86_64"}
		off, on := false, true
		edit := func(e task.HostEdit, c task.ChannelEdit) {
			w.do(func(tx *db.Tx) error {
				if _, err := w.r.EditHost(ctx, tx, admin, task.Ref{Name: "a"}, e); err != nil {
					return err
				}
				_, err := w.r.EditChannel(ctx, tx, task.Ref{Name: "image"}, c)
				return err
			})
		}
		edit(task.HostEdit{Enabled: &off}, task.ChannelEdit{})
		if got := w.lease(o); got != nil {
			t.Fatal("leased to a disabled host")
		}
		edit(task.HostEdit{Enabled: &on}, task.ChannelEdit{Enabled: &off})
		if got := w.lease(o); got != nil {
			t.Fatal("leased from a disabled channel")
		}
		edit(task.HostEdit{}, task.ChannelEdit{Enabled: &on})
		if got := w.lease(o); got == nil || got.ID != img.ID {
			t.Fatal("not leased")
		}
	})
}
