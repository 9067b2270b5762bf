package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// sweepBatch is how many leases one sweep takes back.
const sweepBatch = 100

// Sweep takes back leases that ran out. Any hub may, at any time.
func (r *Room) Sweep(ctx context.Context, d *db.DB) (int, error) {
	const op = "task.Sweep"
	var ids []int64
	err := d.View(ctx, func(tx *db.Tx) (err error) {
		ids, err = db.All(ctx, tx, db.Column[int64], `SELECT id FROM task WHERE lease_until IS NOT NULL AND lease_until < $1
			ORDER BY lease_until LIMIT $2`, db.Now(), sweepBatch)
		return err
	})
	if err != nil {
		return 0, kura.E(op, err)
	}
	n := 0
	for _, id := range ids {
		err := d.Update(ctx, func(tx *db.Tx) error {
			t, err := get(ctx, tx, op, id, tx.LockRows())
			if err != nil || t.LeaseUntil == nil || *t.LeaseUntil >= db.Now() {
				return err
			}
			if t.State.Finished() {
				_, err = tx.Exec(ctx, "UPDATE task SET lease_until = NULL WHERE id = $1", id)
				return err
			}
			if t.State == Assigned { // a Koji builder that did not open it; another may
				if err := r.SetRefusal(ctx, tx, id, *t.HostID, true, false, "assignment timeout"); err != nil {
					return err
				}
				return r.free(ctx, tx, t, 0)
			}
			return r.lose(ctx, tx, t, lostWords(ctx, tx, t))
		})
		if err != nil {
			return n, kura.E(op, err)
		}
		n++
	}
	return n, nil
}

// Sweeping sweeps until ctx ends, and marks hosts that do not call any more.
func (r *Room) Sweeping(ctx context.Context, d *db.DB, log *slog.Logger) {
	t := time.NewTicker(tick)
	defer t.Stop()
	var counted time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		n, err := r.Sweep(ctx, d)
		if n > 0 {
			log.Warn("took back leases that ran out", "tasks", n)
		}
		if err == nil {
			err = r.markSilent(ctx, d)
		}
		if err == nil && time.Since(counted) > countEvery {
			counted = time.Now()
			err = countOn(ctx, d)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("sweep leases", "err", err)
		}
	}
}

func (r *Room) markSilent(ctx context.Context, d *db.DB) error {
	var ids []int64
	err := d.View(ctx, func(tx *db.Tx) (err error) {
		ids, err = db.All(ctx, tx, db.Column[int64], "SELECT id FROM host WHERE ready = TRUE AND update_time < $1",
			db.Now()-silent.Microseconds())
		return err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return d.Update(ctx, func(tx *db.Tx) error {
		for _, id := range ids {
			n, err := tx.Exec(ctx, "UPDATE host SET ready = FALSE WHERE id = $1 AND ready = TRUE AND update_time < $2",
				id, db.Now()-silent.Microseconds())
			if err != nil {
				return err
			}
			if n == 1 {
				if _, err := tx.Exec(ctx, "INSERT INTO task_notes (host_id, msg, time) VALUES ($1, $2, $3)",
					id, "Marking host not ready", db.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func lostWords(ctx context.Context, tx *db.Tx, t *Task) string {
	if t.HostID == nil {
		return "the hub that ran it fell silent"
	}
	h, err := GetHost(ctx, tx, Ref{ID: *t.HostID}, 0)
	if err != nil {
		return fmt.Sprintf("host %d fell silent", *t.HostID)
	}
	return fmt.Sprintf("host %s fell silent", h.Name)
}
