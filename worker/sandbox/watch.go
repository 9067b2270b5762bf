package sandbox

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// output passes on what the program writes and remembers when it last did.
type output struct {
	to   io.Writer
	last atomic.Int64 // unix nanoseconds
}

func (o *output) drain(r io.Reader) {
	o.last.Store(time.Now().UnixNano())
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			o.last.Store(time.Now().UnixNano())
			if o.to != nil {
				_, _ = o.to.Write(buf[:n]) // a log that cannot be written must not stop the build
			}
		}
		if err != nil {
			return
		}
	}
}

// watch looks after the limits that the kernel does not end a run for.
type watch struct {
	limits  Limits
	out     *output
	group   *group
	scratch *Scratch
	kill    func()

	refused int64 // forks refused by the last look
	crowded int   // looks at which the group was full and refused more
	full    int   // looks in a row at which the disk was full
}

// How often the watch looks, and for how many looks in a row a build must be
// at its limit of processes or disk to be stopped: a parallel make touches the
// limit for a moment, a fork bomb sits there.
const (
	lookEvery = 200 * time.Millisecond
	looksLong = 10
)

// run looks until stop is closed or a limit is passed; then it kills.
func (w *watch) run(ctx context.Context, stop <-chan struct{}) Reason {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-stop:
			if w.group.killedForMemory() {
				return Memory
			}
			return Ended
		case <-ctx.Done():
			w.kill()
			return Canceled
		case now := <-tick.C:
			if r := w.look(now, began); r != Ended {
				w.kill()
				return r
			}
		}
	}
}

func (w *watch) look(now, began time.Time) Reason {
	l := w.limits
	if l.Time > 0 && now.Sub(began) > l.Time {
		return Time
	}
	if l.Silence > 0 && now.Sub(time.Unix(0, w.out.last.Load())) > l.Silence {
		return Silence
	}
	if w.group.killedForMemory() {
		return Memory
	}
	n := w.group.forksRefused()
	if n > w.refused && w.group.crowded() {
		w.crowded++
	} else {
		w.crowded = max(0, w.crowded-1) // a bomb's processes also die, for a moment
	}
	w.refused = n
	if w.crowded >= looksLong {
		return Processes
	}
	if w.scratch.Full() {
		w.full++
	} else {
		w.full = 0
	}
	if w.full >= looksLong {
		return Disk
	}
	return Ended
}

// hint names a limit that a failed program ran into on its way.
func (w *watch) hint() Reason {
	switch {
	case w.group.forksRefused() > 0:
		return Processes
	case w.full > 0 || w.scratch.Full():
		return Disk
	}
	return Ended
}
