package task

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// SetWait marks a task as waiting for some of its children, or for all of them
// when children is nil. A waiting task takes nothing of its host's capacity.
func (r *Room) SetWait(ctx context.Context, tx *db.Tx, parent int64, children []int64) error {
	const op = "task.SetWait"
	// Children first, then the parent: the order in which a child that ends
	// takes its locks.
	if children == nil {
		if _, err := tx.Exec(ctx, "UPDATE task SET awaited = TRUE WHERE parent = $1 AND awaited = FALSE", parent); err != nil {
			return kura.E(op, err)
		}
	} else {
		var no, yes db.Builder
		no.Add("UPDATE task SET awaited = FALSE WHERE parent = ? AND awaited = TRUE AND NOT", parent)
		db.In(&no, "id", children)
		yes.Add("UPDATE task SET awaited = TRUE WHERE parent = ? AND awaited = FALSE AND", parent)
		db.In(&yes, "id", children)
		for _, b := range []*db.Builder{&no, &yes} {
			if _, err := db.Change(ctx, tx, b); err != nil {
				return kura.E(op, err)
			}
		}
	}
	_, err := tx.Exec(ctx, "UPDATE task SET waiting = TRUE WHERE id = $1", parent)
	return kura.E(op, err)
}

// Unwait ends what SetWait began.
func (r *Room) Unwait(ctx context.Context, tx *db.Tx, parent int64) error {
	const op = "task.Unwait"
	if _, err := tx.Exec(ctx, "UPDATE task SET awaited = FALSE WHERE parent = $1 AND awaited = TRUE", parent); err != nil {
		return kura.E(op, err)
	}
	_, err := tx.Exec(ctx, "UPDATE task SET waiting = FALSE WHERE id = $1", parent)
	return kura.E(op, err)
}

// Awaited gives the awaited children of a task that are over, and those that
// are not.
func Awaited(ctx context.Context, tx *db.Tx, parent int64) (finished, unfinished []int64, err error) {
	kids, err := db.All(ctx, tx, scanTask, "SELECT "+columns+` FROM task
		WHERE task.parent = $1 AND task.awaited = TRUE ORDER BY task.id`, parent)
	for _, k := range kids {
		if k.State.Finished() {
			finished = append(finished, k.ID)
		} else {
			unfinished = append(unfinished, k.ID)
		}
	}
	return finished, unfinished, kura.E("task.Awaited", err)
}

// Collect is Awaited for a parent that runs on a host: finished children are
// not awaited any more.
func (r *Room) Collect(ctx context.Context, tx *db.Tx, parent int64) (finished, unfinished []int64, err error) {
	finished, unfinished, err = Awaited(ctx, tx, parent)
	if err != nil || len(finished) == 0 {
		return finished, unfinished, err
	}
	var b db.Builder
	b.Add("UPDATE task SET awaited = FALSE WHERE")
	db.In(&b, "id", finished)
	_, err = db.Change(ctx, tx, &b)
	return finished, unfinished, kura.E("task.Collect", err)
}
