package task

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Free takes a task from whoever has it, to be given again.
func (r *Room) Free(ctx context.Context, tx *db.Tx, id int64) error {
	const op = "task.Free"
	t, err := get(ctx, tx, op, id, tx.LockRows())
	if err != nil {
		return err
	}
	if t.State.Finished() {
		return kura.Errorf(op, kura.Conflict, "Cannot free task %d, state is %s", id, t.State)
	}
	return kura.E(op, r.free(ctx, tx, t, 0))
}

// free gives a task, whose row is locked, back. The epoch goes up: whoever had
// it is fenced. A hub's task stays open; any hub takes it up again.
func (r *Room) free(ctx context.Context, tx *db.Tx, t *Task, pause time.Duration) error {
	old, now := t.State, db.Now()
	t.Epoch++
	t.Waiting, t.LeaseUntil = false, nil
	if !t.Hub || t.State != Open {
		t.State, t.HostID = Free, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE task SET state = $2, host_id = $3, epoch = $4, waiting = FALSE, lease_until = NULL,
			holder = NULL, phase = NULL, not_before = $5, free_time = $6 WHERE id = $1`,
		t.ID, t.State, t.HostID, t.Epoch, now+pause.Microseconds(), now); err != nil {
		return err
	}
	if err := endRuns(ctx, tx, t.ID); err != nil {
		return err
	}
	r.freed(tx, t.Hub)
	if old == t.State {
		return nil
	}
	return changed(ctx, tx, t, old.String())
}

// Release gives a lease back that was never used.
func (r *Room) Release(ctx context.Context, tx *db.Tx, h Hold) error {
	t, err := Own(ctx, tx, h)
	if err != nil {
		return kura.E("task.Release", err)
	}
	return kura.E("task.Release", r.free(ctx, tx, t, 0))
}

// Reclaim takes back the host's leases that it does not know of: it was started
// anew, or an answer was lost on the way. Leases younger than grace may still
// be on their way.
func (r *Room) Reclaim(ctx context.Context, d *db.DB, host int64, known []Hold, grace time.Duration) (int, error) {
	const op = "task.Reclaim"
	var lost []Hold
	err := d.View(ctx, func(tx *db.Tx) error {
		mine, err := db.All(ctx, tx, scanTask, "SELECT "+columns+` FROM task WHERE task.state IN (1, 4) AND task.host_id = $1
			AND task.state = 1 AND task.start_time < $2 ORDER BY task.id`, host, db.Now()-grace.Microseconds())
		for _, t := range mine {
			if h := hold(t); !slices.Contains(known, h) {
				lost = append(lost, h)
			}
		}
		return err
	})
	if err != nil || len(lost) == 0 {
		return 0, kura.E(op, err)
	}
	n := 0
	err = d.Update(ctx, func(tx *db.Tx) error {
		n = 0
		for _, h := range lost {
			t, err := Own(ctx, tx, h)
			if kura.Is(err, kura.Fenced) {
				continue
			}
			if err != nil {
				return err
			}
			if err := r.lose(ctx, tx, t, "its host started anew without it"); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, kura.E(op, err)
}

// Refuse gives a lease back because this host should not do the task: softly
// for a while, else for good.
func (r *Room) Refuse(ctx context.Context, tx *db.Tx, h Hold, reason string, soft bool) error {
	const op = "task.Refuse"
	t, err := Own(ctx, tx, h)
	if err != nil {
		return kura.E(op, err)
	}
	if err := r.SetRefusal(ctx, tx, t.ID, h.Host, soft, true, reason); err != nil {
		return err
	}
	return kura.E(op, r.free(ctx, tx, t, 0))
}

// SetRefusal keeps a task from a host, without touching who has it now. byHost
// says that the host itself refused.
func (r *Room) SetRefusal(ctx context.Context, tx *db.Tx, task, host int64, soft, byHost bool, msg string) error {
	return refusal(ctx, tx, task, host, soft, byHost, msg, db.Now())
}

func refusal(ctx context.Context, tx *db.Tx, task, host int64, soft, byHost bool, msg string, at int64) error {
	const op = "task.SetRefusal"
	if _, err := tx.Exec(ctx, `INSERT INTO task_refusals (task_id, host_id, by_host, soft, msg, time)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (task_id, host_id) DO UPDATE
		SET by_host = excluded.by_host, soft = excluded.soft, msg = excluded.msg, time = excluded.time`,
		task, host, byHost, soft, msg, at); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, note(ctx, tx, task, &host, "Host refused task: "+msg))
}

// returnFor is how long a task that a host gave back for its own fault stays
// away from it.
const returnFor = time.Minute

// Return gives a lease back for the host's own fault: the task goes elsewhere,
// or fails when it came back too often.
func (r *Room) Return(ctx context.Context, tx *db.Tx, h Hold, f Fault) (*Task, error) {
	const op = "task.Return"
	t, err := Own(ctx, tx, h)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if t.Losses+1 >= r.Losses {
		return t, kura.E(op, r.fail(ctx, tx, t, f))
	}
	if h.Host != 0 {
		// Others come first, but where there is no other this host tries again
		// soon: the refusal counts from the past.
		at := db.Now() - max(0, r.SoftFor-returnFor).Microseconds()
		if err := refusal(ctx, tx, t.ID, h.Host, true, false, f.Message, at); err != nil {
			return nil, err
		}
	}
	return t, kura.E(op, r.lose(ctx, tx, t, "returned: "+f.Message))
}

// lose counts a lease that came to nothing, and frees the task or fails it.
func (r *Room) lose(ctx context.Context, tx *db.Tx, t *Task, why string) error {
	t.Losses++
	if _, err := tx.Exec(ctx, "UPDATE task SET losses = $2 WHERE id = $1", t.ID, t.Losses); err != nil {
		return err
	}
	if err := note(ctx, tx, t.ID, t.HostID, why); err != nil {
		return err
	}
	if t.Losses >= r.Losses {
		return r.fail(ctx, tx, t, Fault{Message: fmt.Sprintf(
			"task %d was given up after %d attempts that ended without a result; the last one: %s", t.ID, t.Losses, why)})
	}
	return r.free(ctx, tx, t, time.Duration(t.Losses)*r.Retry)
}
