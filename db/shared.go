package db

import (
	"context"
	"sync"
	"time"
)

// shared has many callers at once wait for the same reading. Each gets one that
// began after it asked, so what it gets is never older than its question: who comes
// while a reading is under way waits for the next.
type shared[T any] struct {
	mu   sync.Mutex
	busy bool
	next *reading[T] // not begun; nil if nobody waits for one
}

type reading[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// readingTime bounds a reading: it is nobody's own, so nobody's leaving ends it.
const readingTime = 30 * time.Second

func (s *shared[T]) now(ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	if s.next == nil {
		s.next = &reading[T]{done: make(chan struct{})}
	}
	mine := s.next
	if !s.busy {
		s.busy = true
		go s.run(context.WithoutCancel(ctx), read)
	}
	s.mu.Unlock()
	select {
	case <-mine.done:
		return mine.value, mine.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// run reads until nobody waits any more.
func (s *shared[T]) run(ctx context.Context, read func(context.Context) (T, error)) {
	for {
		s.mu.Lock()
		r := s.next
		s.next = nil
		s.busy = r != nil
		s.mu.Unlock()
		if r == nil {
			return
		}
		bound, cancel := context.WithTimeout(ctx, readingTime)
		r.value, r.err = read(bound)
		cancel()
		close(r.done)
	}
}
