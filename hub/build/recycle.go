package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
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
	if err := removeArchives(ctx, tx, b.ID); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, removeFiles(ctx, tx, b))
}

func removeRPMs(ctx context.Context, tx *db.Tx, build int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM archive_rpm_components WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", build); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM rpmsigs WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", build); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM rpm_header WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", build); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM rpminfo WHERE build_id = $1", build)
	return err
}

// Delete takes a build's files away and leaves its rows, so that the
// name-version-release is never used for other bytes. It is refused for a
// build that a tag holds, whose rpms stood in the root of a complete build, or
// in any root within the last idle microseconds.
func Delete(ctx context.Context, tx *db.Tx, id, idle int64) error {
	const op = "build.Delete"
	b, err := Get(ctx, tx, id)
	if err != nil || b.State == Deleted {
		return kura.E(op, err)
	}
	refs, err := ReferencesTo(ctx, tx, id, 10)
	if err != nil {
		return kura.E(op, err)
	}
	switch {
	case len(refs.Tags) > 0:
		return kura.Errorf(op, kura.Conflict, "Cannot delete build %s, tagged: %s", b.NVR(), refs.tags())
	case len(refs.RPMs) > 0:
		return kura.Errorf(op, kura.Conflict, "Cannot delete build %s, used in buildroots: of %s", b.NVR(), refs.rpms())
	case len(refs.Archives) > 0:
		return kura.Errorf(op, kura.Conflict, "Cannot delete build %s, used in archive buildroots: of %s", b.NVR(), refs.archives())
	case len(refs.Parts) > 0:
		return kura.Errorf(op, kura.Conflict, "Cannot delete build %s, used as component of: %v", b.NVR(), refs.Parts)
	case refs.LastUsed > db.Now()-idle:
		return kura.Errorf(op, kura.Conflict, "Cannot delete build %s, used in recent buildroot", b.NVR())
	}
	if err := removeFiles(ctx, tx, b); err != nil {
		return kura.E(op, err)
	}
	_, err = SetState(ctx, tx, id, Deleted)
	return kura.E(op, err)
}

// Reset makes as if a build had never been: its rpms, files and tags are gone,
// also from the past, and its number is free. It is for administrators who
// know that nobody has the packages.
func Reset(ctx context.Context, tx *db.Tx, id int64) error {
	const op = "build.Reset"
	b, err := Get(ctx, tx, id)
	if err != nil {
		return kura.E(op, err)
	}
	tags, err := TagsOf(ctx, tx, id, 0)
	if err != nil {
		return kura.E(op, err)
	}
	// A set without its rpm is not the set of its hash any more.
	if _, err := tx.Exec(ctx, `UPDATE root_set SET hash = hash || '-reset-' || $2
		WHERE id IN (SELECT set_id FROM root_set_rpm JOIN rpminfo ON rpminfo.id = rpm_id WHERE build_id = $1)`, id, b.NVR()); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM root_set_rpm WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)", id); err != nil {
		return kura.E(op, err)
	}
	if err := removeRPMs(ctx, tx, id); err != nil {
		return kura.E(op, err)
	}
	if err := removeArchives(ctx, tx, id); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM build_types WHERE build_id = $1", id); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM tag_listing WHERE build_id = $1", id); err != nil {
		return kura.E(op, err)
	}
	for _, t := range tags {
		if err := tag.Touch(ctx, tx, account.System, t.ID, tag.Manual); err != nil {
			return kura.E(op, err)
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE build SET task_id = NULL, volume_id = 0 WHERE id = $1", id); err != nil {
		return kura.E(op, err)
	}
	if err := removeFiles(ctx, tx, b); err != nil {
		return kura.E(op, err)
	}
	_, err = SetState(ctx, tx, id, Canceled)
	return kura.E(op, err)
}
