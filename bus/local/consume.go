package local

import (
	"context"
	"time"

	"github.com/kura-build/kura/bus"
)

// durable is a position in the events, and those behind it that failed.
type durable struct {
	next   int           // the first event never delivered
	failed []failure     // deliver again
	more   chan struct{} // closed when there may be something to do
}

type failure struct {
	event bus.Event
	due   time.Time
}

func (d *durable) wake() {
	close(d.more)
	d.more = make(chan struct{})
}

// take gives the next event to deliver, or else when to look again at the
// latest. The bus's lock is held.
func (d *durable) take(events []bus.Event, filter string) (e bus.Event, due time.Time, ok bool) {
	for i, f := range d.failed {
		if !f.due.After(time.Now()) {
			d.failed = append(d.failed[:i], d.failed[i+1:]...)
			return f.event, due, true
		}
		if due.IsZero() || f.due.Before(due) {
			due = f.due
		}
	}
	for d.next < len(events) {
		e = events[d.next]
		d.next++
		if bus.Match(filter, e.Subject) {
			return e, due, true
		}
	}
	return bus.Event{}, due, false
}

// Consume implements bus.Bus.
func (b *Bus) Consume(ctx context.Context, name, filter string, fn func(context.Context, bus.Event) error) error {
	const op = "bus/local.Consume"
	if err := bus.CheckConsume(op, name, filter); err != nil {
		return err
	}
	b.mu.Lock()
	d := b.durables[name]
	if d == nil {
		d = &durable{more: make(chan struct{})}
		b.durables[name] = d
	}
	b.mu.Unlock()
	for ctx.Err() == nil {
		b.mu.Lock()
		if err := b.open(op); err != nil {
			b.mu.Unlock()
			return err
		}
		e, due, ok := d.take(b.events, filter)
		more := d.more
		b.mu.Unlock()
		if !ok {
			b.rest(ctx, more, due)
			continue
		}
		e.Delivery++
		if err := fn(ctx, e); err != nil {
			pause := b.pause(e.Delivery)
			if ctx.Err() != nil {
				pause = 0 // not its fault: whoever consumes next gets it at once
			}
			b.mu.Lock()
			d.failed = append(d.failed, failure{e, time.Now().Add(pause)})
			d.wake()
			b.mu.Unlock()
		}
	}
	return nil
}

// rest waits until there may be something to do. Without failures due is zero.
func (b *Bus) rest(ctx context.Context, more <-chan struct{}, due time.Time) {
	var timer <-chan time.Time
	if !due.IsZero() {
		timer = time.After(time.Until(due))
	}
	select {
	case <-ctx.Done():
	case <-b.closed:
	case <-more:
	case <-timer:
	}
}
