package build

import (
	"context"

	"github.com/kura-build/kura/db"
)

// begunIn notes what state a build had when its transaction first wrote to it.
type begunIn struct{ id int64 }

// untold runs fn, which changes a build or what belongs to it. If the build was not
// complete before this transaction, and nobody else can complete it before its end, no
// list of what tags hold has told of it: what is kept of these stays true.
func untold(ctx context.Context, tx *db.Tx, id int64, fn func() error) error {
	state, noted := tx.Noted(begunIn{id}).(State)
	if !noted {
		var q db.Builder
		q.Add("SELECT state FROM build WHERE id = ?", id).Lock(tx.LockRows())
		found, err := db.Find(ctx, tx, db.Column[State], &q)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fn()
		}
		state = found[0]
		tx.Note(begunIn{id}, state)
	}
	if state == Complete {
		return fn()
	}
	return tx.Untold(fn)
}

// setGenerator says what makes a build that has begun.
func setGenerator(ctx context.Context, tx *db.Tx, id int64, g Named) error {
	return untold(ctx, tx, id, func() error {
		_, err := tx.Exec(ctx, "UPDATE build SET cg_id = $2 WHERE id = $1", id, g.ID)
		return err
	})
}
