package task

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Hold is the proof that a task is somebody's: the epoch of its lease. Host is
// 0 for a hub.
type Hold struct {
	Task  int64
	Host  int64
	Epoch int64
}

func fenced(op string, h Hold, t *Task) error {
	if t != nil && t.State == Canceled {
		return kura.Errorf(op, kura.Fenced, "task %d was cancelled: stop the work and throw it away", h.Task)
	}
	return kura.Errorf(op, kura.Fenced,
		"lease %d of task %d is over, the task is not yours any more: stop the work and throw it away", h.Epoch, h.Task)
}

func (h Hold) holds(t *Task) bool {
	return t.Epoch == h.Epoch && t.State == Open && t.LeaseUntil != nil &&
		(h.Host == 0 && t.Hub || t.HostID != nil && *t.HostID == h.Host)
}

// Held gives the task if the hold on it is good, without locking it: for logs
// and files, of which a late one does no harm.
func Held(ctx context.Context, tx *db.Tx, h Hold) (*Task, error) {
	return held(ctx, tx, "task.Held", h, db.Lock{})
}

// Own is Held for what decides: the task stays as it is until the end of the
// transaction.
func Own(ctx context.Context, tx *db.Tx, h Hold) (*Task, error) {
	return held(ctx, tx, "task.Own", h, tx.LockRows())
}

func held(ctx context.Context, tx *db.Tx, op string, h Hold, lock db.Lock) (*Task, error) {
	t, err := get(ctx, tx, op, h.Task, lock)
	if err != nil {
		return nil, err
	}
	if !h.holds(t) {
		return nil, fenced(op, h, t)
	}
	return t, nil
}

// Heartbeat extends a lease and tells whether the work should stop. A lease
// that ran out but was given to nobody else is good again.
func (r *Room) Heartbeat(ctx context.Context, tx *db.Tx, h Hold, phase string, term time.Duration) (cancel bool, err error) {
	const op = "task.Heartbeat"
	var set *string
	if phase != "" {
		set = &phase
	}
	n, err := tx.Exec(ctx, `UPDATE task SET lease_until = $4, phase = COALESCE($5, phase)
		WHERE id = $1 AND epoch = $2 AND host_id = $3 AND state = 1 AND lease_until IS NOT NULL`,
		h.Task, h.Epoch, h.Host, db.Now()+term.Microseconds(), set)
	if err != nil {
		return false, kura.E(op, err)
	}
	if n == 1 {
		_, err = tx.Exec(ctx, "UPDATE host SET update_time = $2 WHERE id = $1 AND update_time < $3",
			h.Host, db.Now(), db.Now()-checkInEvery.Microseconds())
		return false, kura.E(op, err)
	}
	t, err := Get(ctx, tx, h.Task)
	if err != nil {
		return false, kura.E(op, err)
	}
	if t.State == Canceled && t.Epoch == h.Epoch && t.HostID != nil && *t.HostID == h.Host {
		return true, nil
	}
	return false, fenced(op, h, t)
}

// CheckIn records that a host called, what it said of itself (data; nil: as
// before), and its load. To spare the disk it writes only when something
// changed or the last time is some seconds ago.
func (r *Room) CheckIn(ctx context.Context, d *db.DB, host int64, ready bool, load float64, data []byte) error {
	const op = "task.CheckIn"
	now := db.Now()
	var fresh bool
	err := d.View(ctx, func(tx *db.Tx) error {
		h, err := GetHost(ctx, tx, Ref{ID: host}, 0)
		if err != nil {
			return err
		}
		fresh = h.UpdateTime != nil && now-*h.UpdateTime < checkInEvery.Microseconds() &&
			h.Ready == ready && (data == nil || string(h.Data) == string(data))
		return nil
	})
	if err != nil || fresh {
		return kura.E(op, err)
	}
	err = d.Update(ctx, func(tx *db.Tx) error { return r.UpdateHost(ctx, tx, host, ready, load, data) })
	return kura.E(op, err)
}

const checkInEvery = 10 * time.Second

// UpdateHost records that a host called.
func (r *Room) UpdateHost(ctx context.Context, tx *db.Tx, host int64, ready bool, load float64, data []byte) error {
	var text *string
	if data != nil {
		s := string(data)
		text = &s
	}
	_, err := tx.Exec(ctx, `UPDATE host SET update_time = $2, ready = $3, task_load = $4, data = COALESCE($5, data)
		WHERE id = $1`, host, db.Now(), ready, load, text)
	return kura.E("task.UpdateHost", err)
}
