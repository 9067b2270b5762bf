package line

import (
	"sync"
	"time"
)

// watchAfter is how long a call may take before it matters whether the client
// still waits for it.
const watchAfter = 100 * time.Millisecond

// watch cancels a call when its client hangs up meanwhile. Most calls are over
// before it looks.
type watch struct {
	conn  *conn
	timer *time.Timer

	mu     sync.Mutex
	cancel func()        // of the call that is under way, or nil
	looks  chan struct{} // is closed when it does not look any more; nil if it does not
}

func (w *watch) init(c *conn) {
	w.conn = c
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
}

func (w *watch) begin(cancel func()) {
	w.mu.Lock()
	w.cancel = cancel
	w.mu.Unlock()
	w.timer.Reset(watchAfter)
}

// look waits for what the client sends next, which is not taken, or for its end.
func (w *watch) look() {
	w.mu.Lock()
	cancel := w.cancel
	if cancel == nil || w.looks != nil {
		w.mu.Unlock()
		return
	}
	done := make(chan struct{})
	w.looks = done
	_ = w.conn.nc.SetReadDeadline(time.Time{}) // an error shows when it is read
	w.mu.Unlock()
	defer close(done)
	if _, err := w.conn.in.Peek(1); err != nil {
		cancel()
	}
}

// end is called before the connection is read again.
func (w *watch) end() {
	w.timer.Stop()
	w.mu.Lock()
	done := w.looks
	w.cancel, w.looks = nil, nil
	w.mu.Unlock()
	if done != nil {
		_ = w.conn.nc.SetReadDeadline(long)
		<-done
	}
}
