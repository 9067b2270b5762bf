package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// TokenPrefix begins every token, so that scanners of leaked secrets know it.
const TokenPrefix = "kura_"

// AllScopes is the scope of a token that may do all its user may.
const AllScopes = "*"

// Token is a long-lived credential for programs.
type Token struct {
	ID      int64
	User    int64
	Name    string
	Scopes  []string // permissions it may use of those its user has; AllScopes
	Created int64
	Expires int64 // 0 never
}

// CreateToken makes a token; the secret is given once and not kept. A token
// without scopes is good for what every user may do.
func (s *Sessions) CreateToken(ctx context.Context, tx *db.Tx, user int64, name string, scopes []string, life time.Duration) (Token, string, error) {
	const op = "account.CreateToken"
	if name == "" || len(name) > MaxName {
		return Token{}, "", kura.Errorf(op, kura.Invalid, "a token needs a name of at most %d bytes that says what it is for", MaxName)
	}
	for _, sc := range scopes {
		if sc == AllScopes {
			continue
		}
		if _, err := GetPerm(ctx, tx, ByName(sc)); err != nil {
			return Token{}, "", err
		}
	}
	t := Token{User: user, Name: name, Scopes: scopes, Created: s.now()}
	var expires sql.NullInt64
	if life > 0 {
		t.Expires = t.Created + life.Microseconds()
		expires = sql.NullInt64{Int64: t.Expires, Valid: true}
	}
	secret := TokenPrefix + rand.Text() + rand.Text()[:6]
	var err error
	t.ID, err = tx.Insert(ctx, "INSERT INTO tokens (user_id, name, hash, scopes, created, expires) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
		user, name, hashKey(secret), strings.Join(scopes, " "), t.Created, expires)
	return t, secret, kura.E(op, err)
}

// Tokens lists a user's tokens that were not revoked.
func Tokens(ctx context.Context, tx *db.Tx, user int64) ([]Token, error) {
	got, err := db.All(ctx, tx, func(sc db.Scanner) (t Token, err error) {
		var scopes string
		var expires sql.NullInt64
		err = sc.Scan(&t.ID, &t.User, &t.Name, &scopes, &t.Created, &expires)
		t.Scopes, t.Expires = strings.Fields(scopes), expires.Int64
		return t, err
	}, "SELECT id, user_id, name, scopes, created, expires FROM tokens WHERE user_id = $1 AND revoked IS NULL ORDER BY id", user)
	return got, kura.E("account.Tokens", err)
}

// RevokeToken ends a token of the actor's, or anybody's for an admin.
func (s *Sessions) RevokeToken(ctx context.Context, tx *db.Tx, by Actor, id int64) error {
	const op = "account.RevokeToken"
	var user int64
	found, err := tx.Get(ctx, []any{&user}, "SELECT user_id FROM tokens WHERE id = $1 AND revoked IS NULL", id)
	if err != nil {
		return kura.E(op, err)
	}
	if !found || user != by.ID && !by.Has(Admin) {
		return kura.Errorf(op, kura.NotFound, "No such token: %d", id)
	}
	_, err = tx.Exec(ctx, "UPDATE tokens SET revoked = $1 WHERE id = $2", s.now(), id)
	return kura.E(op, err)
}

// CheckToken gives the actor of a token. It writes nothing. A token has no
// session, so an exclusive session of its user always is another one.
func (s *Sessions) CheckToken(ctx context.Context, tx *db.Tx, secret, ip string) (Actor, error) {
	const op = "account.CheckToken"
	var a Actor
	var status int
	var scopes string
	var expires, revoked sql.NullInt64
	found, err := tx.Get(ctx, []any{&a.Token, &a.ID, &a.Name, &a.Type, &status, &scopes, &expires, &revoked, &a.Taken},
		`SELECT t.id, u.id, u.name, u.usertype, u.status, t.scopes, t.expires, t.revoked,
			EXISTS (SELECT 1 FROM sessions x WHERE x.user_id = u.id AND x.exclusive AND NOT x.closed)
		FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1`, hashKey(secret))
	switch {
	case err != nil:
		return Actor{}, kura.E(op, err)
	case !found:
		return Actor{}, kura.Errorf(op, kura.Unauthenticated, "no such token: make one, or log in")
	case revoked.Valid:
		return Actor{}, kura.Errorf(op, kura.Unauthenticated, "token %d of %s was revoked: make a new one", a.Token, a.Name)
	case expires.Valid && s.now() > expires.Int64:
		return Actor{}, kura.Errorf(op, kura.Expired, "token %d of %s has expired: make a new one", a.Token, a.Name)
	case status != Normal:
		return Actor{}, blocked(op, a.Name)
	}
	a.IP, a.Until = ip, expires.Int64
	if err := a.load(ctx, tx); err != nil {
		return Actor{}, err
	}
	return a.Narrow(strings.Fields(scopes)), nil
}

// Narrow gives an actor whose permissions are cut down to scopes. The token of an
// admin with the scope tag may do what tag is for, and nothing else of admin's.
// Nil are no scopes: the actor stays as it is.
func (a Actor) Narrow(scopes []string) Actor {
	if scopes == nil || slices.Contains(scopes, AllScopes) {
		return a
	}
	perms := map[string]bool{}
	for _, sc := range scopes {
		if a.Has(sc) {
			perms[sc] = true
		}
	}
	a.Perms, a.Scopes = perms, slices.Clone(scopes)
	return a
}

// Narrower gives the scopes that two sets of them leave; nil is all that a user
// may, and admin implies the others.
func Narrower(a, b []string) []string {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	both := []string{}
	for _, sc := range a {
		if slices.Contains(b, sc) || slices.Contains(b, Admin) {
			both = append(both, sc)
		}
	}
	for _, sc := range b {
		if slices.Contains(a, Admin) && !slices.Contains(both, sc) {
			both = append(both, sc)
		}
	}
	return both
}
