package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// Nobody gets a reading that began before the question, and those who ask during one
// share the next.
func TestSharedReadings(t *testing.T) {
	var began, now atomic.Int64
	gate := make(chan struct{})
	s := share(func(context.Context) (int64, error) {
		began.Add(1)
		n := now.Load()
		<-gate
		return n, nil
	})
	var wg sync.WaitGroup
	ask := func(want int64) {
		wg.Go(func() {
			if got, err := s.now(t.Context()); got < want || err != nil {
				t.Errorf("%d, %v: older than %d", got, err, want)
			}
		})
	}
	ask(0)
	for began.Load() == 0 {
	}
	now.Store(1)
	var waits []*reading[int64]
	for range 20 {
		ask(1)
	}
	for len(waits) == 0 { // the second reading is asked for
		s.mu.Lock()
		if s.next != nil {
			waits = append(waits, s.next)
		}
		s.mu.Unlock()
	}
	close(gate)
	wg.Wait()
	if n := began.Load(); n < 2 || n > 21 {
		t.Errorf("%d readings", n)
	}

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	blocked := share(func(context.Context) (int, error) { select {} })
	if _, err := blocked.now(gone); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wg.Go(func() {
		if _, err := blocked.now(context.Background()); err == nil {
			t.Error("a reading came after the end")
		}
	})
	blocked.stop()
	wg.Wait()
	s.stop()
}
