package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestBeside(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
	}{{"made", nil, http.StatusTeapot}, {"failed", errors.New("no"), http.StatusServiceUnavailable}} {
		t.Run(c.name, func(t *testing.T) {
			may, answered := make(chan struct{}), make(chan int)
			b := begin(time.Hour, func() (http.Handler, error) {
				<-may
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), c.err
			})
			call := func(ctx context.Context) int {
				w := httptest.NewRecorder()
				b.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
				return w.Code
			}
			gone, leave := context.WithCancel(t.Context())
			leave()
			if got := call(gone); got != http.StatusServiceUnavailable { // does not wait
				t.Errorf("who has gone is told %d of what was not done", got)
			}
			go func() { answered <- call(t.Context()) }()
			close(may)
			if got := <-answered; got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			soon := begin(0, func() (http.Handler, error) { return nil, c.err }) // nobody calls it
			if err := soon.failed(); !errors.Is(err, c.err) {
				t.Errorf("it failed with %v", err)
			}
			if err := b.failed(); !errors.Is(err, c.err) {
				t.Errorf("it failed with %v", err)
			}
		})
	}
}
