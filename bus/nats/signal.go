package nats

import (
	"sync/atomic"

	"github.com/kura-build/kura/bus"
	natsgo "github.com/nats-io/nats.go"
)

// What may pile up behind a slow listener before signals are lost.
const (
	backlog      = 65536
	backlogBytes = 16 << 20
)

// Signal implements bus.Bus.
func (b *Bus) Signal(subject string, data []byte) error {
	const op = "bus/nats.Signal"
	if err := bus.CheckSignal(op, subject, data); err != nil {
		return err
	}
	if err := b.alive(op); err != nil {
		return err
	}
	return b.fail(op, subject, b.signals.Publish(subject, data))
}

// Listen implements bus.Bus.
func (b *Bus) Listen(filter string, fn func(string, []byte)) (func(), error) {
	const op = "bus/nats.Listen"
	if err := bus.CheckListen(op, filter); err != nil {
		return nil, err
	}
	if err := b.alive(op); err != nil {
		return nil, err
	}
	// A message may be on its way to fn when Unsubscribe returns.
	var stopped atomic.Bool
	sub, err := b.signals.Subscribe(filter, func(m *natsgo.Msg) {
		if !stopped.Load() {
			fn(m.Subject, m.Data)
		}
	})
	if err != nil {
		return nil, b.fail(op, filter, err)
	}
	stop := func() {
		stopped.Store(true)
		// It fails only if there is nothing to stop any more.
		_ = sub.Unsubscribe()
	}
	if err := sub.SetPendingLimits(backlog, backlogBytes); err != nil {
		stop()
		return nil, b.fail(op, filter, err)
	}
	// The server must know of the listener before we say that it listens.
	if err := b.signals.Flush(); err != nil {
		stop()
		return nil, b.fail(op, filter, err)
	}
	return stop, nil
}
