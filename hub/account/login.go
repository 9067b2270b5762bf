package account

import (
	"context"
	"database/sql"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Password gives the user of a name and password. It only reads, and takes
// some tens of milliseconds: run it in db.View, before the transaction that
// opens the session. Unknown names take as long as known ones. After many
// failures it refuses for some minutes.
func (s *Sessions) Password(ctx context.Context, tx *db.Tx, name, password, ip string) (User, error) {
	const op = "account.Password"
	if w := s.limit.wait(name, ip, s.Clock()); w > 0 {
		return User{}, kura.Errorf(op, kura.Unauthenticated, "too many failed logins of %.64s from %s: try again in %d seconds", name, ip, int(w.Seconds())+1)
	}
	var u User
	var hash sql.NullString
	_, err := tx.Get(ctx, []any{&u.ID, &u.Name, &u.Status, &u.Type, &hash}, "SELECT id, name, status, usertype, password FROM users WHERE name = $1", name)
	if err != nil {
		return User{}, kura.E(op, err)
	}
	if !verifyPassword(hash.String, password) || password == "" {
		s.limit.fail(name, ip, s.Clock())
		return User{}, kura.Errorf(op, kura.Unauthenticated, "invalid username or password")
	}
	s.limit.clear(name, ip)
	return u, mayLogIn(op, u)
}

// Certificate gives the user that a verified client certificate names. Where
// CreatesUser is set, an unknown name becomes a user.
func (s *Sessions) Certificate(ctx context.Context, tx *db.Tx, name string) (User, error) {
	return s.trusted(ctx, tx, name, "")
}

// Principal gives the user of a verified Kerberos principal (or of a plain
// name that GSSAPI gave).
func (s *Sessions) Principal(ctx context.Context, tx *db.Tx, principal string) (User, error) {
	name, _, is := strings.Cut(principal, "@")
	if !is {
		return s.trusted(ctx, tx, principal, "")
	}
	return s.trusted(ctx, tx, name, principal)
}

func (s *Sessions) trusted(ctx context.Context, tx *db.Tx, name, principal string) (User, error) {
	const op = "account.Login"
	var b db.Builder
	b.Add("SELECT id, name, status, usertype FROM users WHERE")
	if principal != "" {
		b.Add(" id = (SELECT user_id FROM user_krb_principals WHERE krb_principal = ?)", principal)
	} else {
		b.Add(" name = ?", name)
	}
	got, err := db.Find(ctx, tx, scanUser, &b)
	if err != nil {
		return User{}, kura.E(op, err)
	}
	if len(got) == 1 {
		return got[0], mayLogIn(op, got[0])
	}
	if !s.CreatesUser {
		return User{}, kura.Errorf(op, kura.Unauthenticated, "Unknown user: %s", name)
	}
	u, err := Create(ctx, tx, name, Person)
	if kura.Is(err, kura.Exists) && principal != "" {
		// The user is known by another realm's principal, or by none: the
		// ticket was verified, but that does not make it the same person.
		return User{}, kura.Errorf(op, kura.Unauthenticated, "user %s exists and %s is not among its principals: ask an administrator to add it", name, principal)
	}
	if err != nil {
		return User{}, err
	}
	if principal != "" {
		return u, AddPrincipal(ctx, tx, u.ID, principal)
	}
	return u, nil
}

func mayLogIn(op string, u User) error {
	if u.Status != Normal {
		return blocked(op, u.Name)
	}
	if u.Type == Group {
		return kura.Errorf(op, kura.Unauthenticated, "%s is a group: log in as one of its members", u.Name)
	}
	return nil
}
