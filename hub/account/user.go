package account

import (
	"context"
	"database/sql"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// User is a person, a host or a group.
type User struct {
	ID     int64
	Name   string
	Status int // Normal, Blocked
	Type   int // Person, Host, Group
}

func scanUser(s db.Scanner) (u User, err error) {
	return u, s.Scan(&u.ID, &u.Name, &u.Status, &u.Type)
}

// Get gives a user by id, by name, or by one of its Kerberos principals.
func Get(ctx context.Context, tx *db.Tx, ref Ref) (User, error) {
	var b db.Builder
	b.Add("SELECT id, name, status, usertype FROM users WHERE")
	if ref.ID != 0 {
		b.Add(" id = ?", ref.ID)
	} else {
		b.Add(" name = ? OR id = (SELECT user_id FROM user_krb_principals WHERE krb_principal = ?)", ref.Name, ref.Name)
		b.Add(" ORDER BY CASE WHEN name = ? THEN 0 ELSE 1 END", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanUser, &b)
	if err != nil {
		return User{}, kura.E("account.Get", err)
	}
	if len(got) == 0 {
		return User{}, kura.Errorf("account.Get", kura.NotFound, "No such user: %s", ref)
	}
	return got[0], nil
}

// Create adds a user of a type. A person logs in with a password (see
// SetPassword), a certificate or a principal.
func Create(ctx context.Context, tx *db.Tx, name string, usertype int) (User, error) {
	const op = "account.Create"
	if usertype < Person || usertype > Group {
		return User{}, kura.Errorf(op, kura.Invalid, "invalid user type: %d", usertype)
	}
	verify := CheckUserName
	if usertype == Group {
		verify = CheckName
	}
	if err := verify(name); err != nil {
		return User{}, err
	}
	_, err := Get(ctx, tx, ByName(name))
	if err == nil {
		if usertype == Group {
			return User{}, kura.Errorf(op, kura.Exists, "user/group already exists: %s", name)
		}
		return User{}, kura.Errorf(op, kura.Exists, "user already exists: %s", name)
	}
	if !kura.Is(err, kura.NotFound) {
		return User{}, err
	}
	id, err := tx.Insert(ctx, "INSERT INTO users (name, usertype) VALUES ($1, $2) RETURNING id", name, usertype)
	if err != nil {
		return User{}, kura.E(op, err)
	}
	u := User{ID: id, Name: name, Type: usertype}
	return u, changed(ctx, tx, u)
}

// Rename gives a user another name; the records of what it did follow.
func Rename(ctx context.Context, tx *db.Tx, id int64, name string) error {
	const op = "account.Rename"
	u, err := Get(ctx, tx, ByID(id))
	if err != nil || u.Name == name {
		return err
	}
	if err := CheckUserName(name); err != nil {
		return err
	}
	other, err := Get(ctx, tx, ByName(name))
	if err == nil && other.ID != id {
		return kura.Errorf(op, kura.Exists, "Name %s already taken by user %d", name, other.ID)
	}
	if err != nil && !kura.Is(err, kura.NotFound) {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE users SET name = $1 WHERE id = $2", name, id); err != nil {
		return kura.E(op, err)
	}
	u.Name = name
	return changed(ctx, tx, u)
}

// SetStatus lets a user log in (Normal) or keeps it out at once, with all its
// sessions and tokens (Blocked).
func SetStatus(ctx context.Context, tx *db.Tx, id int64, status int) error {
	const op = "account.SetStatus"
	if status != Normal && status != Blocked {
		return kura.Errorf(op, kura.Invalid, "No such status: %d", status)
	}
	u, err := Get(ctx, tx, ByID(id))
	if err != nil || u.Status == status {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE users SET status = $1 WHERE id = $2", status, id); err != nil {
		return kura.E(op, err)
	}
	u.Status = status
	return changed(ctx, tx, u)
}

// MakeHost turns a person's entry into a host's: a builder that logged in
// before anybody added it.
func MakeHost(ctx context.Context, tx *db.Tx, id int64) error {
	_, err := tx.Exec(ctx, "UPDATE users SET usertype = $1 WHERE id = $2 AND usertype = $3", Host, id, Person)
	return kura.E("account.MakeHost", err)
}

// Query filters List. The zero Query lists everybody.
type Query struct {
	Types     []int  // none: all
	Prefix    string // of the name, in any case
	Perm      string // that hold this permission themselves
	Inherited bool   // or through a group
}

// List gives users by id.
func List(ctx context.Context, tx *db.Tx, q Query) ([]User, error) {
	const op = "account.List"
	var b db.Builder
	b.Add("SELECT id, name, status, usertype FROM users WHERE 1 = 1")
	if len(q.Types) > 0 {
		db.In(b.Add(" AND"), "usertype", q.Types)
	}
	if q.Prefix != "" {
		b.Add(` AND lower(name) LIKE ? ESCAPE '\'`, escapeLike(strings.ToLower(q.Prefix))+"%")
	}
	if q.Perm != "" {
		p, err := GetPerm(ctx, tx, ByName(q.Perm))
		if err != nil {
			return nil, err
		}
		b.Add(" AND (id IN (SELECT user_id FROM user_perms WHERE revoke_event IS NULL AND perm_id = ?)", p.ID)
		if q.Inherited {
			b.Add(` OR id IN (SELECT g.user_id FROM user_groups g JOIN user_perms p ON p.user_id = g.group_id
				WHERE g.revoke_event IS NULL AND p.revoke_event IS NULL AND p.perm_id = ?)`, p.ID)
		}
		b.Add(")")
	} else if q.Inherited {
		return nil, kura.Errorf(op, kura.Invalid, "inherited_perm option must be used with perm option")
	}
	b.Add(" ORDER BY id")
	got, err := db.Find(ctx, tx, scanUser, &b)
	return got, kura.E(op, err)
}

// SetPassword gives a user a password; an empty one takes it away.
func SetPassword(ctx context.Context, tx *db.Tx, id int64, password string) error {
	const op = "account.SetPassword"
	var hash sql.NullString
	if password != "" {
		if len(password) > maxPassword {
			return kura.Errorf(op, kura.TooLarge, "a password has at most %d bytes", maxPassword)
		}
		hash = sql.NullString{String: hashPassword(password), Valid: true}
	}
	n, err := tx.Exec(ctx, "UPDATE users SET password = $1 WHERE id = $2", hash, id)
	if err == nil && n == 0 {
		return kura.Errorf(op, kura.NotFound, "No such user: %d", id)
	}
	return kura.E(op, err)
}

func changed(ctx context.Context, tx *db.Tx, u User) error {
	return event.Emit(ctx, tx, "user.change", map[string]any{"id": u.ID, "name": u.Name, "status": u.Status, "usertype": u.Type})
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func escapeLike(s string) string { return likeEscaper.Replace(s) }
