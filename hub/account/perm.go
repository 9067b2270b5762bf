package account

import (
	"context"
	"database/sql"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// Permission is a thing that a user may be allowed to do.
type Permission struct {
	ID          int64
	Name        string
	Description sql.NullString
}

func scanPerm(s db.Scanner) (p Permission, err error) {
	return p, s.Scan(&p.ID, &p.Name, &p.Description)
}

// GetPerm gives a permission by id or name.
func GetPerm(ctx context.Context, tx *db.Tx, ref Ref) (Permission, error) {
	var b db.Builder
	b.Add("SELECT id, name, description FROM permissions WHERE")
	if ref.ID != 0 {
		b.Add(" id = ?", ref.ID)
	} else {
		b.Add(" name = ?", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanPerm, &b)
	if err != nil {
		return Permission{}, kura.E("account.GetPerm", err)
	}
	if len(got) == 0 {
		return Permission{}, kura.Errorf("account.GetPerm", kura.NotFound, "No such permission: %s", ref)
	}
	return got[0], nil
}

// ListPerms gives all permissions by id.
func ListPerms(ctx context.Context, tx *db.Tx) ([]Permission, error) {
	got, err := db.All(ctx, tx, scanPerm, "SELECT id, name, description FROM permissions ORDER BY id")
	return got, kura.E("account.ListPerms", err)
}

// CreatePerm adds a permission that users can then be given.
func CreatePerm(ctx context.Context, tx *db.Tx, name, description string) (Permission, error) {
	const op = "account.CreatePerm"
	if err := CheckName(name); err != nil {
		return Permission{}, err
	}
	d := sql.NullString{String: description, Valid: description != ""}
	id, err := tx.Insert(ctx, "INSERT INTO permissions (name, description) VALUES ($1, $2) RETURNING id", name, d)
	if kura.Is(err, kura.Exists) {
		return Permission{}, kura.Errorf(op, kura.Exists, "permission already exists: %s", name)
	}
	return Permission{ID: id, Name: name, Description: d}, kura.E(op, err)
}

// DescribePerm changes what a permission is said to be for.
func DescribePerm(ctx context.Context, tx *db.Tx, ref Ref, description string) error {
	p, err := GetPerm(ctx, tx, ref)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE permissions SET description = $1 WHERE id = $2", description, p.ID)
	return kura.E("account.DescribePerm", err)
}

// Grant gives a user or a group a permission.
func Grant(ctx context.Context, tx *db.Tx, by Actor, user, perm Ref) error {
	const op = "account.Grant"
	u, p, held, err := userPerm(ctx, tx, user, perm)
	if err != nil {
		return err
	}
	if held {
		return kura.Errorf(op, kura.Exists, "user %s already has permission: %s", u.Name, p.Name)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO user_perms (user_id, perm_id, create_event, creator_id) VALUES ($1, $2, $3, $4)", u.ID, p.ID, ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	return event.Emit(ctx, tx, "permission.change", map[string]any{"user": u.Name, "permission": p.Name, "granted": true})
}

// Revoke takes a permission back.
func Revoke(ctx context.Context, tx *db.Tx, by Actor, user, perm Ref) error {
	const op = "account.Revoke"
	u, p, held, err := userPerm(ctx, tx, user, perm)
	if err != nil {
		return err
	}
	if !held {
		return kura.Errorf(op, kura.NotFound, "user %s does not have permission: %s", u.Name, p.Name)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE user_perms SET revoke_event = $1, revoker_id = $2
		WHERE user_id = $3 AND perm_id = $4 AND revoke_event IS NULL`, ev, by.ID, u.ID, p.ID); err != nil {
		return kura.E(op, err)
	}
	return event.Emit(ctx, tx, "permission.change", map[string]any{"user": u.Name, "permission": p.Name, "granted": false})
}

func userPerm(ctx context.Context, tx *db.Tx, user, perm Ref) (u User, p Permission, held bool, err error) {
	if u, err = Get(ctx, tx, user); err != nil {
		return
	}
	if p, err = GetPerm(ctx, tx, perm); err != nil {
		return
	}
	var one int
	held, err = tx.Get(ctx, []any{&one}, "SELECT 1 FROM user_perms WHERE user_id = $1 AND perm_id = $2 AND revoke_event IS NULL", u.ID, p.ID)
	return
}

// PermsOf gives a user's permissions at an event (0: now): name to the groups
// that they come through, where "" is the user itself. Without groups only
// what the user was given itself.
func PermsOf(ctx context.Context, tx *db.Tx, user, at int64, groups bool) (map[string][]string, error) {
	type row struct{ perm, group string }
	var b db.Builder
	b.Add("SELECT p.name, '' AS via FROM user_perms up JOIN permissions p ON p.id = up.perm_id WHERE up.user_id = ?", user)
	b.At("up", at)
	if groups {
		b.Add(` UNION ALL SELECT p.name, g.name AS via FROM user_groups ug
			JOIN user_perms up ON up.user_id = ug.group_id
			JOIN permissions p ON p.id = up.perm_id
			JOIN users g ON g.id = ug.group_id WHERE ug.user_id = ?`, user)
		b.At("ug", at).At("up", at)
	}
	b.Add(" ORDER BY 1, 2")
	rows, err := db.Find(ctx, tx, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.perm, &r.group) }, &b)
	if err != nil {
		return nil, kura.E("account.PermsOf", err)
	}
	out := map[string][]string{}
	for _, r := range rows {
		out[r.perm] = append(out[r.perm], r.group)
	}
	return out, nil
}

// Load gives a user as an actor with its permissions and groups: for policies
// about somebody who is not the caller.
func Load(ctx context.Context, tx *db.Tx, user Ref) (Actor, error) {
	u, err := Get(ctx, tx, user)
	if err != nil {
		return Actor{}, err
	}
	a := Actor{ID: u.ID, Name: u.Name, Type: u.Type}
	return a, a.load(ctx, tx)
}

// load reads permissions and groups in one query.
func (a *Actor) load(ctx context.Context, tx *db.Tx) error {
	type row struct {
		group int64
		name  string
	}
	rows, err := db.All(ctx, tx, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.group, &r.name) },
		`SELECT 0, p.name FROM user_perms up JOIN permissions p ON p.id = up.perm_id
			WHERE up.user_id = $1 AND up.revoke_event IS NULL
		UNION SELECT 0, p.name FROM user_groups ug JOIN user_perms up ON up.user_id = ug.group_id
			JOIN permissions p ON p.id = up.perm_id
			WHERE ug.user_id = $1 AND ug.revoke_event IS NULL AND up.revoke_event IS NULL
		UNION SELECT g.id, g.name FROM user_groups ug JOIN users g ON g.id = ug.group_id
			WHERE ug.user_id = $1 AND ug.revoke_event IS NULL`, a.ID)
	if err != nil {
		return kura.E("account.load", err)
	}
	a.Perms, a.Groups = map[string]bool{}, map[int64]string{}
	for _, r := range rows {
		if r.group == 0 {
			a.Perms[r.name] = true
		} else {
			a.Groups[r.group] = r.name
		}
	}
	return nil
}
