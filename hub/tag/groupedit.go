package tag

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// GroupOptions are a group's settings in a tag; what is nil is as it was, or as
// inherited.
type GroupOptions struct {
	DisplayName *string
	Exported    *bool
	IsDefault   *bool
	UserVisible *bool
	Description *string
	LangOnly    *string
	BiarchOnly  *bool
}

// AddGroup puts a group into a tag or changes its settings there, or blocks it.
func AddGroup(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, o GroupOptions, block, force bool) error {
	const op = "tag.AddGroup"
	t, err := Get(ctx, tx, tag, 0)
	if err != nil {
		return err
	}
	n, err := groupName(ctx, tx, group)
	if err != nil {
		return err
	}
	old, found, err := groupIn(ctx, tx, GroupQuery{Tag: t.ID}, n.ID)
	if err != nil {
		return err
	}
	if found && old.Blocked && !force {
		return kura.Errorf(op, kura.Conflict, "group %s is blocked in tag %s", n.Name, t.Name)
	}
	next := old
	if !found {
		yes, no := true, false
		next = Group{DisplayName: n.Name, Exported: true, UserVisible: &yes, BiarchOnly: &no}
	}
	next.ID, next.Name, next.TagID, next.Blocked = n.ID, n.Name, t.ID, block
	set(&next.DisplayName, o.DisplayName)
	set(&next.Exported, o.Exported)
	pick(&next.IsDefault, o.IsDefault)
	pick(&next.UserVisible, o.UserVisible)
	pick(&next.Description, o.Description)
	pick(&next.LangOnly, o.LangOnly)
	pick(&next.BiarchOnly, o.BiarchOnly)
	if found && sameGroup(old, next) {
		return nil
	}
	return putGroup(ctx, tx, by, t.name(), next)
}

func pick[T any](dst **T, src *T) {
	if src != nil {
		*dst = src
	}
}

func sameGroup(a, b Group) bool {
	return a.Blocked == b.Blocked && a.Exported == b.Exported && a.DisplayName == b.DisplayName &&
		same(a.IsDefault, b.IsDefault) && same(a.UserVisible, b.UserVisible) && same(a.Description, b.Description) &&
		same(a.LangOnly, b.LangOnly) && same(a.BiarchOnly, b.BiarchOnly)
}

func groupName(ctx context.Context, tx *db.Tx, group Ref) (Name, error) {
	if group.ID != 0 {
		return aGroup.need(ctx, tx, group)
	}
	return aGroup.ensure(ctx, tx, group.Name)
}

// groupIn gives what counts for one group in a tag, blocked or not.
func groupIn(ctx context.Context, tx *db.Tx, q GroupQuery, group int64) (Group, bool, error) {
	q.Blocked, q.onlyGroup = true, group
	all, err := Groups(ctx, tx, q)
	if err != nil {
		return Group{}, false, err
	}
	for _, g := range all {
		if g.ID == group {
			return g, true, nil
		}
	}
	return Group{}, false, nil
}

func putGroup(ctx context.Context, tx *db.Tx, by account.Actor, t Name, g Group) error {
	if _, err := dropGroup(ctx, tx, by, t.ID, g.ID); err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO group_config (group_id, tag_id, blocked, exported, display_name, is_default, uservisible,
		description, langonly, biarchonly, create_event, creator_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		g.ID, t.ID, g.Blocked, g.Exported, g.DisplayName, g.IsDefault, g.UserVisible, g.Description, g.LangOnly, g.BiarchOnly, ev, by.ID); err != nil {
		return kura.E("tag.AddGroup", err)
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

func dropGroup(ctx context.Context, tx *db.Tx, by account.Actor, tag, group int64) (int64, error) {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, "UPDATE group_config SET revoke_event = $1, revoker_id = $2 WHERE tag_id = $3 AND group_id = $4 AND revoke_event IS NULL", ev, by.ID, tag, group)
	return n, kura.E("tag.RemoveGroup", err)
}

// RemoveGroup takes a group's entry out of a tag, so that what the tag inherits
// counts.
func RemoveGroup(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref, force bool) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	n, err := dropGroup(ctx, tx, by, t.ID, g.ID)
	if err != nil {
		return err
	}
	if n == 0 && !force {
		return kura.Errorf("tag.RemoveGroup", kura.NotFound, "No group: %s found for tag: %s", g.Name, t.Name)
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

// BlockGroup hides a group in a tag.
func BlockGroup(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref) error {
	return AddGroup(ctx, tx, by, tag, group, GroupOptions{}, true, false)
}

// UnblockGroup takes back a block of the tag's own.
func UnblockGroup(ctx context.Context, tx *db.Tx, by account.Actor, tag, group Ref) error {
	t, g, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return err
	}
	var blocked bool
	if _, err := tx.Get(ctx, []any{&blocked}, "SELECT blocked FROM group_config WHERE tag_id = $1 AND group_id = $2 AND revoke_event IS NULL", t.ID, g.ID); err != nil {
		return kura.E("tag.UnblockGroup", err)
	}
	if !blocked {
		return kura.Errorf("tag.UnblockGroup", kura.Conflict, "group %s is NOT blocked in tag %s", g.Name, t.Name)
	}
	if _, err := dropGroup(ctx, tx, by, t.ID, g.ID); err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "groups")
}

func tagGroup(ctx context.Context, tx *db.Tx, tag, group Ref) (t Tag, g Name, err error) {
	if t, err = Get(ctx, tx, tag, 0); err == nil {
		g, err = aGroup.need(ctx, tx, group)
	}
	return t, g, err
}

// openGroup gives a group of a tag that things can be put into: it is there,
// and not blocked.
func openGroup(ctx context.Context, tx *db.Tx, tag, group Ref) (Tag, Group, error) {
	const op = "tag.Group"
	t, n, err := tagGroup(ctx, tx, tag, group)
	if err != nil {
		return t, Group{}, err
	}
	g, found, err := groupIn(ctx, tx, GroupQuery{Tag: t.ID, Packages: true, Groups: true}, n.ID)
	switch {
	case err != nil:
		return t, g, err
	case !found:
		return t, g, kura.Errorf(op, kura.NotFound, "group %s not present in tag %s", n.Name, t.Name)
	case g.Blocked:
		return t, g, kura.Errorf(op, kura.Conflict, "group %s is blocked in tag %s", n.Name, t.Name)
	}
	return t, g, nil
}

// checkMember checks what a group is to hold: a name, or a dependency as rpm
// spells them.
func checkMember(name string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f }
	if name == "" || len(name) > account.MaxName || strings.IndexFunc(name, bad) >= 0 {
		return kura.Errorf("tag.Group", kura.Invalid, "%.100q is no name of a package in a group", name)
	}
	return nil
}

func checkType(kind string) error {
	switch kind {
	case "mandatory", "default", "optional", "conditional":
		return nil
	}
	return kura.Errorf("tag.Group", kura.Invalid, "a group holds things as mandatory, default, optional or conditional, not %.40q", kind)
}
