package worker

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// maxWait bounds a long poll, below what proxies between allow.
const maxWait = time.Minute

func checkLease(q *protocol.LeaseRequest) error {
	const op = "worker.lease"
	for _, list := range [][]string{q.Methods, q.Arches, q.Emulated} {
		if len(list) > 200 {
			return kura.Errorf(op, kura.Invalid, "a list of %d methods or arches is too long", len(list))
		}
		for _, s := range list {
			if len(s) == 0 || len(s) > 64 {
				return kura.Errorf(op, kura.Invalid, "a method or arch with a name of %d bytes", len(s))
			}
		}
	}
	if len(q.Running) > 1000 {
		return kura.Errorf(op, kura.Invalid, "%d running tasks are too many", len(q.Running))
	}
	if len(q.Methods) == 0 || len(q.Arches) == 0 {
		return kura.Errorf(op, kura.Invalid, "a host that offers no methods or no arches can be given nothing")
	}
	if q.Free < 0 || math.Abs(q.Free) > 1e6 || math.Abs(q.Load) > 1e6 || len(q.Version) > 64 {
		return kura.Errorf(op, kura.Invalid, "free capacity %v, load %v or version %.70q is out of range", q.Free, q.Load, q.Version)
	}
	return nil
}

// hostData is what the hub keeps of what a host says of itself. It changes
// rarely, so that a poll seldom writes.
type hostData struct {
	Methods  []string `json:"methods"`
	Arches   []string `json:"arches"`
	Emulated []string `json:"emulated,omitempty"`
	Version  string   `json:"version"`
	MemoryGB int64    `json:"memory_gb"`
	DiskGB   int64    `json:"disk_gb"`
	Kind     string   `json:"kind"`
}

func (s *Server) lease(c *call) (any, error) {
	var q protocol.LeaseRequest
	if err := read(c, s.Limits.JSON, &q); err != nil {
		return nil, err
	}
	if err := checkLease(&q); err != nil {
		return nil, err
	}
	ctx := c.Context()
	data, err := json.Marshal(hostData{q.Methods, q.Arches, q.Emulated, q.Version, q.Memory >> 30, q.Disk >> 30, "kura"})
	if err != nil {
		return nil, err
	}
	if err := s.Room.CheckIn(ctx, s.DB, c.host, true, q.Load, data); err != nil {
		return nil, err
	}
	known := make([]task.Hold, len(q.Running))
	for i, h := range q.Running {
		known[i] = task.Hold{Task: h.Task, Host: c.host, Epoch: h.Epoch}
	}
	// A host asks again only after it has the answer, or has let go of it: no
	// lease is on its way to it now.
	if n, err := s.Room.Reclaim(ctx, s.DB, c.host, known, 0); err != nil {
		return nil, err
	} else if n > 0 {
		s.Log.Warn("took back leases that their host does not know of", "host", c.name, "tasks", n)
	}
	o := task.Offer{
		Host: c.host, Methods: q.Methods, Arches: q.Arches, Emulated: q.Emulated,
		Free: q.Free, Jobs: math.MaxInt, Term: task.Term,
	}
	end := time.Now().Add(min(max(q.Wait, 0), maxWait))
	for again := false; !again || time.Now().Before(end); again = true {
		t, err := s.Board.Lease(ctx, o, q.Load, time.Until(end))
		if err != nil || t == nil {
			return nil, err
		}
		order, err := s.order(ctx, t)
		if err != nil {
			if err := s.unlease(ctx, t, err); err != nil {
				return nil, err
			}
			continue // the next one, while there is time
		}
		if ctx.Err() != nil { // it has gone meanwhile
			return nil, s.unlease(ctx, t, ctx.Err())
		}
		s.metrics.leased(t)
		s.logs.set(t, order, s.Limits)
		return protocol.Lease{Weight: t.Weight, Task: t.ID, Epoch: t.Epoch, Term: task.Term, Method: t.Method, Arch: t.Arch, Order: order}, nil
	}
	return nil, nil
}

func (s *Server) order(ctx context.Context, t *task.Task) (order json.RawMessage, err error) {
	if t.Runs > 1 {
		err = s.DB.Update(ctx, func(tx *db.Tx) error {
			if _, err := task.Own(ctx, tx, held(t)); err != nil {
				return err
			}
			return s.Files.Restart(ctx, tx, t.ID)
		})
		if err != nil {
			return nil, err
		}
	}
	err = s.DB.View(ctx, func(tx *db.Tx) (err error) {
		order, err = s.Orders.Order(ctx, tx, t)
		return err
	})
	return order, err
}

// unlease undoes a lease for which there is no order: the task fails if that is
// its own fault, and is given again, a little later, if it is ours.
func (s *Server) unlease(ctx context.Context, t *task.Task, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.DB.Update(ctx, func(tx *db.Tx) (err error) {
		switch {
		case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
			err = s.Room.Release(ctx, tx, held(t))
		case blame(cause):
			_, err = s.Room.Fail(ctx, tx, held(t), faultOf(cause, "order"))
		default:
			s.Log.Error("make the order of a task", "task", t.ID, "method", t.Method, "err", cause, "ops", kura.Trace(cause))
			_, err = s.Room.Return(ctx, tx, held(t), task.Fault{Phase: "order", Message: "the hub could not say what is to be done: " + cause.Error()})
		}
		return err
	})
	if kura.Is(err, kura.Fenced) {
		return nil
	}
	return err
}

func held(t *task.Task) task.Hold {
	h := task.Hold{Task: t.ID, Epoch: t.Epoch}
	if t.HostID != nil {
		h.Host = *t.HostID
	}
	return h
}

// blame tells whether the task itself is to blame, and trying again is of no
// use.
func blame(err error) bool {
	var f *task.Fault
	if errors.As(err, &f) {
		return true
	}
	switch kura.KindOf(err) {
	case kura.Other, kura.Unavailable, kura.Locked, kura.NoSpace, kura.Canceled, kura.Fenced, kura.Retry:
		return false
	}
	return true
}

func faultOf(err error, phase string) task.Fault {
	var f *task.Fault
	if errors.As(err, &f) {
		return *f
	}
	return task.Fault{Kind: kura.KindOf(err).String(), Message: err.Error(), Phase: phase}
}
