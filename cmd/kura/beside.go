package main

import (
	"net/http"
	"time"
)

// beside is a handler that is made while others answer already: when it is called, or
// after a while. Who calls it before it is there waits.
type beside struct {
	wanted  chan struct{} // of one
	done    chan struct{}
	handler http.Handler
	err     error
}

// begin has a handler made, after a time at the latest.
func begin(after time.Duration, maker func() (http.Handler, error)) *beside {
	b := &beside{wanted: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(b.done)
		select {
		case <-b.wanted:
		case <-time.After(after):
		}
		b.handler, b.err = maker()
	}()
	return b
}

// failed waits until the handler is there, and says why it is not.
func (b *beside) failed() error {
	<-b.done
	return b.err
}

func (b *beside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case b.wanted <- struct{}{}:
	default: // it was wanted before
	}
	select {
	case <-b.done:
		if b.err == nil {
			b.handler.ServeHTTP(w, r)
			return
		}
	case <-r.Context().Done():
	}
	http.Error(w, "the hub is ending", http.StatusServiceUnavailable)
}
