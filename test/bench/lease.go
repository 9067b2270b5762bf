package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/protocol"
)

const (
	builders = 100  // that are connected
	inFront  = 1000 // tasks that wait before the measured ones and that none of them may take
)

// lease measures from before a task is asked for by makeTask until a builder
// has its order in hand, over HTTPS on both sides.
func (b *bench) lease() error {
	return b.each(func(h *hub, db string) error {
		repo, err := h.tags()
		if err != nil {
			return err
		}
		workers, err := h.builders()
		if err != nil {
			return err
		}
		if err := h.fill(); err != nil {
			return err
		}
		made, took, err := h.leases(workers, repo, b.turns(100, 40))
		if err != nil {
			return err
		}
		say("task: free to leased, p50, "+db, millis(quantile(took, .5)), "ms", "upstream 37 s to assigned in the median")
		say("task: free to leased, p95, "+db, millis(quantile(took, .95)), "ms", "goal 200, the sandbox's start with it; see root: cached")
		say("task: of which makeTask itself, p95, "+db, millis(quantile(made, .95)), "ms", "")
		return nil
	})
}

// builders adds the hosts and gives a client for each.
func (h *hub) builders() ([]*client.Worker, error) {
	var calls []client.Invocation
	list := make([]*client.Worker, builders)
	for i := range list {
		calls = append(calls, client.Do("addHost", fmt.Sprintf("builder%d.example.org", i), []any{"x86_64"}))
	}
	if err := h.all(calls); err != nil {
		return nil, err
	}
	return list, h.b.many(2, builders, func(_, i int) (err error) {
		cert := filepath.Join(h.dir, fmt.Sprintf("builder%d.pem", i))
		if err := h.kura("cert", "issue", "--data", h.dir, "--builder", fmt.Sprintf("builder%d.example.org", i), "-o", cert); err != nil {
			return err
		}
		list[i], err = client.NewWorker(client.WorkerConfig{
			Hub: h.url, CertFile: cert, KeyFile: cert, CAFile: filepath.Join(h.dir, "client", "ca.crt"),
		})
		return err
	})
}

// all makes calls and fails with the first that failed.
func (h *hub) all(calls []client.Invocation) error {
	out, err := h.Multi(h.b.ctx, calls...)
	if err != nil {
		return err
	}
	for _, o := range out {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}

// fill queues the tasks that come first and that no builder may take.
func (h *hub) fill() error {
	var calls []client.Invocation
	for range inFront {
		calls = append(calls, client.Do("makeTask", "buildArch", []any{"none", "bench-build", "s390x", false},
			client.Keywords{"arch": "s390x", "priority": 1}))
	}
	return h.all(calls)
}

// leases makes tasks one after the other while all builders wait.
func (h *hub) leases(workers []*client.Worker, repo int64, n int) (made, took []time.Duration, err error) {
	ctx, cancel := context.WithCancel(h.b.ctx)
	defer cancel()
	var asking atomic.Int64
	got := make(chan time.Time)
	failed := make(chan error, len(workers))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for _, w := range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				asking.Add(1)
				l, err := w.Lease(ctx, protocol.LeaseRequest{
					Methods: []string{"buildArch", "buildSRPMFromSCM"}, Arches: []string{"x86_64", "noarch"},
					Free: 2, Memory: 8 << 30, Disk: 100 << 30, Wait: 50 * time.Second, Version: "bench",
				})
				at := time.Now()
				asking.Add(-1)
				if err == nil && l != nil {
					err = w.Fail(ctx, l.Task, protocol.Fail{Epoch: l.Epoch, Message: "measured"})
					select {
					case got <- at:
					case <-ctx.Done():
					}
				}
				if err != nil && ctx.Err() == nil {
					failed <- err
					return
				}
			}
		})
	}
	args := []any{"git+https://localhost/rpms/tiny#0", "bench-build", map[string]any{"repo_id": repo}}
	for range n {
		for asking.Load() < int64(len(workers)) && len(failed) == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond) // the last one's request is on its way
		began := time.Now()
		if _, err := h.Call(ctx, "makeTask", "buildSRPMFromSCM", args, client.Keywords{"arch": "noarch"}); err != nil {
			return nil, nil, err
		}
		made = append(made, time.Since(began))
		select {
		case at := <-got:
			took = append(took, at.Sub(began))
		case err := <-failed:
			return nil, nil, err
		case <-time.After(time.Minute):
			return nil, nil, fmt.Errorf("no builder was given the task within a minute")
		}
	}
	return made, took, nil
}
