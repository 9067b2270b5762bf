package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/rpm"
)

// job is one leased task on its way.
type job struct {
	w      *Worker
	lease  *protocol.Lease
	weight float64
	log    *slog.Logger

	mu     sync.Mutex
	cancel context.CancelCauseFunc
	done   chan struct{}
	phase  string
	moved  chan struct{} // holds a value after the phase changed
	logs   *logs
	ctx    context.Context
}

// errCanceled ends a task that the hub does not want any more.
var errCanceled = errors.New("the task was canceled")

// run carries the task out, from its lease to the delivery of its result.
func (j *job) run() {
	defer close(j.done)
	defer j.cancel(nil)
	began := time.Now()
	j.log.Info("task starts", "arch", j.lease.Arch)
	dir := filepath.Join(j.w.cfg.Dir, "tasks", strconv.FormatInt(j.lease.Task, 10)+"-"+strconv.FormatInt(j.lease.Epoch, 10))
	out := filepath.Join(dir, "files")
	err := os.MkdirAll(out, 0o700)
	if err == nil {
		j.logs, err = newLogs(filepath.Join(dir, "logs"), func(ctx context.Context, name string, offset int64, data []byte) (protocol.LogAnswer, error) {
			return j.w.hub.Log(ctx, j.lease.Task, j.lease.Epoch, name, offset, data)
		})
	}
	if err != nil {
		j.log.Error("no room for a task", "err", err)
		j.refuse("the builder cannot write to its disk: " + err.Error())
		return
	}
	defer os.RemoveAll(dir)
	defer j.logs.close()
	beating := make(chan struct{})
	go func() { j.beat(j.ctx); close(beating) }()
	err = j.work(j.ctx, out)
	j.cancel(nil)
	<-beating
	j.log.Info("task ended", "took", time.Since(began).Round(time.Millisecond), "err", err)
}

// prepare makes what must be there before run, so that others can cancel it.
func (j *job) prepare(ctx context.Context) {
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	j.done, j.moved = make(chan struct{}), make(chan struct{}, 1)
}

func (j *job) work(ctx context.Context, out string) error {
	crew := j.w.crews[j.lease.Method]
	if crew == nil {
		j.refuse("this builder does not know the method " + j.lease.Method)
		return nil
	}
	res, err := crew.Work(ctx, j.lease, j.w.cfg.Limits, j, out)
	if cause := context.Cause(ctx); cause != nil {
		return j.stopped(cause)
	}
	if err != nil {
		return j.fail(ctx, err)
	}
	if err := j.deliver(ctx, out, res); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return j.stopped(cause)
		}
		return err
	}
	return nil
}

// stopped ends a task that was stopped from outside.
func (j *job) stopped(cause error) error {
	if errors.Is(cause, errStopping) {
		j.refuse(cause.Error())
	}
	return cause // canceled or fenced: the hub wants to hear nothing
}

// refuse gives the lease back, if the hub can be reached now; else it ends by
// itself.
func (j *job) refuse(reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(j.ctx), 5*time.Second)
	defer cancel()
	if err := j.w.hub.Refuse(ctx, j.lease.Task, protocol.Refuse{Epoch: j.lease.Epoch, Reason: reason}); err != nil {
		j.log.Warn("could not give the lease back", "err", err)
	}
}

// beat renews the lease until ctx ends. The hub holds the answer for a third of
// the term, so a cancel is known at once.
func (j *job) beat(ctx context.Context) {
	term := j.lease.Term
	for ctx.Err() == nil {
		j.mu.Lock()
		phase := j.phase
		j.mu.Unlock()
		held, release := context.WithCancel(ctx)
		began := time.Now()
		go func() { // a new phase is told at once
			select {
			case <-j.moved:
				release()
			case <-held.Done():
			}
		}()
		a, err := j.w.hub.Heartbeat(held, j.lease.Task, protocol.Heartbeat{Epoch: j.lease.Epoch, Phase: phase, Load: load(), Wait: term / 3})
		changed := held.Err() != nil
		release()
		switch {
		case err == nil && a.Cancel:
			j.cancel(errCanceled)
			return
		case err == nil:
			if a.Term > 0 {
				term = a.Term
			}
			// A hub that does not hold the answer is not asked all the time.
			if !changed && time.Since(began) < term/6 {
				j.pause(ctx, term/3-time.Since(began))
			}
		case !again(err):
			j.cancel(err)
			return
		case changed && ctx.Err() == nil:
		default:
			j.pause(ctx, min(term/6, 5*time.Second))
		}
	}
}

// pause waits for d, or for the phase to change.
func (j *job) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-j.moved:
	case <-ctx.Done():
	}
}

// Log is the desk's: a log that is sent while it grows.
func (j *job) Log(name string) io.Writer { return j.logs.open(j.ctx, name) }

// Phase is the desk's: how far the task is.
func (j *job) Phase(name string) {
	j.mu.Lock()
	changed := j.phase != name
	j.phase = name
	j.mu.Unlock()
	if changed {
		select {
		case j.moved <- struct{}{}:
		default:
		}
	}
}

// Buildroot is the desk's: it records what a root holds.
func (j *job) Buildroot(ctx context.Context, b protocol.Buildroot) (id int64, err error) {
	b.Epoch = j.lease.Epoch
	err = persist(ctx, func() error {
		a, err := j.w.hub.Buildroot(ctx, j.lease.Task, b)
		id = a.ID
		return err
	})
	return id, err
}

// Fetch is the desk's: it opens a file that the order names.
func (j *job) Fetch(ctx context.Context, url string) (r io.ReadCloser, err error) {
	err = persist(ctx, func() error {
		r, err = j.w.hub.Fetch(ctx, url)
		return err
	})
	return r, err
}

// fail tells the hub why there is no result.
func (j *job) fail(ctx context.Context, err error) error {
	f := protocol.Fail{Epoch: j.lease.Epoch, Message: err.Error(), Retryable: true}
	var why *rpm.Failure
	if errors.As(err, &why) {
		f.Phase, f.Message, f.Cause, f.Log, f.Line = why.Phase, why.Message, why.Cause, why.Log, why.Line
		f.Retryable, f.Buildroot = why.Retryable, why.Buildroot
	}
	if _, err := j.logs.end(ctx); err != nil {
		return err
	}
	j.log.Info("task fails", "phase", f.Phase, "message", f.Message)
	return persist(ctx, func() error { return j.w.hub.Fail(ctx, j.lease.Task, f) })
}

// deliver sends what the task made, and ends it.
func (j *job) deliver(ctx context.Context, out string, r *rpm.Result) error {
	names := append([]string{}, r.RPMs...)
	if r.SRPM != "" {
		names = append(names, r.SRPM)
	}
	for _, n := range names {
		if err := j.sendFile(ctx, filepath.Join(out, n), n); err != nil {
			if again(err) || kura.Is(err, kura.Fenced) {
				return err
			}
			return j.fail(ctx, &rpm.Failure{Phase: "import", Message: fmt.Sprintf("The hub does not take %s: %s", n, err)})
		}
	}
	logs, err := j.logs.end(ctx)
	if err != nil {
		return err
	}
	err = persist(ctx, func() error {
		return j.w.hub.Finish(ctx, j.lease.Task, protocol.Finish{
			Epoch: j.lease.Epoch, SRPM: r.SRPM, RPMs: r.RPMs, Logs: logs, Source: r.Source, Buildroot: r.Buildroot, Timings: r.Timings,
		})
	})
	if err == nil || kura.Is(err, kura.Fenced) || ctx.Err() != nil {
		return err
	}
	return j.fail(ctx, &rpm.Failure{Phase: "import", Message: "The hub does not take the result: " + err.Error()})
}

// mostDamaged is how often a file may arrive damaged before it is given up.
const mostDamaged = 3

func (j *job) sendFile(ctx context.Context, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	for damaged := 0; ; damaged++ {
		var a protocol.FileAnswer
		err = persist(ctx, func() (err error) {
			a, err = j.w.hub.File(ctx, j.lease.Task, j.lease.Epoch, name, sum, size, io.NewSectionReader(f, 0, size))
			return err
		})
		if err != nil || a.SHA256 == sum {
			return err
		}
		if damaged == mostDamaged {
			return kura.Errorf("worker.sendFile", kura.Invalid, "it arrived damaged %d times", damaged)
		}
	}
}
