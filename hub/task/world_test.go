package task_test

import (
	"context"
	"sync"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// bus is a bus of one process.
type bus struct {
	mu sync.Mutex
	on map[string]map[int]func(string, []byte)
	n  int
}

func (b *bus) Signal(topic string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.on[topic] {
		go f(topic, data)
	}
	return nil
}

func (b *bus) Listen(topic string, fn func(string, []byte)) (func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on == nil {
		b.on = map[string]map[int]func(string, []byte){}
	}
	if b.on[topic] == nil {
		b.on[topic] = map[int]func(string, []byte){}
	}
	b.n++
	n := b.n
	b.on[topic][n] = fn
	return func() { b.mu.Lock(); delete(b.on[topic], n); b.mu.Unlock() }, nil
}

// world is a database with users, hosts and the room.
type world struct {
	t testing.TB
	d *db.DB
	r *task.Room
}

var (
	ctx   = context.Background()
	admin = account.System
)

func newWorld(t testing.TB, d *db.DB) *world {
	w := &world{t: t, d: d, r: task.New(&bus{})}
	w.r.Retry = 0
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

func (w *world) do(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Update(ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) user(name string) (id int64) {
	w.t.Helper()
	w.do(func(tx *db.Tx) (err error) {
		id, err = tx.Insert(ctx, "INSERT INTO users (name) VALUES ($1) RETURNING id", name)
		return err
	})
	return id
}

func (w *world) host(name string, arches ...string) (id int64) {
	w.t.Helper()
	w.do(func(tx *db.Tx) (err error) {
		id, err = w.r.AddHost(ctx, tx, admin, name, arches)
		return err
	})
	return id
}

func (w *world) capacity(host int64, c float64) {
	w.t.Helper()
	w.do(func(tx *db.Tx) error {
		_, err := w.r.EditHost(ctx, tx, admin, task.Ref{ID: host}, task.HostEdit{Capacity: &c})
		return err
	})
}

func (w *world) make(s task.Spec) (t *task.Task) {
	w.t.Helper()
	if s.Method == "" {
		s.Method = "buildArch"
	}
	w.do(func(tx *db.Tx) (err error) { t, err = w.r.Make(ctx, tx, s); return err })
	return t
}

func (w *world) lease(o task.Offer) (t *task.Task) {
	w.t.Helper()
	w.do(func(tx *db.Tx) (err error) { t, err = w.r.Lease(ctx, tx, o); return err })
	return t
}

func (w *world) get(id int64) (t *task.Task) {
	w.t.Helper()
	if err := w.d.View(ctx, func(tx *db.Tx) (err error) { t, err = task.Get(ctx, tx, id); return err }); err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) finish(t *task.Task, result any) error {
	return w.d.Update(ctx, func(tx *db.Tx) error {
		_, err := w.r.Finish(ctx, tx, hold(t), result)
		return err
	})
}

func hold(t *task.Task) task.Hold {
	h := task.Hold{Task: t.ID, Epoch: t.Epoch}
	if t.HostID != nil {
		h.Host = *t.HostID
	}
	return h
}

func offer(host int64) task.Offer { return task.Offer{Host: host, Free: -1} }
