package account

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// NewGroup adds a group.
func NewGroup(ctx context.Context, tx *db.Tx, name string) (User, error) {
	return Create(ctx, tx, name, Group)
}

func getGroup(ctx context.Context, tx *db.Tx, ref Ref) (User, error) {
	g, err := Get(ctx, tx, ref)
	if kura.Is(err, kura.NotFound) || err == nil && g.Type != Group {
		return g, kura.Errorf("account.Group", kura.NotFound, "Not a group: %s", ref)
	}
	return g, err
}

// AddMember puts a user into a group.
func AddMember(ctx context.Context, tx *db.Tx, by Actor, group, user Ref) error {
	const op = "account.AddMember"
	g, err := getGroup(ctx, tx, group)
	if err != nil {
		return err
	}
	u, err := Get(ctx, tx, user)
	if kura.Is(err, kura.NotFound) {
		return kura.Errorf(op, kura.NotFound, "Not a user: %s", user)
	}
	if err != nil {
		return err
	}
	if u.Type == Group {
		return kura.Errorf(op, kura.Invalid, "Groups cannot be members of other groups")
	}
	var one int
	in, err := tx.Get(ctx, []any{&one}, "SELECT 1 FROM user_groups WHERE user_id = $1 AND group_id = $2 AND revoke_event IS NULL", u.ID, g.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if in {
		return kura.Errorf(op, kura.Exists, "User already in group")
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO user_groups (user_id, group_id, create_event, creator_id) VALUES ($1, $2, $3, $4)", u.ID, g.ID, ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	return event.Emit(ctx, tx, "group.change", map[string]any{"group": g.Name, "user": u.Name, "member": true})
}

// DropMember takes a user out of a group.
func DropMember(ctx context.Context, tx *db.Tx, by Actor, group, user Ref) error {
	const op = "account.DropMember"
	u, err := Get(ctx, tx, user)
	if err != nil {
		return err
	}
	g, err := getGroup(ctx, tx, group)
	if err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE user_groups SET revoke_event = $1, revoker_id = $2
		WHERE user_id = $3 AND group_id = $4 AND revoke_event IS NULL`, ev, by.ID, u.ID, g.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		return kura.Errorf(op, kura.NotFound, "No such user in group: %s", group)
	}
	return event.Emit(ctx, tx, "group.change", map[string]any{"group": g.Name, "user": u.Name, "member": false})
}

// Members lists a group's members by id.
func Members(ctx context.Context, tx *db.Tx, group Ref) ([]User, error) {
	g, err := Get(ctx, tx, group)
	if kura.Is(err, kura.NotFound) || err == nil && g.Type != Group {
		return nil, kura.Errorf("account.Members", kura.NotFound, "No such group: %s", group)
	}
	if err != nil {
		return nil, err
	}
	got, err := db.All(ctx, tx, scanUser, `SELECT u.id, u.name, u.status, u.usertype FROM user_groups g
		JOIN users u ON u.id = g.user_id WHERE g.group_id = $1 AND g.revoke_event IS NULL ORDER BY u.id`, g.ID)
	return got, kura.E("account.Members", err)
}

// GroupsOf lists the groups that a user is in, by id.
func GroupsOf(ctx context.Context, tx *db.Tx, user int64) ([]User, error) {
	got, err := db.All(ctx, tx, scanUser, `SELECT u.id, u.name, u.status, u.usertype FROM user_groups g
		JOIN users u ON u.id = g.group_id WHERE g.user_id = $1 AND g.revoke_event IS NULL ORDER BY u.id`, user)
	return got, kura.E("account.GroupsOf", err)
}
