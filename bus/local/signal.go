package local

import (
	"slices"
	"sync"

	"github.com/kura-build/kura/bus"
)

// backlog is how many signals may pile up behind a slow listener.
const backlog = 65536

type signal struct {
	subject string
	data    []byte
}

// listener hands signals to its function from a goroutine of its own.
type listener struct {
	filter string
	queue  chan signal
	done   chan struct{}
	end    func() // closes done, once
}

// Signal implements bus.Bus.
func (b *Bus) Signal(subject string, data []byte) error {
	const op = "bus/local.Signal"
	if err := bus.CheckSignal(op, subject, data); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(op); err != nil {
		return err
	}
	for l := range b.listeners {
		if bus.Match(l.filter, subject) {
			select {
			case l.queue <- signal{subject, slices.Clone(data)}:
			default: // lost, as the contract says
			}
		}
	}
	return nil
}

// Listen implements bus.Bus.
func (b *Bus) Listen(filter string, fn func(string, []byte)) (func(), error) {
	const op = "bus/local.Listen"
	if err := bus.CheckListen(op, filter); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(op); err != nil {
		return nil, err
	}
	l := &listener{filter: filter, queue: make(chan signal, backlog), done: make(chan struct{})}
	l.end = sync.OnceFunc(func() { close(l.done) })
	b.listeners[l] = true
	go l.run(fn)
	return func() {
		l.end()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, l)
	}, nil
}

func (l *listener) run(fn func(string, []byte)) {
	for {
		select {
		case <-l.done:
			return
		case s := <-l.queue:
			select {
			case <-l.done: // ended, but select chose the queue
				return
			default:
				fn(s.subject, s.data)
			}
		}
	}
}
