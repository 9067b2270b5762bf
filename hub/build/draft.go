package build

import (
	"context"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// A draft is a build that gives up its claim to be the one of its
// name-version-release until it is promoted. Till then its release is that of
// its packages, followed by ",draft_" and its number.
const draftMark = ",draft_"

func draftRelease(target string, id int64) string {
	return target + draftMark + strconv.FormatInt(id, 10)
}

// Target is the name-version-release that a build's packages have: for a draft,
// what it will be once it is promoted.
func (b *Build) Target() rpm.NVR {
	n := rpm.NVR{Name: b.Name, Version: b.Version, Release: b.Release}
	if b.Draft {
		n.Release, _, _ = strings.Cut(b.Release, draftMark)
	}
	return n
}

// named names a build whose release becomes $2.
const named = "nvr = (SELECT name FROM package WHERE package.id = pkg_id) || '-' || version || '-' || $2"

// beginDraft makes the record of a draft. Whoever holds the name it will have
// is in the way.
func beginDraft(ctx context.Context, tx *db.Tx, n New, insert func(release string) (int64, error)) (int64, error) {
	const op = "build.Begin"
	old, err := find(ctx, tx, n.Namespace, rpm.NVR{Name: n.Name, Version: n.Version, Release: n.Release})
	if err == nil {
		return 0, kura.Errorf(op, kura.Conflict, "Target build already exists: %s (id=%d)", old.NVR(), old.ID)
	}
	if !kura.Is(err, kura.NotFound) {
		return 0, err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	// The number is known only afterwards; until then the name is nobody's.
	id, err := insert(n.Release + draftMark + "of_" + strconv.FormatInt(ev, 10) + "_" + strconv.FormatInt(db.Now(), 10))
	if err != nil {
		return 0, err
	}
	return id, untold(ctx, tx, id, func() error {
		_, err := tx.Exec(ctx, "UPDATE build SET release = $2, "+named+" WHERE id = $1", id, draftRelease(n.Release, id))
		return err
	})
}

// Promote makes a draft the build of its name. That cannot be taken back. Who
// knows the draft's place in the tree is led to the new one.
func Promote(ctx context.Context, tx *db.Tx, by account.Actor, id int64) (*Build, error) {
	const op = "build.Promote"
	b, err := Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := b.Promotable(ctx, tx); err != nil {
		return nil, err
	}
	target := b.Target()
	if _, err := tx.Exec(ctx, "UPDATE build SET draft = FALSE, release = $2, "+named+", promotion_time = $3, promoter = $4 WHERE id = $1", id, target.Release, db.Now(), by.ID); err != nil {
		return nil, kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE rpminfo SET draft = FALSE WHERE build_id = $1", id); err != nil {
		if kura.Is(err, kura.Exists) {
			err = kura.Errorf(op, kura.Conflict, "Cannot promote build %s. Reason: another build has packages of the same names", b.NVR())
		}
		return nil, kura.E(op, err)
	}
	now, err := Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if b.VolumeID != DefaultVolume {
		if err := file.Remove(ctx, tx, b.defaultPath()); err != nil { // the link to the volume
			return nil, kura.E(op, err)
		}
	}
	switch err := file.Move(ctx, tx, b.Path(), now.Path()); {
	case kura.Is(err, kura.NotFound): // a build without files
	case err != nil:
		return nil, kura.E(op, err)
	default:
		if now.VolumeID != DefaultVolume {
			if err := now.link(ctx, tx); err != nil {
				return nil, kura.E(op, err)
			}
		}
		if err := file.Symlink(ctx, tx, b.defaultPath(), now.Release); err != nil { // beside it, on the default volume
			return nil, kura.E(op, err)
		}
	}
	tags, err := TagsOf(ctx, tx, id, 0)
	if err != nil {
		return nil, kura.E(op, err)
	}
	for _, t := range tags {
		if err := tag.Touch(ctx, tx, by, t.ID, tag.DraftPromotion); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return now, kura.E(op, event.Emit(ctx, tx, "build.promote", map[string]any{"id": id, "draft": b.NVR(), "nvr": now.NVR(), "by": by.Name}))
}

// Promotable refuses what cannot be promoted.
func (b *Build) Promotable(ctx context.Context, tx *db.Tx) error {
	const op = "build.Promote"
	no := func(why string) error {
		return kura.Errorf(op, kura.Conflict, "Cannot promote build %s. Reason: %s", b.NVR(), why)
	}
	if !b.Draft {
		return no("Not a draft build")
	}
	if b.State != Complete {
		return no("state (" + b.State.String() + ") is not COMPLETE.")
	}
	old, err := find(ctx, tx, b.Namespace, b.Target())
	if err == nil {
		return no("Target build exists: " + old.NVR() + "(#" + strconv.FormatInt(old.ID, 10) + ")")
	}
	if kura.Is(err, kura.NotFound) {
		return nil
	}
	return kura.E(op, err)
}

// draftPath is where a build lay, on the default volume, before it was
// promoted.
func (b *Build) draftPath() string {
	was := *b
	was.Release = draftRelease(b.Release, b.ID)
	return was.defaultPath()
}
