package task

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Koji's own builder does not lease: the hub assigns tasks to it, it opens
// them, and its regular calls are its heartbeat. These are Koji's times.
const (
	assignTerm = 5 * time.Minute  // to open what was assigned
	openTerm   = 15 * time.Minute // of silence
)

// maxAssign bounds what one call of a Koji builder is assigned.
const maxAssign = 15

// ListAssigned gives the tasks that a Koji builder shall open and has not.
func ListAssigned(ctx context.Context, tx *db.Tx, host int64) ([]*Task, error) {
	got, err := db.All(ctx, tx, scanTask, "SELECT "+columns+` FROM task
		WHERE task.state IN (1, 4) AND task.host_id = $1 AND task.state = 4 ORDER BY task.priority, task.create_time, task.id`, host)
	return got, kura.E("task.ListAssigned", err)
}

// AssignedTo gives the tasks that a Koji builder shall open, assigning some
// when there are none.
func (r *Room) AssignedTo(ctx context.Context, tx *db.Tx, host int64) ([]*Task, error) {
	const op = "task.AssignedTo"
	got, err := ListAssigned(ctx, tx, host)
	if err != nil || len(got) > 0 {
		return got, err
	}
	h, err := GetHost(ctx, tx, Ref{ID: host}, 0)
	if err != nil || !h.Ready {
		return nil, kura.E(op, err)
	}
	o := Offer{Host: host, Free: -1, Term: assignTerm}
	var said struct {
		Methods []string `json:"methods"`
		MaxJobs int      `json:"maxjobs"`
	}
	if h.Data != nil && json.Unmarshal(h.Data, &said) == nil {
		o.Methods, o.Jobs = said.Methods, said.MaxJobs
	}
	bins, err := freeBins(ctx, tx)
	if err != nil {
		return nil, kura.E(op, err)
	}
	for len(got) < maxAssign {
		t, _, err := r.take(ctx, tx, &o, bins, Assigned)
		if err != nil {
			return nil, err
		}
		if t == nil {
			break
		}
		got = append(got, t)
	}
	return got, nil
}

// OpenTask begins a task that is assigned to the host, or free and such as the
// host runs; nil is that it is not the host's to open.
func (r *Room) OpenTask(ctx context.Context, tx *db.Tx, id, host int64) (*Task, error) {
	const op = "task.OpenTask"
	t, err := get(ctx, tx, op, id, tx.LockRows())
	if err != nil {
		return nil, err
	}
	mine := t.State == Assigned && t.HostID != nil && *t.HostID == host
	if !mine {
		if may, err := mayOpen(ctx, tx, t, host); err != nil || !may {
			return nil, kura.E(op, err)
		}
	}
	old, now := t.State.String(), db.Now()
	until := now + openTerm.Microseconds()
	if t.State == Free {
		t.Epoch++
		t.Runs++
		if err := startRun(ctx, tx, id, host); err != nil {
			return nil, kura.E(op, err)
		}
	}
	t.State, t.HostID, t.StartTime, t.LeaseUntil = Open, &host, &now, &until
	if _, err := tx.Exec(ctx, `UPDATE task SET state = 1, host_id = $2, start_time = $3, lease_until = $4, epoch = $5, runs = $6
		WHERE id = $1`, id, host, now, until, t.Epoch, t.Runs); err != nil {
		return nil, kura.E(op, err)
	}
	return t, kura.E(op, changed(ctx, tx, t, old))
}

// mayOpen tells whether a host may open a task that was not assigned to it: one
// that the scheduler might have given it. A host that is disabled may open none.
func mayOpen(ctx context.Context, tx *db.Tx, t *Task, host int64) (bool, error) {
	if t.State != Free || t.Hub || t.ChannelID == nil {
		return false, nil
	}
	o := Offer{Host: host}
	l, err := loadLeaser(ctx, tx, &o)
	if err != nil || !l.Enabled {
		return false, err
	}
	return l.serves(bin{channel: *t.ChannelID, arch: t.Arch, method: t.Method}, &o), nil
}

// Runs refuses a Koji builder that does not have a task open. What it says holds
// for the moment only: before anything is written, ask HoldOf.
func Runs(ctx context.Context, tx *db.Tx, id, host int64) error {
	t, err := Get(ctx, tx, id)
	if err == nil && !(Hold{Task: id, Host: host, Epoch: t.Epoch}).holds(t) {
		err = notHeld(id, host)
	}
	return err
}

func notHeld(id, host int64) error {
	return kura.Errorf("task.HoldOf", kura.Denied, "host %d does not own task %d", host, id)
}

// HoldOf gives a Koji builder's hold on a task that it has open.
func HoldOf(ctx context.Context, tx *db.Tx, id, host int64) (Hold, error) {
	t, err := get(ctx, tx, "task.HoldOf", id, tx.LockRows())
	if err != nil {
		return Hold{}, err
	}
	h := Hold{Task: id, Host: host, Epoch: t.Epoch}
	if !h.holds(t) {
		return h, notHeld(id, host)
	}
	return h, nil
}

// Alive records that a Koji builder called, which renews all that it has.
func (r *Room) Alive(ctx context.Context, tx *db.Tx, host int64, ready bool, load float64, data []byte) error {
	if err := r.UpdateHost(ctx, tx, host, ready, load, data); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE task SET lease_until = $2
		WHERE state IN (1, 4) AND host_id = $1 AND state = 1 AND lease_until IS NOT NULL`,
		host, db.Now()+openTerm.Microseconds())
	return kura.E("task.Alive", err)
}

// RefuseTask keeps a task that is assigned to a Koji builder from it. What is
// not its task it cannot refuse: false.
func (r *Room) RefuseTask(ctx context.Context, tx *db.Tx, id, host int64, soft bool, msg string) (bool, error) {
	const op = "task.RefuseTask"
	t, err := get(ctx, tx, op, id, tx.LockRows())
	if err != nil {
		return false, err
	}
	if t.HostID == nil || *t.HostID != host || t.State.Finished() {
		return false, nil
	}
	if err := r.SetRefusal(ctx, tx, id, host, soft, true, msg); err != nil {
		return false, err
	}
	return true, kura.E(op, r.free(ctx, tx, t, 0))
}

// AssignTo gives a free task to a host by hand; with force any that is not
// over. With override it stays assigned however long the host takes.
func (r *Room) AssignTo(ctx context.Context, tx *db.Tx, id int64, host Ref, force, override bool) (bool, error) {
	const op = "task.AssignTo"
	h, err := GetHost(ctx, tx, host, 0)
	if err != nil {
		return false, kura.E(op, err)
	}
	t, err := get(ctx, tx, op, id, tx.LockRows())
	if err != nil {
		return false, err
	}
	if t.Hub || t.State.Finished() || t.State != Free && !force {
		return false, nil
	}
	old := t.State.String()
	t.Epoch++
	t.State, t.HostID, t.LeaseUntil = Assigned, &h.ID, nil
	if !override {
		until := db.Now() + assignTerm.Microseconds()
		t.LeaseUntil = &until
	}
	if err := endRuns(ctx, tx, id); err != nil {
		return false, kura.E(op, err)
	}
	if !override {
		if err := startRun(ctx, tx, id, h.ID); err != nil {
			return false, kura.E(op, err)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE task SET state = 4, host_id = $2, lease_until = $3, epoch = $4, waiting = FALSE,
		runs = runs + 1 WHERE id = $1`, id, h.ID, t.LeaseUntil, t.Epoch); err != nil {
		return false, kura.E(op, err)
	}
	if err := note(ctx, tx, id, &h.ID, "Assigning task by hand"); err != nil {
		return false, kura.E(op, err)
	}
	return true, kura.E(op, changed(ctx, tx, t, old))
}
