package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Later is what a handler gives back when it is to be run again after a while:
// it waits for what no child of it does.
type Later struct {
	After time.Duration
	Why   string
}

func (l *Later) Error() string { return l.Why }

// ErrWait is what a handler gives back when it waits for children: the task
// then holds no slot, and its handler is called anew, from its start, when all
// that it waits for is over.
var ErrWait = errors.New("the task waits for its children")

// Handler does a hub task. It may be called any number of times, after a wait
// as after a hub's death, so it asks for its children by label and does what
// it does to records in transactions that are safe to repeat. What it returns
// becomes the task's result; an error that is a *Fault is kept as it is.
type Handler func(ctx context.Context, r *Run) (result any, err error)

// Run is one call of a handler.
type Run struct {
	Task *Task
	DB   *db.DB
	Log  *slog.Logger

	runner *Runner
}

// hubTerm is the term of a hub's lease, renewed three times in it.
const hubTerm = 30 * time.Second

// Runner runs the tasks of the hub itself.
type Runner struct {
	room     *Room
	db       *db.DB
	hub      string
	log      *slog.Logger
	slots    int
	handlers map[string]Handler
	methods  []string
	wake     chan struct{}

	mu   sync.Mutex
	runs map[Hold]context.CancelCauseFunc
}

// NewRunner makes a runner. hub names this hub among others, and stays the
// same when it is started anew; slots is how many tasks it runs at once.
func NewRunner(r *Room, d *db.DB, hub string, slots int, log *slog.Logger) *Runner {
	return &Runner{
		room: r, db: d, hub: hub, slots: slots, log: log, handlers: map[string]Handler{},
		wake: make(chan struct{}, 1), runs: map[Hold]context.CancelCauseFunc{},
	}
}

// Handle registers what does a method. All are registered before Run.
func (n *Runner) Handle(method string, h Handler) {
	n.handlers[method] = h
	n.methods = append(n.methods, method)
}

// Methods gives what is registered.
func (n *Runner) Methods() []string { return slices.Clone(n.methods) }

// errLost cancels a handler whose task is its no more.
var errLost = errors.New("the task is not this hub's any more")

// Run runs tasks until ctx ends and all handlers have returned. What they left
// unfinished is taken up by another hub, or by this one when it starts again.
func (n *Runner) Run(ctx context.Context) error {
	if err := n.reclaim(ctx); err != nil {
		return kura.E("task.Runner", err)
	}
	stop, err := n.room.listen(TopicHub, n.poke)
	if err != nil {
		return kura.E("task.Runner", err)
	}
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { n.beat(ctx) })
	slots := make(chan struct{}, n.slots)
	t := time.NewTicker(tick)
	defer t.Stop()
	n.poke()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.wake:
		case <-t.C:
		}
		for ctx.Err() == nil {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			task, err := n.next(ctx)
			if err != nil || task == nil {
				<-slots
				if err != nil && ctx.Err() == nil {
					n.log.Warn("take a task of the hub", "err", err)
				}
				break
			}
			wg.Go(func() {
				defer func() { <-slots }()
				n.run(ctx, task)
			})
		}
	}
}

func (n *Runner) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// reclaim frees what this hub was at when it died.
func (n *Runner) reclaim(ctx context.Context) error {
	return n.db.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE task SET lease_until = NULL, holder = NULL, epoch = epoch + 1
			WHERE hub = TRUE AND state = 1 AND lease_until IS NOT NULL AND holder = $1`, n.hub)
		return err
	})
}

// next leases a task: a new one, or one that can go on.
func (n *Runner) next(ctx context.Context) (got *Task, err error) {
	err = n.db.View(ctx, func(tx *db.Tx) error { // spares the writer's lock when there is nothing
		var b db.Builder
		n.pick(&b)
		ids, err := db.Find(ctx, tx, db.Column[int64], &b)
		if err == nil && len(ids) == 0 {
			err = errNone
		}
		return err
	})
	if errors.Is(err, errNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = n.db.Update(ctx, func(tx *db.Tx) error {
		got = nil
		now := db.Now()
		var b db.Builder
		b.Add(`UPDATE task SET state = 1, epoch = epoch + 1, runs = runs + 1, lease_until = ?, holder = ?,
			start_time = COALESCE(start_time, ?) WHERE id = (`, now+hubTerm.Microseconds(), n.hub, now)
		n.pick(&b)
		b.Lock(tx.SkipLocked()).Add(") RETURNING " + columns)
		rows, err := db.Find(ctx, tx, scanTask, &b)
		if err == nil && len(rows) == 0 { // another hub was faster, or its row is locked just now
			time.AfterFunc(again, n.poke)
		}
		if err != nil || len(rows) == 0 {
			return err
		}
		got = rows[0]
		if got.Runs > 1 {
			return nil // it has been open since its first run
		}
		return changed(ctx, tx, got, Free.String())
	})
	return got, err
}

var errNone = errors.New("none")

func (n *Runner) pick(b *db.Builder) {
	b.Add(`SELECT id FROM task WHERE hub = TRUE AND state IN (0, 1) AND lease_until IS NULL AND waiting = FALSE
		AND not_before <= ? AND`, db.Now())
	db.In(b, "method", n.methods)
	b.Add(" ORDER BY priority, id LIMIT 1")
}

// run calls the handler and records how it ended.
func (n *Runner) run(ctx context.Context, t *Task) {
	log := n.log.With("task", t.ID, "method", t.Method)
	h := Hold{Task: t.ID, Epoch: t.Epoch}
	c, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n.mu.Lock()
	n.runs[h] = cancel
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.runs, h)
		n.mu.Unlock()
	}()
	if stop, err := n.room.OnCancel(t.ID, func() { cancel(errLost) }); err == nil {
		defer stop()
	}
	var later *Later
	result, err := n.call(c, &Run{Task: t, DB: n.db, Log: log, runner: n})
	// The hub goes down: the record of what was reached must still be written.
	end, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	switch {
	case errors.Is(context.Cause(c), errLost), errors.Is(err, ErrWait), kura.Is(err, kura.Fenced):
		return
	case errors.As(err, &later):
		err = n.db.Update(end, func(tx *db.Tx) error { return n.putOff(end, tx, h, later) })
	case err != nil && ctx.Err() != nil, temporary(err):
		err = n.db.Update(end, func(tx *db.Tx) error { return n.putBack(end, tx, h, err, ctx.Err() == nil) })
	case err != nil:
		log.Info("task failed", "err", err, "ops", kura.Trace(err))
		err = n.db.Update(end, func(tx *db.Tx) error { _, e := n.room.Fail(end, tx, h, faultOf(err)); return e })
	default:
		err = n.db.Update(end, func(tx *db.Tx) error { _, e := n.room.Finish(end, tx, h, result); return e })
	}
	if err != nil && !kura.Is(err, kura.Fenced) {
		log.Warn("record the end of a task", "err", err) // its lease runs out, and it is run again
	}
}

// temporary: the task is not to blame, another try may do.
func temporary(err error) bool {
	return kura.Is(err, kura.Unavailable) || kura.Is(err, kura.NoSpace) || kura.Is(err, kura.Locked)
}

// putBack gives an unfinished task back: at once when the hub goes down, with
// a pause and one attempt less when something was away.
func (n *Runner) putBack(ctx context.Context, tx *db.Tx, h Hold, cause error, count bool) error {
	t, err := Own(ctx, tx, h)
	if err != nil {
		return err
	}
	if count {
		return n.room.lose(ctx, tx, t, cause.Error())
	}
	return n.room.free(ctx, tx, t, 0)
}

// putOff gives a task back that is to go on later.
func (n *Runner) putOff(ctx context.Context, tx *db.Tx, h Hold, l *Later) error {
	t, err := Own(ctx, tx, h)
	if err != nil {
		return err
	}
	return n.room.free(ctx, tx, t, l.After)
}

func faultOf(err error) Fault {
	var f *Fault
	if errors.As(err, &f) {
		return *f
	}
	return Fault{Kind: kura.KindOf(err).String(), Message: err.Error()}
}

// call keeps a handler's panic from taking the hub down.
func (n *Runner) call(ctx context.Context, r *Run) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("a handler panicked", "panic", p, "stack", string(debug.Stack()))
			err = &Fault{Message: fmt.Sprintf("the hub's own handler of %s broke down: %v", r.Task.Method, p)}
		}
	}()
	return n.handlers[r.Task.Method](ctx, r)
}

// beat renews the leases of all runs, and stops those that were lost.
func (n *Runner) beat(ctx context.Context) {
	t := time.NewTicker(hubTerm / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := n.renew(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("renew the hub's leases", "err", err)
		}
	}
}

func (n *Runner) renew(ctx context.Context) error {
	n.mu.Lock()
	ids := make([]int64, 0, len(n.runs))
	for h := range n.runs {
		ids = append(ids, h.Task)
	}
	n.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	var alive []Hold
	err := n.db.Update(ctx, func(tx *db.Tx) (err error) {
		var b db.Builder
		b.Add("UPDATE task SET lease_until = ? WHERE state = 1 AND lease_until IS NOT NULL AND holder = ? AND",
			db.Now()+hubTerm.Microseconds(), n.hub)
		db.In(&b, "id", ids)
		b.Add(" RETURNING id, epoch")
		alive, err = db.Find(ctx, tx, func(s db.Scanner) (h Hold, err error) { return h, s.Scan(&h.Task, &h.Epoch) }, &b)
		return err
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for h, cancel := range n.runs {
		if slices.Contains(ids, h.Task) && !slices.Contains(alive, h) {
			cancel(errLost)
		}
	}
	return nil
}
