package task_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/task"
)

func (w *world) board() *task.Board {
	w.t.Helper()
	b := task.NewBoard(w.r, w.d, slog.Default())
	c, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(c); err != nil {
			w.t.Error(err)
		}
	}()
	w.t.Cleanup(func() { cancel(); <-done })
	return b
}

func (w *world) hosts(n int, arch string) (ids []int64) {
	w.t.Helper()
	w.do(func(tx *db.Tx) error {
		for i := range n {
			id, err := w.r.AddHost(ctx, tx, admin, fmt.Sprintf("%s-%d", arch, i), []string{arch})
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}

// unservable queues n tasks that come before all others and that no host may
// take.
func (w *world) unservable(owner int64, n int) {
	w.t.Helper()
	first := 0
	w.do(func(tx *db.Tx) error {
		for range n {
			if _, err := w.r.Make(ctx, tx, task.Spec{Method: "image", Arch: "x86_64", Channel: "image",
				Owner: owner, Priority: &first}); err != nil {
				return err
			}
		}
		return nil
	})
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within half a minute", what)
}

func TestBoardWakesAWaitingHost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, h := w.user("alice"), w.host("b1", "x86_64")
		w.unservable(alice, 1000)
		b := w.board()
		got := make(chan *task.Task, 1)
		go func() {
			l, err := b.Lease(ctx, offer(h), 0, time.Minute)
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
		until(t, "the host waits", func() bool { return b.Waiting() == 1 })
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		if l := <-got; l == nil || l.ID != made.ID {
			t.Fatalf("leased %v, want task %d", l, made.ID)
		}
	})
}

func TestBoardOneTaskManyHosts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, ids := w.user("alice"), w.hosts(100, "x86_64")
		b := w.board()
		c, cancel := context.WithCancel(ctx)
		var mu sync.Mutex
		var got []*task.Task
		var wg sync.WaitGroup
		for i, h := range ids {
			wg.Add(1)
			go func() {
				defer wg.Done()
				l, _ := b.Lease(c, offer(h), float64((i+50)%100), time.Minute)
				if l != nil {
					mu.Lock()
					got = append(got, l)
					mu.Unlock()
				}
			}()
		}
		until(t, "all hosts wait", func() bool { return b.Waiting() == 100 })
		made := w.make(task.Spec{Arch: "x86_64", Owner: alice})
		until(t, "the task is taken", func() bool { return w.get(made.ID).State == task.Open })
		until(t, "the others wait on", func() bool { return b.Waiting() == 99 })
		cancel()
		wg.Wait()
		if len(got) != 1 || *got[0].HostID != ids[50] {
			t.Fatalf("%d leases, host %d; want one, by the least loaded host %d", len(got), *got[0].HostID, ids[50])
		}
	})
}

func TestBoardTakesBackFromWhoLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, ids := w.user("alice"), w.hosts(8, "x86_64")
		b := w.board()
		for range 20 {
			c, cancel := context.WithCancel(ctx)
			var wg sync.WaitGroup
			for _, h := range ids {
				wg.Add(1)
				go func() {
					defer wg.Done()
					if l, _ := b.Lease(c, offer(h), 0, time.Minute); l != nil {
						if err := w.finish(l, nil); err != nil {
							t.Error(err)
						}
					}
				}()
			}
			w.make(task.Spec{Arch: "x86_64", Owner: alice})
			cancel()
			wg.Wait()
		}
		var open int64
		w.do(func(tx *db.Tx) (err error) {
			open, err = task.Count(ctx, tx, task.Filter{States: []task.State{task.Open}})
			return err
		})
		if open != 0 {
			t.Errorf("%d tasks are held by hosts that left", open)
		}
	})
}

func TestNativeHostBeforeEmulation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice := w.user("alice")
		emu, nat := w.host("emu", "x86_64", "s390x"), w.host("nat", "s390x")
		b := w.board()
		c, cancel := context.WithCancel(ctx)
		defer cancel()
		got := make(chan *task.Task, 2)
		eo := offer(emu)
		eo.Arches, eo.Emulated = []string{"x86_64", "s390x"}, []string{"s390x"}
		for _, o := range []task.Offer{eo, offer(nat)} {
			go func() {
				load := 0.0
				if o.Host == nat {
					load = 1
				}
				if l, _ := b.Lease(c, o, load, time.Minute); l != nil {
					got <- l
				}
			}()
		}
		until(t, "both wait", func() bool { return b.Waiting() == 2 })
		w.make(task.Spec{Arch: "s390x", Owner: alice})
		if l := <-got; *l.HostID != nat {
			t.Errorf("the emulating host got it")
		}
		w.make(task.Spec{Arch: "s390x", Owner: alice})
		if l := <-got; *l.HostID != emu {
			t.Errorf("the emulating host did not get what nobody else could take")
		}
	})
}

// BenchmarkFreeToLease measures from before a task is made to its lease in
// the hands of one of 100 hosts that wait, with 1,000 tasks in front that
// nobody may take.
func BenchmarkFreeToLease(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) { benchLease(b, newWorld(b, open(b))) })
	}
}

func benchLease(b *testing.B, w *world) {
	alice, ids := w.user("alice"), w.hosts(100, "x86_64")
	w.unservable(alice, 1000)
	board := w.board()
	c, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	got := make(chan int64, 100)
	for _, h := range ids {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for c.Err() == nil {
				if l, _ := board.Lease(c, offer(h), 0, time.Minute); l != nil {
					got <- time.Now().UnixMicro()
					if err := w.finish(l, nil); err != nil {
						b.Error(err)
					}
				}
			}
		}()
	}
	until(b, "all hosts wait", func() bool { return board.Waiting() == 100 })
	var commit, took []time.Duration
	for b.Loop() {
		start := time.Now()
		w.make(task.Spec{Arch: "x86_64", Owner: alice})
		made := time.Now()
		at := time.UnixMicro(<-got)
		commit = append(commit, made.Sub(start))
		took = append(took, at.Sub(start))
		until(b, "all hosts wait", func() bool { return board.Waiting() == 100 })
	}
	cancel()
	wg.Wait()
	report(b, "make", commit)
	report(b, "make+lease", took)
}
