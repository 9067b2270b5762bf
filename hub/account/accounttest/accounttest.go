// Package accounttest gives people of tests passwords that cost nothing: a hash
// stands beside what it takes to make it, and these take next to nothing. They
// are looked at as all others are. What passwords cost is for the tests of
// package account.
package accounttest

import (
	"context"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"github.com/kura-build/kura/db"
)

// The least that argon2id knows.
const (
	memory = 8 // KiB
	passes = 1
	lanes  = 1
)

// SetPassword gives a user a password.
func SetPassword(ctx context.Context, tx *db.Tx, id int64, password string) error {
	salt := []byte("salt of tests")
	enc := base64.RawStdEncoding
	hash := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
		enc.EncodeToString(salt), enc.EncodeToString(argon2.IDKey([]byte(password), salt, passes, memory, lanes, 32)))
	_, err := tx.Exec(ctx, "UPDATE users SET password = $1 WHERE id = $2", hash, id)
	return err
}
