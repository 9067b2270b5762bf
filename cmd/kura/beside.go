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
	case <-r.Context().Done():
		return
	}
	if b.err != nil { // the hub is ending
		http.Error(w, "not available", http.StatusServiceUnavailable)
		return
	}
	b.handler.ServeHTTP(w, r)
}
