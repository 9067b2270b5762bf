package bus

import (
	"sync"
	"time"
)

// Topic lets any number of goroutines wait for a signal, for long polls. It is
// one listener on the bus, however many wait; waiting costs nothing until the
// signal comes.
//
// Take the channel first, then look whether there is something, then wait:
//
//	for {
//		wake := topic.Wait()
//		if got, err := look(ctx); got || err != nil {
//			return err
//		}
//		select {
//		case <-wake:
//		case <-tick: // a signal may be lost between hubs
//		case <-ctx.Done():
//		}
//	}
//
// In this order a signal that comes while looking is not missed: it closes the
// channel that was taken before.
type Topic struct {
	stop  func()
	every time.Duration

	mu      sync.Mutex
	wake    chan struct{} // closed at the next wake-up
	last    time.Time     // of the last wake-up
	pending bool          // a wake-up is due at last + every
	closed  bool
}

// TopicOption changes a Topic.
type TopicOption func(*Topic)

// Every bounds how often waiters are woken: the first signal wakes at once,
// those that follow within d wake together at its end. So a hundred tasks that
// become free at once do not make a thousand waiters look a hundred times.
func Every(d time.Duration) TopicOption { return func(t *Topic) { t.every = d } }

// NewTopic listens to signals that match the filter.
func NewTopic(b Bus, filter string, opts ...TopicOption) (*Topic, error) {
	t := &Topic{wake: make(chan struct{})}
	for _, o := range opts {
		o(t)
	}
	stop, err := b.Listen(filter, func(string, []byte) { t.Wake() })
	if err != nil {
		return nil, err
	}
	t.stop = stop
	return t, nil
}

// Wait gives a channel that is closed at the first wake-up after this call.
func (t *Topic) Wait() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wake
}

// Wake wakes this process's waiters as a signal does, also when the bus is away.
func (t *Topic) Wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.pending {
		return
	}
	if rest := t.every - time.Since(t.last); rest > 0 && !t.last.IsZero() {
		t.pending = true
		time.AfterFunc(rest, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.pending = false
			if !t.closed {
				t.fire()
			}
		})
		return
	}
	t.fire()
}

// fire wakes everybody; t.mu is held.
func (t *Topic) fire() {
	close(t.wake)
	t.wake = make(chan struct{})
	t.last = time.Now()
}

// Close stops listening and wakes everybody a last time: who looks again and
// finds nothing would wait for ever otherwise.
func (t *Topic) Close() {
	t.stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.wake)
	}
}
