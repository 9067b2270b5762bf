package local

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
)

// Bus implements bus.Bus.
type Bus struct {
	pause func(delivery int) time.Duration

	mu        sync.Mutex
	closed    chan struct{}
	listeners map[*listener]bool
	events    []bus.Event
	ids       map[string]bool
	durables  map[string]*durable
}

var _ bus.Bus = (*Bus)(nil)

// New gives an empty bus. pause says how long a failed event rests; bus.Pause
// when nil.
func New(pause func(delivery int) time.Duration) *Bus {
	if pause == nil {
		pause = bus.Pause
	}
	return &Bus{
		pause: pause, closed: make(chan struct{}), listeners: map[*listener]bool{},
		ids: map[string]bool{}, durables: map[string]*durable{},
	}
}

func (b *Bus) open(op string) error {
	select {
	case <-b.closed:
		return kura.Errorf(op, kura.Unavailable, "the bus is closed")
	default:
		return nil
	}
}

// Publish implements bus.Bus.
func (b *Bus) Publish(ctx context.Context, subject, id string, data []byte) error {
	const op = "bus/local.Publish"
	if err := bus.CheckEvent(op, subject, id, data); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return kura.Errorf(op, kura.Canceled, "stopped on request: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(op); err != nil || b.ids[id] {
		return err
	}
	b.ids[id] = true
	b.events = append(b.events, bus.Event{Subject: subject, ID: id, Data: slices.Clone(data), Time: time.Now()})
	for _, d := range b.durables {
		d.wake()
	}
	return nil
}

// Store implements bus.Bus.
func (b *Bus) Store() string { return "local" }

// Fresh implements bus.Bus: it always begins empty.
func (b *Bus) Fresh() bool { return true }

// Healthy implements bus.Bus.
func (b *Bus) Healthy(context.Context) error { return b.open("bus/local.Healthy") }

// Close implements bus.Bus.
func (b *Bus) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open("") == nil {
		close(b.closed)
		for l := range b.listeners {
			l.end()
		}
		clear(b.listeners)
	}
	return nil
}
