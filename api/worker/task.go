package worker

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// maxHold bounds how long a heartbeat is held; it renews for longer.
const maxHold = 30 * time.Second

// hold names the task of a call, for this host and no other.
func (c *call) hold(epoch int64) (task.Hold, error) {
	id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return task.Hold{}, kura.Errorf("worker.hold", kura.Invalid, "%.40q is not the number of a task", c.PathValue("id"))
	}
	return task.Hold{Task: id, Host: c.host, Epoch: epoch}, nil
}

func (s *Server) heartbeat(c *call) (any, error) {
	var q protocol.Heartbeat
	if err := read(c, s.Limits.JSON, &q); err != nil {
		return nil, err
	}
	if len(q.Phase) > 64 {
		return nil, kura.Errorf("worker.heartbeat", kura.Invalid, "a phase with a name of %d bytes", len(q.Phase))
	}
	h, err := c.hold(q.Epoch)
	if err != nil {
		return nil, err
	}
	ctx := c.Context()
	cancelled := make(chan struct{}, 1)
	stop, err := s.Room.OnCancel(h.Task, func() {
		select {
		case cancelled <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	beat := func(ctx context.Context) (stop bool, err error) {
		err = s.DB.Update(ctx, func(tx *db.Tx) (err error) {
			stop, err = s.Room.Heartbeat(ctx, tx, h, q.Phase, task.Term)
			return err
		})
		return stop, err
	}
	cancel, err := beat(ctx)
	if err == nil && !cancel && q.Wait > 0 {
		timer := time.NewTimer(min(q.Wait, maxHold))
		defer timer.Stop()
		select {
		case <-cancelled:
			cancel, err = beat(ctx)
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if err != nil {
		return nil, err
	}
	return protocol.HeartbeatAnswer{Term: task.Term, Cancel: cancel}, nil
}

func (s *Server) buildroot(c *call) (any, error) {
	var q protocol.Buildroot
	if err := read(c, s.Limits.Root, &q); err != nil {
		return nil, err
	}
	if q.State != "init" && q.State != "done" {
		return nil, kura.Errorf("worker.buildroot", kura.Invalid, "state %.40q of a buildroot: it is init or done", q.State)
	}
	h, err := c.hold(q.Epoch)
	if err != nil {
		return nil, err
	}
	ctx := c.Context()
	var id int64
	err = s.DB.Update(ctx, func(tx *db.Tx) error {
		t, err := task.Own(ctx, tx, h)
		if err != nil {
			return err
		}
		id, err = s.Buildroots.Buildroot(ctx, tx, t, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	return protocol.BuildrootAnswer{ID: id}, nil
}

func (s *Server) finish(c *call) (any, error) {
	var q protocol.Finish
	if err := read(c, s.Limits.JSON, &q); err != nil {
		return nil, err
	}
	h, err := c.hold(q.Epoch)
	if err != nil {
		return nil, err
	}
	names := slices.Concat(q.RPMs, q.Logs)
	if q.SRPM != "" {
		names = append(names, q.SRPM)
	}
	for _, n := range names {
		if err := checkFileName(n); err != nil {
			return nil, err
		}
	}
	ctx := c.Context()
	var t *task.Task
	err = s.DB.Update(ctx, func(tx *db.Tx) error {
		var err error
		if t, err = task.Own(ctx, tx, h); err != nil {
			return err
		}
		result, err := s.Results.Finish(ctx, tx, t, q)
		if err != nil {
			return err
		}
		_, err = s.Room.Finish(ctx, tx, h, result)
		return err
	})
	if err == nil {
		s.ended(t, "closed")
		return nil, nil
	}
	if t != nil && blame(err) {
		// What it made cannot be taken in: that is the task's end, and not for
		// the host to try again.
		cause := err
		err = s.DB.Update(ctx, func(tx *db.Tx) error {
			_, err := s.Room.Fail(ctx, tx, h, faultOf(cause, "import"))
			return err
		})
		if err == nil {
			s.ended(t, "failed")
			s.Log.Info("a task's result was not taken in", "task", t.ID, "host", c.name, "err", cause)
			return nil, nil
		}
	}
	return nil, s.twice(ctx, h, err)
}

func (s *Server) fail(c *call) (any, error) {
	var q protocol.Fail
	if err := read(c, s.Limits.JSON, &q); err != nil {
		return nil, err
	}
	h, err := c.hold(q.Epoch)
	if err != nil {
		return nil, err
	}
	if q.Log != "" {
		if err := checkFileName(q.Log); err != nil {
			return nil, err
		}
	}
	f := task.Fault{
		Phase: clip(q.Phase, 64), Message: clip(q.Message, 4096), Cause: clip(q.Cause, 4096),
		Log: q.Log, Line: q.Line, Buildroot: q.Buildroot,
	}
	if f.Message == "" {
		f.Message = "host " + c.name + " failed the task without saying why"
	}
	ctx := c.Context()
	var t *task.Task
	err = s.DB.Update(ctx, func(tx *db.Tx) (err error) {
		if q.Retryable {
			t, err = s.Room.Return(ctx, tx, h, f)
		} else {
			t, err = s.Room.Fail(ctx, tx, h, f)
		}
		return err
	})
	if err != nil {
		return nil, s.twice(ctx, h, err)
	}
	s.ended(t, map[bool]string{true: "failed", false: "returned"}[t.State == task.Failed])
	return nil, nil
}

func (s *Server) refuse(c *call) (any, error) {
	var q protocol.Refuse
	if err := read(c, s.Limits.JSON, &q); err != nil {
		return nil, err
	}
	h, err := c.hold(q.Epoch)
	if err != nil {
		return nil, err
	}
	ctx := c.Context()
	err = s.DB.Update(ctx, func(tx *db.Tx) error {
		return s.Room.Refuse(ctx, tx, h, clip(q.Reason, 1024), !q.Hard)
	})
	if err == nil {
		s.logs.drop(h.Task)
	}
	return nil, err
}

func (s *Server) ended(t *task.Task, end string) {
	s.logs.drop(t.ID)
	s.metrics.ended.WithLabelValues(t.Method, end).Inc()
}

// twice lets a host end a task a second time when it did not get the answer to
// the first.
func (s *Server) twice(ctx context.Context, h task.Hold, err error) error {
	if !kura.Is(err, kura.Fenced) {
		return err
	}
	var t *task.Task
	e := s.DB.View(ctx, func(tx *db.Tx) (err error) {
		t, err = task.Get(ctx, tx, h.Task)
		return err
	})
	if e == nil && (t.State == task.Closed || t.State == task.Failed) && held(t) == h {
		return nil
	}
	return err
}

// clip bounds what a host says, and keeps it text.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "?"), "?")
}
