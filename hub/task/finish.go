package task

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Finish closes a task with its result.
func (r *Room) Finish(ctx context.Context, tx *db.Tx, h Hold, result any) (*Task, error) {
	t, err := Own(ctx, tx, h)
	if err != nil {
		return nil, kura.E("task.Finish", err)
	}
	text, err := jsonText("task.Finish", result)
	if err != nil {
		return nil, err
	}
	return t, kura.E("task.Finish", r.end(ctx, tx, t, Closed, text, nil))
}

// Fail ends a task with a fault.
func (r *Room) Fail(ctx context.Context, tx *db.Tx, h Hold, f Fault) (*Task, error) {
	t, err := Own(ctx, tx, h)
	if err != nil {
		return nil, kura.E("task.Fail", err)
	}
	return t, kura.E("task.Fail", r.fail(ctx, tx, t, f))
}

func (r *Room) fail(ctx context.Context, tx *db.Tx, t *Task, f Fault) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	s := string(b)
	return r.end(ctx, tx, t, Failed, nil, &s)
}

// end puts a task, whose row is locked, into a finished state. Its host and
// epoch stay, so that who holds it can be told.
func (r *Room) end(ctx context.Context, tx *db.Tx, t *Task, state State, result, fault *string) error {
	old, now := t.State.String(), db.Now()
	if _, err := tx.Exec(ctx, `UPDATE task SET state = $2, result = $3, fault = $4, completion_time = $5,
		waiting = FALSE, lease_until = NULL WHERE id = $1`, t.ID, state, result, fault, now); err != nil {
		return err
	}
	t.State, t.CompletionTime, t.Waiting, t.LeaseUntil = state, &now, false, nil
	if err := endRuns(ctx, tx, t.ID); err != nil {
		return err
	}
	if err := changed(ctx, tx, t, old); err != nil {
		return err
	}
	if r.Ended != nil {
		if err := r.Ended(ctx, tx, t); err != nil {
			return err
		}
	}
	r.signal(tx, topicID(TopicDone, t.ID))
	if t.HostID != nil {
		r.signal(tx, TopicFree) // the host, or its lane, has room again
	}
	return r.wakeParent(ctx, tx, t)
}

func endRuns(ctx context.Context, tx *db.Tx, id int64) error {
	_, err := tx.Exec(ctx, "UPDATE task_runs SET active = FALSE WHERE task_id = $1 AND active = TRUE", id)
	return err
}

// wakeParent lets a parent go on when no child that it awaits is left, or when
// one failed. The
// parent's row is locked before its children are counted: of two children that
// end at once, the second sees the first. Locks are taken from children to
// parents, here and everywhere.
func (r *Room) wakeParent(ctx context.Context, tx *db.Tx, t *Task) error {
	if t.Parent == nil || !t.Awaited {
		return nil
	}
	p, err := get(ctx, tx, "task.wakeParent", *t.Parent, tx.LockRows())
	if err != nil || !p.Hub || !p.Waiting || p.State != Open {
		return err
	}
	if t.State == Closed { // what went wrong is told at once: the parent may give up the rest
		var left int
		if _, err := tx.Get(ctx, []any{&left}, `SELECT count(*) FROM task
			WHERE parent = $1 AND awaited = TRUE AND state IN (0, 1, 4)`, p.ID); err != nil || left > 0 {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE task SET waiting = FALSE, free_time = $2 WHERE id = $1", p.ID, db.Now()); err != nil {
		return err
	}
	r.signal(tx, TopicHub)
	return nil
}
