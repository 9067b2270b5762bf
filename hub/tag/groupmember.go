package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// MemberOptions are the settings of a package (Type, BasearchOnly, Requires) or
// a group (Type, IsMetapkg) in a group; what is nil is as it was.
type MemberOptions struct {
	Type         *string // mandatory
	BasearchOnly *bool
	Requires     *string
	IsMetapkg    *bool
}

// AddGroupPackage puts a package into a tag's group, or blocks it there.
func AddGroupPackage(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, pkg string, o MemberOptions, block, force bool) error {
	if err := checkMember(pkg); err != nil {
		return err
	}
	t, g, err := openGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	next, found := GroupPackage{Type: "mandatory"}, false
	for _, p := range g.Packages {
		if p.Package == pkg {
			next, found = p, true
		}
	}
	old := next
	if found && old.Blocked && !force {
		return kura.Errorf("tag.AddGroupPackage", kura.Conflict, "package %s blocked in group %s, tag %s", pkg, g.Name, t.Name)
	}
	set(&next.Type, o.Type)
	pick(&next.BasearchOnly, o.BasearchOnly)
	pick(&next.Requires, o.Requires)
	if err := checkType(next.Type); err != nil {
		return err
	}
	if found && !block && !force && old.Type == next.Type && same(old.BasearchOnly, next.BasearchOnly) && same(old.Requires, next.Requires) {
		return nil
	}
	if _, err := dropGroupPackage(ctx, tx, by, t.ID, g.ID, pkg); err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO group_package_listing (group_id, tag_id, package, blocked, type, basearchonly, requires, create_event, creator_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, g.ID, t.ID, pkg, block, next.Type, next.BasearchOnly, next.Requires, ev, by.ID); err != nil {
		return kura.E("tag.AddGroupPackage", err)
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

// RemoveGroupPackage takes a package's entry out of a tag's group.
func RemoveGroupPackage(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, pkg string) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	if _, err := dropGroupPackage(ctx, tx, by, t.ID, g.ID, pkg); err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

// BlockGroupPackage hides a package in a tag's group.
func BlockGroupPackage(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, pkg string) error {
	return AddGroupPackage(ctx, tx, by, tag, group, pkg, MemberOptions{}, true, false)
}

// UnblockGroupPackage takes back a block of the tag's own.
func UnblockGroupPackage(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, pkg string) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	var blocked bool
	if _, err := tx.Get(ctx, []any{&blocked}, `SELECT blocked FROM group_package_listing
		WHERE tag_id = $1 AND group_id = $2 AND package = $3 AND revoke_event IS NULL`, t.ID, g.ID, pkg); err != nil {
		return kura.E("tag.UnblockGroupPackage", err)
	}
	if !blocked {
		return kura.Errorf("tag.UnblockGroupPackage", kura.Conflict, "package %s is NOT blocked in group %s, tag %s", pkg, g.Name, t.Name)
	}
	return RemoveGroupPackage(ctx, tx, by, tag, group, pkg)
}

func dropGroupPackage(ctx context.Context, tx *db.Tx, by account.Actor, tag, group int64, pkg string) (int64, error) {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE group_package_listing SET revoke_event = $1, revoker_id = $2
		WHERE tag_id = $3 AND group_id = $4 AND package = $5 AND revoke_event IS NULL`, ev, by.ID, tag, group, pkg)
	return n, kura.E("tag.RemoveGroupPackage", err)
}

// AddGroupReq puts a group into a tag's group, or blocks it there.
func AddGroupReq(ctx context.Context, tx *db.Tx, by account.Actor, tag, group, req Ref, o MemberOptions, block, force bool) error {
	t, g, err := openGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	r, err := aGroup.need(ctx, tx, req)
	if err != nil {
		return err
	}
	next, found := GroupReq{Type: "mandatory"}, false
	for _, have := range g.Groups {
		if have.ReqID == r.ID {
			next, found = have, true
		}
	}
	old := next
	if found && old.Blocked && !force {
		return kura.Errorf("tag.AddGroupReq", kura.Conflict, "requirement on group %s blocked in group %s, tag %s", r.Name, g.Name, t.Name)
	}
	set(&next.Type, o.Type)
	set(&next.IsMetapkg, o.IsMetapkg)
	if err := checkType(next.Type); err != nil {
		return err
	}
	if found && !block && !old.Blocked && old.Type == next.Type && old.IsMetapkg == next.IsMetapkg {
		return nil
	}
	if _, err := dropGroupReq(ctx, tx, by, t.ID, g.ID, r.ID); err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO group_req_listing (group_id, tag_id, req_id, blocked, type, is_metapkg, create_event, creator_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, g.ID, t.ID, r.ID, block, next.Type, next.IsMetapkg, ev, by.ID); err != nil {
		return kura.E("tag.AddGroupReq", err)
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

// RemoveGroupReq takes a group's entry out of a tag's group.
func RemoveGroupReq(ctx context.Context, tx *db.Tx, by account.Actor, tag, group, req Ref) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	r, err := aGroup.need(ctx, tx, req)
	if err != nil {
		return err
	}
	if _, err := dropGroupReq(ctx, tx, by, t.ID, g.ID, r.ID); err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

// BlockGroupReq hides a group in a tag's group.
func BlockGroupReq(ctx context.Context, tx *db.Tx, by account.Actor, tag, group, req Ref) error {
	return AddGroupReq(ctx, tx, by, tag, group, req, MemberOptions{}, true, false)
}

// UnblockGroupReq takes back a block of the tag's own.
func UnblockGroupReq(ctx context.Context, tx *db.Tx, by account.Actor, tag, group, req Ref) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	r, err := aGroup.need(ctx, tx, req)
	if err != nil {
		return err
	}
	var blocked bool
	if _, err := tx.Get(ctx, []any{&blocked}, `SELECT blocked FROM group_req_listing
		WHERE tag_id = $1 AND group_id = $2 AND req_id = $3 AND revoke_event IS NULL`, t.ID, g.ID, r.ID); err != nil {
		return kura.E("tag.UnblockGroupReq", err)
	}
	if !blocked {
		return kura.Errorf("tag.UnblockGroupReq", kura.Conflict, "group req %s is NOT blocked in group %s, tag %s", r.Name, g.Name, t.Name)
	}
	return RemoveGroupReq(ctx, tx, by, tag, group, req)
}

func dropGroupReq(ctx context.Context, tx *db.Tx, by account.Actor, tag, group, req int64) (int64, error) {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE group_req_listing SET revoke_event = $1, revoker_id = $2
		WHERE tag_id = $3 AND group_id = $4 AND req_id = $5 AND revoke_event IS NULL`, ev, by.ID, tag, group, req)
	return n, kura.E("tag.RemoveGroupReq", err)
}
