package task

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Hold is the proof that the task is this run's.
func (r *Run) Hold() Hold { return Hold{Task: r.Task.ID, Epoch: r.Task.Epoch} }

// Own makes a transaction of the handler fail when the task is not this run's
// any more: every transaction that writes begins with it.
func (r *Run) Own(ctx context.Context, tx *db.Tx) error {
	_, err := Own(ctx, tx, r.Hold())
	return err
}

// Update is DB.Update that begins with Own.
func (r *Run) Update(ctx context.Context, fn func(*db.Tx) error) error {
	return r.DB.Update(ctx, func(tx *db.Tx) error {
		if err := r.Own(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Child gives the child of a label, making it when it is not there.
func (r *Run) Child(ctx context.Context, tx *db.Tx, s Spec) (*Task, error) {
	if s.Label == "" {
		return nil, kura.Errorf("task.Child", kura.Invalid, "a child of a hub task needs a label")
	}
	s.Parent, s.Awaited = r.Task.ID, true // so that Wait need not touch a row that is just being leased
	return r.runner.room.Make(ctx, tx, s)
}

// Spawn is Child in a transaction of its own, for several children.
func (r *Run) Spawn(ctx context.Context, specs ...Spec) ([]*Task, error) {
	var out []*Task
	err := r.Update(ctx, func(tx *db.Tx) error {
		out = nil
		for _, s := range specs {
			t, err := r.Child(ctx, tx, s)
			if err != nil {
				return err
			}
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// Wait gives the children as they ended, or ErrWait, which the handler returns
// at once: the task has given its lease back then.
func (r *Run) Wait(ctx context.Context, children ...*Task) ([]*Task, error) {
	const op = "task.Wait"
	ids := make([]int64, len(children))
	for i, c := range children {
		ids[i] = c.ID
	}
	var out []*Task
	wait := false
	room := r.runner.room
	err := r.DB.Update(ctx, func(tx *db.Tx) error {
		out, wait = nil, false
		if err := room.SetWait(ctx, tx, r.Task.ID, ids); err != nil {
			return err
		}
		if err := r.Own(ctx, tx); err != nil {
			return err
		}
		for _, id := range ids {
			t, err := Get(ctx, tx, id)
			if err != nil {
				return err
			}
			wait = wait || !t.State.Finished()
			out = append(out, t)
		}
		if !wait {
			return room.Unwait(ctx, tx, r.Task.ID)
		}
		_, err := tx.Exec(ctx, "UPDATE task SET lease_until = NULL, holder = NULL WHERE id = $1", r.Task.ID)
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	if wait {
		return nil, ErrWait
	}
	return out, nil
}

// Results is Wait that also fails, with the child's own fault, when a child
// did not close; the other children are cancelled then, for nobody wants them
// any more. It gives their results in the order of the children.
func (r *Run) Results(ctx context.Context, children ...*Task) ([]*Listed, error) {
	if err := r.giveUp(ctx, children); err != nil {
		return nil, kura.E("task.Results", err)
	}
	if _, err := r.Wait(ctx, children...); err != nil {
		return nil, err
	}
	out := make([]*Listed, len(children))
	err := r.DB.View(ctx, func(tx *db.Tx) error {
		for i, c := range children {
			l, err := getListed(ctx, tx, c.ID)
			if err != nil {
				return err
			}
			out[i] = l
		}
		return nil
	})
	if err != nil {
		return nil, kura.E("task.Results", err)
	}
	for _, l := range out { // the failure, not what was given up because of it
		if l.State == Failed {
			return out, l.Fault
		}
	}
	for _, l := range out {
		if l.State == Canceled {
			return out, &Fault{Message: "task " + l.title() + " was cancelled"}
		}
	}
	return out, nil
}

// giveUp cancels the children that still run when one did not close.
func (r *Run) giveUp(ctx context.Context, children []*Task) error {
	broken, running := false, false
	err := r.DB.View(ctx, func(tx *db.Tx) error {
		broken, running = false, false
		for _, c := range children {
			t, err := Get(ctx, tx, c.ID)
			if err != nil {
				return err
			}
			broken = broken || t.State == Failed || t.State == Canceled
			running = running || !t.State.Finished()
		}
		return nil
	})
	if err != nil || !broken || !running {
		return err
	}
	return r.DB.Update(ctx, func(tx *db.Tx) error {
		for _, c := range children {
			if _, _, err := r.runner.room.Cancel(ctx, tx, c.ID, true); err != nil {
				return err
			}
		}
		return r.Own(ctx, tx)
	})
}
