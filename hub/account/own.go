package account

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// MinPassword is the least number of characters of a password that somebody
// chooses.
const MinPassword = 12

// OwnToken makes a token for the actor itself. An actor that came with a token
// can pass on only what that token has: its scopes, word for word, until its
// end. Scopes are compared and not permissions, because those may grow later.
// Without a life the new token ends with the one it was made by.
func (s *Sessions) OwnToken(ctx context.Context, tx *db.Tx, by Actor, name string, scopes []string, life time.Duration) (Token, string, error) {
	const op = "account.OwnToken"
	if by.ID == 0 {
		return Token{}, "", kura.Errorf(op, kura.Unauthenticated, "log in to make a token")
	}
	if life < 0 {
		return Token{}, "", kura.Errorf(op, kura.Invalid, "token %s: it would have expired already", name)
	}
	scopes = slices.Compact(slices.Sorted(slices.Values(scopes)))
	if slices.Contains(scopes, "") {
		return Token{}, "", kura.Errorf(op, kura.Invalid, "token %s: a scope is the name of a permission, or %s", name, AllScopes)
	}
	if by.Token != 0 {
		var err error
		if life, err = s.within(ctx, tx, by, name, scopes, life); err != nil {
			return Token{}, "", err
		}
	}
	return s.CreateToken(ctx, tx, by.ID, name, scopes, life)
}

// within refuses what the actor's own token has not, and gives the new one's
// life.
func (s *Sessions) within(ctx context.Context, tx *db.Tx, by Actor, name string, scopes []string, life time.Duration) (time.Duration, error) {
	const op = "account.OwnToken"
	var text string
	var expires sql.NullInt64
	if _, err := tx.Get(ctx, []any{&text, &expires}, "SELECT scopes, expires FROM tokens WHERE id = $1", by.Token); err != nil {
		return 0, kura.E(op, err)
	}
	own := strings.Fields(text)
	for _, sc := range scopes {
		if !slices.Contains(own, sc) && !slices.Contains(own, AllScopes) {
			return 0, kura.Errorf(op, kura.Denied, "token %s cannot have the scope %s, which token %d has not: log in to make it", name, sc, by.Token)
		}
	}
	if !expires.Valid {
		return life, nil
	}
	rest := time.Duration(expires.Int64-s.now()) * time.Microsecond
	if life == 0 {
		return max(rest, time.Microsecond), nil
	}
	if life > rest {
		return 0, kura.Errorf(op, kura.Denied, "token %s cannot outlive token %d, which makes it and expires on %s: log in to make it",
			name, by.Token, time.UnixMicro(expires.Int64).UTC().Format(time.DateOnly))
	}
	return life, nil
}

// ChangePassword gives a person another password: the actor itself, or
// anybody for an admin. Sessions and tokens stay. A token is not enough for
// it: who has got hold of one must not gain a login that outlives it.
func ChangePassword(ctx context.Context, tx *db.Tx, by Actor, user User, password string) error {
	const op = "account.ChangePassword"
	switch {
	case by.Token != 0:
		return kura.Errorf(op, kura.Denied, "a token cannot change the password of %s: log in for it", user.Name)
	case by.ID == 0 || by.ID != user.ID && !by.Has(Admin):
		return kura.Errorf(op, kura.Denied, "the password of %s is for %s or an administrator to change", user.Name, user.Name)
	case user.Type == Host:
		return kura.Errorf(op, kura.Invalid, "%s is a build host: it logs in with its certificate", user.Name)
	case user.Type != Person:
		return kura.Errorf(op, kura.Invalid, "%s is a group: it has no password", user.Name)
	case utf8.RuneCountInString(password) < MinPassword:
		return kura.Errorf(op, kura.Invalid, "the new password of %s is too short: it needs at least %d characters", user.Name, MinPassword)
	}
	return SetPassword(ctx, tx, user.ID, password)
}
