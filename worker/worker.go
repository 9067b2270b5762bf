package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/rpm"
	"github.com/kura-build/kura/worker/sandbox"
)

// Worker is one build host.
type Worker struct {
	cfg   Config
	hub   Hub
	crews map[string]Crew // by task method

	mu      sync.Mutex
	running map[int64]*job
	freed   chan struct{} // holds a value after a task ended
	hasty   bool          // the last poll was let go of; only the leasing loop's
	wg      sync.WaitGroup
}

// Crew carries out tasks of some methods. out is a directory for the files it
// makes; what it says while it works goes to the desk.
type Crew interface {
	Work(ctx context.Context, lease *protocol.Lease, limits protocol.Limits, desk rpm.Hub, out string) (*rpm.Result, error)
}

// Run is a worker from start to end: it makes cfg.Dir ready, works until ctx
// ends, lets running tasks go on for cfg.Drain, and gives the rest back.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.complete(); err != nil {
		return kura.E("worker.Run", err)
	}
	unlock, err := lockDir(cfg.Dir)
	if err != nil {
		return kura.E("worker.Run", err)
	}
	defer unlock()
	hub, err := client.NewWorker(client.WorkerConfig{Hub: cfg.Hub, CertFile: cfg.CertFile, KeyFile: cfg.KeyFile, CAFile: cfg.CAFile})
	if err != nil {
		return err
	}
	host, err := sandbox.NewHost(filepath.Join(cfg.Dir, "sandbox"))
	if err != nil {
		return kura.E("worker.Run", err)
	}
	for _, a := range cfg.Emulate {
		if !slices.Contains(sandbox.Emulators(), a) {
			return kura.Errorf("worker.Run", kura.Invalid, "this host cannot emulate %s: register qemu-user for it with binfmt_misc, with flag F", a)
		}
	}
	b, err := rpm.New(host, rpm.Options{
		Dir: filepath.Join(cfg.Dir, "rpm"), HTTP: hub.HTTP(), Hub: cfg.Hub, CertFile: cfg.CertFile, KeyFile: cfg.KeyFile, CAFile: cfg.CAFile,
		BuildHost: buildHost(cfg.Name), CacheMax: cfg.CacheMax, MinFree: cfg.MinFree, Emulate: cfg.Emulate,
	})
	if err != nil {
		return kura.E("worker.Run", err)
	}
	crew := rpmCrew{b: b, hub: strings.TrimSuffix(cfg.Hub, "/")}
	w, err := New(cfg, hub, map[string]Crew{"buildSRPMFromSCM": crew, "rebuildSRPM": crew, "buildArch": crew})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// New gives a worker that asks hub for tasks of the crews' methods.
func New(cfg Config, hub Hub, crews map[string]Crew) (*Worker, error) {
	if err := cfg.complete(); err != nil {
		return nil, kura.E("worker.New", err)
	}
	// What lies there belongs to leases that nobody holds any more.
	tasks := filepath.Join(cfg.Dir, "tasks")
	if err := errors.Join(os.RemoveAll(tasks), os.Mkdir(tasks, 0o700)); err != nil {
		return nil, kura.E("worker.New", err)
	}
	return &Worker{cfg: cfg, hub: hub, crews: crews, running: map[int64]*job{}, freed: make(chan struct{}, 1)}, nil
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
	w.cfg.Log.Info("worker starts", "name", w.cfg.Name, "hub", w.cfg.Hub, "capacity", w.cfg.Capacity, "arches", w.cfg.Arches)
	// Tasks outlive ctx by the time to drain.
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	for pause := firstPause; ctx.Err() == nil; {
		lease, err := w.lease(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			w.cfg.Log.Warn("the hub gives no work", "err", err, "again_in", pause)
			sleep(ctx, pause)
			pause = min(2*pause, lastPause)
			continue
		case lease != nil:
			w.start(work, lease)
		}
		pause = firstPause
	}
	w.drain(stop)
	return nil
}

// errStopping ends tasks of a worker that is told to stop.
var errStopping = errors.New("this builder is being stopped")

// drain waits for running tasks, then ends them.
func (w *Worker) drain(stop context.CancelCauseFunc) {
	done := make(chan struct{})
	go func() { w.wg.Wait(); close(done) }()
	if w.cfg.Drain > 0 {
		select {
		case <-done:
			return
		case <-time.After(w.cfg.Drain):
		}
	}
	stop(errStopping)
	<-done
}

// longPoll is how long the hub may hold the question for work.
const longPoll = 50 * time.Second

// shortPoll is longer than the time for which a hub believes that a lease it
// gave is still on its way.
const shortPoll = 7 * time.Second

// lease waits until there is room here, then asks for a task.
func (w *Worker) lease(ctx context.Context) (*protocol.Lease, error) {
	free, held := w.state()
	if free <= 0 {
		select {
		case <-w.freed:
		case <-ctx.Done():
		}
		return nil, nil
	}
	disk := freeDisk(w.cfg.Dir)
	if disk < w.cfg.MinFree {
		return nil, fmt.Errorf("%s has %d MiB free, less than the %d MiB to be kept: taking no work", w.cfg.Dir, disk>>20, w.cfg.MinFree>>20)
	}
	methods := make([]string, 0, len(w.crews))
	for m := range w.crews {
		methods = append(methods, m)
	}
	slices.Sort(methods)
	return w.ask(ctx, protocol.LeaseRequest{
		Methods: methods, Arches: append(slices.Clone(w.cfg.Arches), w.cfg.Emulate...), Free: free, Load: load(), Memory: freeMemory(), Disk: disk,
		Running: held, Wait: longPoll, Version: kura.Version, Emulated: w.cfg.Emulate,
	})
}

// ask makes the call, and lets go of it when a task ends meanwhile: there is
// more room then than the hub was told. A lease that was on its way just then is
// lost to us; the short poll that follows lets the hub see that we do not name it.
func (w *Worker) ask(ctx context.Context, r protocol.LeaseRequest) (*protocol.Lease, error) {
	if w.hasty {
		r.Wait, w.hasty = shortPoll, false
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		l   *protocol.Lease
		err error
	}
	got := make(chan answer, 1)
	go func() {
		l, err := w.hub.Lease(ctx, r)
		got <- answer{l, err}
	}()
	select {
	case a := <-got:
		return a.l, a.err
	case <-w.freed:
		cancel()
		a := <-got
		if a.l != nil {
			return a.l, nil
		}
		w.hasty = true
		return nil, nil
	}
}

// state gives the capacity that is left and the leases that are held.
func (w *Worker) state() (free float64, held []protocol.Held) {
	w.mu.Lock()
	defer w.mu.Unlock()
	free = w.cfg.Capacity
	held = []protocol.Held{}
	for _, j := range w.running {
		free -= j.weight
		held = append(held, protocol.Held{Task: j.lease.Task, Epoch: j.lease.Epoch})
	}
	return free, held
}

func (w *Worker) start(ctx context.Context, l *protocol.Lease) {
	j := &job{w: w, lease: l, weight: l.Weight, log: w.cfg.Log.With("task", l.Task, "epoch", l.Epoch, "method", l.Method)}
	if j.weight <= 0 {
		j.weight = 1
	}
	j.prepare(ctx)
	w.mu.Lock()
	old := w.running[l.Task]
	w.running[l.Task] = j
	w.mu.Unlock()
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		if old != nil { // the hub gave it up and gives it to us again
			old.cancel(kura.Errorf("worker.start", kura.Fenced, "a newer lease of task %d arrived", l.Task))
			<-old.done
		}
		j.run()
		w.mu.Lock()
		if w.running[l.Task] == j {
			delete(w.running, l.Task)
		}
		w.mu.Unlock()
		select {
		case w.freed <- struct{}{}:
		default:
		}
	}()
}
