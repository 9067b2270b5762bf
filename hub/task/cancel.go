package task

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// MayCancel says whether the actor may cancel the task: its owner, the host
// that has it, an administrator.
func MayCancel(ctx context.Context, tx *db.Tx, by account.Actor, id int64) error {
	t, err := Get(ctx, tx, id)
	if err != nil || by.Has(account.Admin) || t.Owner != nil && by.Is(*t.Owner) {
		return err
	}
	if by.Type == account.Host && t.HostID != nil && t.State == Open {
		if h, err := HostOfUser(ctx, tx, by.ID); err == nil && h.ID == *t.HostID {
			return nil
		}
	}
	return kura.Errorf("task.MayCancel", kura.Denied, "Cannot cancel task %d, not owner", id)
}

// Cancel stops a task and, with recurse, everything below it. It is false for
// a task that is closed or failed; children of such a task are left alone. It
// gives the ids that were cancelled now, for rooms above that keep records of
// what those tasks made.
func (r *Room) Cancel(ctx context.Context, tx *db.Tx, id int64, recurse bool) (bool, []int64, error) {
	const op = "task.Cancel"
	t, err := Get(ctx, tx, id)
	if err != nil {
		return false, nil, kura.E(op, err)
	}
	if t.State.Finished() {
		return t.State == Canceled, nil, nil
	}
	var done []int64
	if recurse {
		if done, err = r.cancelBelow(ctx, tx, id, false); err != nil {
			return false, nil, kura.E(op, err)
		}
	}
	ok, err := r.cancelOne(ctx, tx, id)
	if err != nil {
		return false, nil, kura.E(op, err)
	}
	if ok {
		done = append(done, id)
	}
	if recurse { // a child that was made in between: none can be made from now on
		more, err := r.cancelBelow(ctx, tx, id, false)
		if err != nil {
			return false, nil, kura.E(op, err)
		}
		done = append(done, more...)
	}
	return true, done, nil
}

// CancelChildren stops everything below a task, but not the task.
func (r *Room) CancelChildren(ctx context.Context, tx *db.Tx, id int64) ([]int64, error) {
	done, err := r.cancelBelow(ctx, tx, id, false)
	return done, kura.E("task.CancelChildren", err)
}

// CancelFull stops a top-level task and every task below it, also below those
// that are over already. Without strict it climbs to the top first.
func (r *Room) CancelFull(ctx context.Context, tx *db.Tx, id int64, strict bool) ([]int64, error) {
	const op = "task.CancelFull"
	t, err := Get(ctx, tx, id)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if t.Parent != nil && strict {
		return nil, kura.Errorf(op, kura.Conflict, "Task %d is not top-level (parent=%d)", id, *t.Parent)
	}
	for depth := 0; t.Parent != nil; depth++ {
		if depth == maxDepth {
			return nil, kura.Errorf(op, kura.Conflict, "task %d has more than %d parents above it", id, maxDepth)
		}
		if t, err = Get(ctx, tx, *t.Parent); err != nil {
			return nil, kura.E(op, err)
		}
	}
	done, err := r.cancelBelow(ctx, tx, t.ID, true)
	if err != nil {
		return nil, kura.E(op, err)
	}
	ok, err := r.cancelOne(ctx, tx, t.ID)
	if ok {
		done = append(done, t.ID)
	}
	return done, kura.E(op, err)
}

const maxDepth = 100

// cancelBelow stops the tasks below one, the deepest first, since locks are
// taken from children to parents. through: go on below finished tasks.
func (r *Room) cancelBelow(ctx context.Context, tx *db.Tx, id int64, through bool) ([]int64, error) {
	var order []int64
	level := []int64{id}
	for depth := 0; len(level) > 0 && depth < maxDepth; depth++ {
		var b db.Builder
		b.Add("SELECT id, state FROM task WHERE")
		db.In(&b, "parent", level)
		b.Add(" ORDER BY id")
		type row struct {
			id    int64
			state State
		}
		rows, err := db.Find(ctx, tx, func(s db.Scanner) (c row, err error) { return c, s.Scan(&c.id, &c.state) }, &b)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, c := range rows {
			if !c.state.Finished() {
				order = append(order, c.id)
			}
			if through || !c.state.Finished() {
				level = append(level, c.id)
			}
		}
	}
	slices.Reverse(order)
	var done []int64
	for _, c := range order {
		ok, err := r.cancelOne(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		if ok {
			done = append(done, c)
		}
	}
	return done, nil
}

func (r *Room) cancelOne(ctx context.Context, tx *db.Tx, id int64) (bool, error) {
	t, err := get(ctx, tx, "task.Cancel", id, tx.LockRows())
	if err != nil || t.State.Finished() {
		return false, err
	}
	r.signal(tx, topicID(TopicCancel, id))
	return true, r.end(ctx, tx, t, Canceled, nil, nil)
}

// SetPriority changes how soon a task comes, and with recurse its children.
func (r *Room) SetPriority(ctx context.Context, tx *db.Tx, id int64, priority int, recurse bool) error {
	const op = "task.SetPriority"
	t, err := Get(ctx, tx, id)
	if err != nil {
		return kura.E(op, err)
	}
	if t.State.Finished() {
		return kura.Errorf(op, kura.Conflict, "task %d is %s: the priority of a finished task cannot be changed", id, t.State)
	}
	ids := []int64{id}
	for i := 0; recurse && i < len(ids); i++ {
		kids, err := db.All(ctx, tx, db.Column[int64], "SELECT id FROM task WHERE parent = $1 ORDER BY id", ids[i])
		if err != nil {
			return kura.E(op, err)
		}
		ids = append(ids, kids...)
	}
	slices.Reverse(ids)
	for _, id := range ids {
		if _, err := tx.Exec(ctx, "UPDATE task SET priority = $2 WHERE id = $1", id, priority); err != nil {
			return kura.E(op, err)
		}
	}
	r.signal(tx, TopicFree)
	return nil
}

// SetWeight changes what an open task takes of its host's capacity.
func (r *Room) SetWeight(ctx context.Context, tx *db.Tx, id int64, weight float64) error {
	const op = "task.SetWeight"
	if !(weight >= 0 && weight < 1e9) {
		return kura.Errorf(op, kura.Invalid, "weight %v of task %d: give a number from 0", weight, id)
	}
	_, err := tx.Exec(ctx, "UPDATE task SET weight = $2 WHERE id = $1", id, weight)
	return kura.E(op, err)
}
