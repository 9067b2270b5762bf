package account

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Principals lists a user's Kerberos principals.
func Principals(ctx context.Context, tx *db.Tx, user int64) ([]string, error) {
	got, err := db.All(ctx, tx, db.Column[string], "SELECT krb_principal FROM user_krb_principals WHERE user_id = $1 ORDER BY krb_principal", user)
	return got, kura.E("account.Principals", err)
}

// AddPrincipal lets a user log in as a Kerberos principal.
func AddPrincipal(ctx context.Context, tx *db.Tx, user int64, principal string) error {
	if err := CheckUserName(principal); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO user_krb_principals (user_id, krb_principal) VALUES ($1, $2)", user, principal)
	if kura.Is(err, kura.Exists) {
		return kura.Errorf("account.AddPrincipal", kura.Exists, "user with this Kerberos principal already exists: %s", principal)
	}
	return kura.E("account.AddPrincipal", err)
}

// RemovePrincipal takes a principal from a user.
func RemovePrincipal(ctx context.Context, tx *db.Tx, user int64, principal string) error {
	n, err := tx.Exec(ctx, "DELETE FROM user_krb_principals WHERE user_id = $1 AND krb_principal = $2", user, principal)
	if err == nil && n == 0 {
		return kura.Errorf("account.RemovePrincipal", kura.NotFound, "cannot remove Kerberos Principal: user %d has no %s", user, principal)
	}
	return kura.E("account.RemovePrincipal", err)
}
