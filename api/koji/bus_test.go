package koji

import (
	"strings"
	"sync"
)

// wires is a bus within one test: signals reach who listens at once.
type wires struct {
	mu   sync.Mutex
	next int
	ears map[int]ear
}

type ear struct {
	filter string
	fn     func(string, []byte)
}

func (w *wires) Signal(subject string, data []byte) error {
	w.mu.Lock()
	var fns []func(string, []byte)
	for _, e := range w.ears {
		prefix, all := strings.CutSuffix(e.filter, ">")
		if e.filter == subject || all && strings.HasPrefix(subject, prefix) {
			fns = append(fns, e.fn)
		}
	}
	w.mu.Unlock()
	for _, fn := range fns {
		fn(subject, data)
	}
	return nil
}

func (w *wires) Listen(filter string, fn func(string, []byte)) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ears == nil {
		w.ears = map[int]ear{}
	}
	w.next++
	id := w.next
	w.ears[id] = ear{filter, fn}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.ears, id)
	}, nil
}
