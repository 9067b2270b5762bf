package flow

import (
	"context"
	"slices"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
)

// MassTag tags builds one after another without the checks that others need: for
// those who manage tags.
func (f *Flow) MassTag(ctx context.Context, tx *db.Tx, by account.Actor, t tag.Tag, builds []*build.Build) error {
	for _, b := range builds {
		// An event for each: the order counts.
		if err := tx.Savepoint(ctx, func() error { return build.Tag(ctx, tx, by, b, t, true) }); err != nil {
			return err
		}
	}
	return nil
}

// MayEnter checks what tagging will check again. An administrator's force puts
// the package into the list of the tag, or nobody would see the build there.
func MayEnter(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, to tag.Tag, force bool) error {
	if force && by.Has(account.Admin) {
		return Enlist(ctx, tx, by, b, to)
	}
	return build.CheckTag(ctx, tx, b, to, false)
}

// MoveAll moves all builds of a package from a tag to another one, the oldest
// first, so that the newest stays the newest, and gives them in that order. It is
// done at once: there are no tasks to wait for.
func (f *Flow) MoveAll(ctx context.Context, tx *db.Tx, by account.Actor, from, to tag.Tag, p tag.Name, force bool) ([]*build.Build, error) {
	for _, t := range []tag.Tag{from, to} {
		if err := tag.CheckAccess(ctx, tx, by, tag.ByID(t.ID), force); err != nil {
			return nil, err
		}
	}
	builds, err := build.ListTagged(ctx, tx, build.TaggedQuery{Tag: tag.ByID(from.ID), Package: p.Name})
	if err != nil {
		return nil, err
	}
	if len(builds) == 0 {
		return nil, tag.CheckPackage(ctx, tx, tag.Name{ID: to.ID, Name: to.Name}, p)
	}
	var moved []*build.Build
	for _, b := range slices.Backward(builds) {
		if err := MayEnter(ctx, tx, by, b.Build, to, force); err != nil {
			return nil, err
		}
		err := tx.Savepoint(ctx, func() error { return f.Move(ctx, tx, by, b.Build, &from, &to, force) })
		if err == nil {
			err = notify.Tagged(ctx, tx, notify.Tagging{Build: b.ID, Tag: &to.ID, From: &from.ID, By: by.Name})
		}
		if err != nil {
			return nil, err
		}
		moved = append(moved, b.Build)
	}
	return moved, nil
}
