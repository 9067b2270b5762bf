package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/tag"
)

// TagChange is what the outbox says when a build enters or leaves a tag.
type TagChange struct {
	Build int64  `json:"build"`
	NVR   string `json:"nvr"`
	Tag   int64  `json:"tag"`
	Name  string `json:"tag_name"`
	By    string `json:"by"`
}

// CheckTag says whether a build may enter a tag: the build is complete, the
// tag lists its package, does not block it, and does not hold the build yet.
// force lets all but the first pass.
func CheckTag(ctx context.Context, tx *db.Tx, b *Build, t tag.Tag, force bool) error {
	const op = "build.Tag"
	if b.State != Complete {
		return kura.Errorf(op, kura.Tag, "build %s is not complete: it is %s", b.NVR(), b.State)
	}
	var n int64
	if err := tx.Row(ctx, "SELECT count(*) FROM tag_listing WHERE tag_id = $1 AND build_id = $2 AND revoke_event IS NULL", t.ID, b.ID).Scan(&n); err != nil {
		return kura.E(op, err)
	}
	if n > 0 && !force {
		return kura.Errorf(op, kura.Tag, "build %s already tagged (%s)", b.NVR(), t.Name)
	}
	if force {
		return nil
	}
	return kura.E(op, listed(ctx, tx, b, t))
}

func listed(ctx context.Context, tx *db.Tx, b *Build, t tag.Tag) error {
	p, found, err := tag.PackageIn(ctx, tx, t.ID, b.PackageID, 0)
	switch {
	case err != nil:
		return err
	case !found:
		return kura.Errorf("build.Tag", kura.Tag, "package %s not in list for %s", b.Name, t.Name)
	case p.Blocked:
		return kura.Errorf("build.Tag", kura.Tag, "package %s is blocked for %s", b.Name, t.Name)
	}
	return nil
}

// Tag puts a build into a tag. Tagging again what is tagged, by force, makes
// it the newest.
func Tag(ctx context.Context, tx *db.Tx, by account.Actor, b *Build, t tag.Tag, force bool) error {
	const op = "build.Tag"
	if err := tag.CheckAccess(ctx, tx, by, tag.ByID(t.ID), force); err != nil {
		return kura.E(op, err)
	}
	// Who tags the same build at the same time waits, and sees then that it is done.
	var q db.Builder
	_, err := db.Find(ctx, tx, func(s db.Scanner) (id int64, err error) { return id, s.Scan(&id) },
		q.Add("SELECT id FROM build WHERE id = ?", b.ID).Lock(tx.LockRows()))
	if err != nil {
		return kura.E(op, err)
	}
	if err := CheckTag(ctx, tx, b, t, force); err != nil {
		return err
	}
	return putIn(ctx, tx, by, b, t)
}

// putIn is Tag after all questions.
func putIn(ctx context.Context, tx *db.Tx, by account.Actor, b *Build, t tag.Tag) error {
	const op = "build.Tag"
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE tag_listing SET revoke_event = $3, revoker_id = $4
		WHERE tag_id = $1 AND build_id = $2 AND revoke_event IS NULL`, t.ID, b.ID, ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO tag_listing (build_id, tag_id, create_event, creator_id) VALUES ($1, $2, $3, $4)",
		b.ID, t.ID, ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, event.Emit(ctx, tx, "build.tag", TagChange{b.ID, b.NVR(), t.ID, t.Name, by.Name}))
}

// Untag takes a build out of a tag. strict makes it an error that it was not in.
func Untag(ctx context.Context, tx *db.Tx, by account.Actor, b *Build, t tag.Tag, strict, force bool) error {
	const op = "build.Untag"
	if err := tag.CheckAccess(ctx, tx, by, tag.ByID(t.ID), force); err != nil {
		return kura.E(op, err)
	}
	return takeOut(ctx, tx, by, b, t, strict)
}

// takeOut is Untag after all questions.
func takeOut(ctx context.Context, tx *db.Tx, by account.Actor, b *Build, t tag.Tag, strict bool) error {
	const op = "build.Untag"
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	n, err := tx.Exec(ctx, `UPDATE tag_listing SET revoke_event = $3, revoker_id = $4
		WHERE tag_id = $1 AND build_id = $2 AND revoke_event IS NULL`, t.ID, b.ID, ev, by.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		if strict {
			return kura.Errorf(op, kura.Tag, "build %s not in tag %s", b.NVR(), t.Name)
		}
		return nil
	}
	return kura.E(op, event.Emit(ctx, tx, "build.untag", TagChange{b.ID, b.NVR(), t.ID, t.Name, by.Name}))
}

// TagRef is a tag that holds a build.
type TagRef struct {
	ID   int64
	Name string
}

// TagsOf gives the tags that hold a build at an event (0: now).
func TagsOf(ctx context.Context, tx *db.Tx, id, at int64) ([]TagRef, error) {
	var q db.Builder
	q.Add("SELECT tag.id, tag.name FROM tag_listing l JOIN tag ON tag.id = l.tag_id WHERE l.build_id = ?", id).At("l", at)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (t TagRef, err error) { return t, s.Scan(&t.ID, &t.Name) }, q.Add(" ORDER BY tag.id"))
	return got, kura.E("build.TagsOf", err)
}
