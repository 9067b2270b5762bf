package account

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Certificate is the record of a certificate that this installation issued.
type Certificate struct {
	Serial  string // hexadecimal, lower case
	Name    string // its common name
	Purpose string // user, builder, server
	Issued  int64
	Expires int64
	Revoked int64 // 0 not
}

// RecordCertificate notes that a certificate was issued.
func RecordCertificate(ctx context.Context, tx *db.Tx, c Certificate) error {
	const op = "account.RecordCertificate"
	switch c.Purpose {
	case "user", "builder", "server":
	default:
		return kura.Errorf(op, kura.Invalid, "a certificate is for user, builder or server, not %q", c.Purpose)
	}
	_, err := tx.Exec(ctx, "INSERT INTO certificates (serial, name, purpose, issued, expires) VALUES ($1, $2, $3, $4, $5)",
		strings.ToLower(c.Serial), c.Name, c.Purpose, c.Issued, c.Expires)
	return kura.E(op, err)
}

// RevokeCertificate makes a certificate useless from now on.
func RevokeCertificate(ctx context.Context, tx *db.Tx, serial string) error {
	const op = "account.RevokeCertificate"
	n, err := tx.Exec(ctx, "UPDATE certificates SET revoked = $1 WHERE serial = $2 AND revoked IS NULL", time.Now().UnixMicro(), strings.ToLower(serial))
	if err == nil && n == 0 {
		return kura.Errorf(op, kura.NotFound, "no certificate %s that is still good", serial)
	}
	return kura.E(op, err)
}

// CheckCertificate refuses a certificate that was revoked, or that this
// installation did not issue: one that its authority signed but that is in no
// record was not made by it.
func CheckCertificate(ctx context.Context, tx *db.Tx, serial string) (Certificate, error) {
	const op = "account.CheckCertificate"
	got, err := db.All(ctx, tx, scanCertificate, "SELECT serial, name, purpose, issued, expires, revoked FROM certificates WHERE serial = $1", strings.ToLower(serial))
	if err != nil {
		return Certificate{}, kura.E(op, err)
	}
	if len(got) == 0 {
		return Certificate{}, kura.Errorf(op, kura.Unauthenticated, "certificate %s is not in the records: issue a new one", serial)
	}
	if got[0].Revoked != 0 {
		return Certificate{}, kura.Errorf(op, kura.Unauthenticated, "certificate %s of %s was revoked: issue a new one", serial, got[0].Name)
	}
	return got[0], nil
}

// ListCertificates gives the records, newest first; a name that is not empty
// narrows them to it.
func ListCertificates(ctx context.Context, tx *db.Tx, name string) ([]Certificate, error) {
	var b db.Builder
	b.Add("SELECT serial, name, purpose, issued, expires, revoked FROM certificates")
	if name != "" {
		b.Add(" WHERE name = ?", name)
	}
	b.Add(" ORDER BY issued DESC, serial")
	got, err := db.Find(ctx, tx, scanCertificate, &b)
	return got, kura.E("account.ListCertificates", err)
}

func scanCertificate(s db.Scanner) (c Certificate, err error) {
	var revoked sql.NullInt64
	err = s.Scan(&c.Serial, &c.Name, &c.Purpose, &c.Issued, &c.Expires, &revoked)
	c.Revoked = revoked.Int64
	return c, err
}
