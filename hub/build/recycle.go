package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
)

// recycle clears what a failed attempt left, so that its number can be used
// again: it never had rpms that anybody could have seen.
func recycle(ctx context.Context, tx *db.Tx, b *Build) error {
	const op = "build.recycle"
	var tagged int64
	if err := tx.Row(ctx, "SELECT count(*) FROM tag_listing WHERE build_id = $1", b.ID).Scan(&tagged); err != nil {
		return kura.E(op, err)
	}
	if tagged > 0 {
		return kura.Errorf(op, kura.Build, "%s was tagged before it failed: its number cannot be used again, bump the release", b.NVR())
	}
	if err := removeRPMs(ctx, tx, b.ID); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, file.Remove(ctx, tx, b.Path()))
}

func removeRPMs(ctx context.Context, tx *db.Tx, build int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM rpmsigs WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", build); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM rpm_header WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", build); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM rpminfo WHERE build_id = $1", build)
	return err
}

// Delete takes a build's files and rpms away and leaves its row, so that the
// name-version-release is never used for other bytes. A tagged build, or one
// whose rpms stood in a build root, is refused.
func Delete(ctx context.Context, tx *db.Tx, id int64) error {
	const op = "build.Delete"
	b, err := Get(ctx, tx, id)
	if err != nil {
		return kura.E(op, err)
	}
	var tagged, used int64
	if err := tx.Row(ctx, "SELECT count(*) FROM tag_listing WHERE build_id = $1 AND revoke_event IS NULL", id).Scan(&tagged); err != nil {
		return kura.E(op, err)
	}
	if err := tx.Row(ctx, `SELECT count(*) FROM root_set_rpm JOIN rpminfo ON rpminfo.id = rpm_id WHERE build_id = $1`, id).Scan(&used); err != nil {
		return kura.E(op, err)
	}
	switch {
	case b.State == Deleted:
		return nil
	case tagged > 0:
		return kura.Errorf(op, kura.Build, "Cannot delete build %s, it is tagged in %d tags: untag it first", b.NVR(), tagged)
	case used > 0:
		return kura.Errorf(op, kura.Build, "Cannot delete build %s, it was used in build roots", b.NVR())
	}
	if err := file.Remove(ctx, tx, b.Path()); err != nil {
		return kura.E(op, err)
	}
	_, err = SetState(ctx, tx, id, Deleted)
	return kura.E(op, err)
}
