package worker_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// BenchmarkFreeToLease measures from before a task is made to its lease having
// arrived over HTTP at one of 100 hosts that poll, with 1,000 tasks in front
// that nobody may take.
func BenchmarkFreeToLease(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) { benchLease(b, open(b)) })
	}
}

func benchLease(b *testing.B, d *db.DB) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("h%d", i))
	}
	h := newHub(b, d, names...)
	soon := 0
	h.do(func(tx *db.Tx) error {
		for range 1000 {
			if _, err := h.room.Make(ctx, tx, task.Spec{Method: "buildArch", Arch: "s390x", Owner: h.owner, Priority: &soon}); err != nil {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	got := make(chan time.Time, 1)
	end := make(chan struct{})
	for _, n := range names {
		wg.Go(func() {
			for {
				var l protocol.Lease
				status, _ := h.post(n, protocol.PathLease, request(5*time.Second), &l)
				select {
				case <-end:
					return
				default:
				}
				if status == 200 {
					got <- time.Now()
					h.post(n, path(l, "finish"), protocol.Finish{Epoch: l.Epoch}, nil)
				}
			}
		})
	}
	all := func() {
		for h.board.Waiting() < 100 {
			time.Sleep(time.Millisecond)
		}
	}
	var took []time.Duration
	for b.Loop() {
		all()
		start := time.Now()
		h.make()
		took = append(took, (<-got).Sub(start))
	}
	close(end)
	wg.Wait()
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[min(int(q*float64(len(took))), len(took)-1)] }
	b.Logf("n=%d p50=%v p95=%v p99=%v max=%v", len(took), at(.5), at(.95), at(.99), took[len(took)-1])
	b.ReportMetric(float64(at(.95).Microseconds())/1000, "p95-ms")
}
