package db

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// shared has many callers at once wait for the same reading. Each gets one that
// began after it asked, so what it gets is never older than its question: who comes
// while a reading is under way waits for the next.
type shared[T any] struct {
	read func(context.Context) (T, error)
	wake chan struct{} // of one
	quit chan struct{}

	mu   sync.Mutex
	next *reading[T] // not begun; nil if nobody waits for one
}

type reading[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// readingTime bounds a reading: it is nobody's own, so nobody's leaving ends it.
const readingTime = 30 * time.Second

// share starts what reads. It is one goroutine for good: a new one would have to grow
// its stack for each reading.
func share[T any](read func(context.Context) (T, error)) *shared[T] {
	s := &shared[T]{read: read, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	go s.run()
	return s
}

// stop ends it. Who still waits is told so.
func (s *shared[T]) stop() { close(s.quit) }

func (s *shared[T]) now(ctx context.Context) (T, error) {
	s.mu.Lock()
	if s.next == nil {
		s.next = &reading[T]{done: make(chan struct{})}
	}
	mine := s.next
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	var none T
	select {
	case <-mine.done:
		return mine.value, mine.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-s.quit:
		return none, sql.ErrConnDone
	}
}

func (s *shared[T]) run() {
	for {
		select {
		case <-s.wake:
		case <-s.quit:
			return
		}
		s.mu.Lock()
		r := s.next
		s.next = nil
		s.mu.Unlock()
		if r == nil {
			continue
		}
		bound, cancel := context.WithTimeout(context.Background(), readingTime)
		r.value, r.err = s.read(bound)
		cancel()
		close(r.done)
	}
}
