package web

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// readiness remembers how the parts of kura were, so that looking at the front
// page often does not try the disk often.
type readiness struct {
	probes []Probe
	log    *slog.Logger
	mu     sync.Mutex
	at     time.Time
	last   []health
}

type health struct {
	Name string
	Bad  string // what is wrong; empty: well
}

const readyFor = 10 * time.Second

func (r *readiness) look(ctx context.Context) []health {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < readyFor {
		return r.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	r.last = r.last[:0:0]
	for _, p := range r.probes {
		h := health{Name: p.Name}
		if err := p.Check(ctx); err != nil {
			h.Bad = "is not well" // why is for the hub's log and for kura doctor, not for everybody
			r.log.Warn("a part is not well", "part", p.Name, "err", err)
		}
		r.last = append(r.last, h)
	}
	r.at = time.Now()
	return r.last
}
