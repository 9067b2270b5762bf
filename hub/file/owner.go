package file

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Own binds an upload directory to the first user who writes there, making it;
// anybody else is refused from then on. Directories above and below it are
// bound by themselves: nobody can close a place that many upload into.
func Own(ctx context.Context, tx *db.Tx, path string, user int64) error {
	const op = "file.Own"
	if err := Mkdir(ctx, tx, path); err != nil {
		return kura.E(op, err)
	}
	dir, name := Split(path)
	n, err := tx.Exec(ctx, `UPDATE node SET owner = $3 WHERE dir = $1 AND name = $2 AND kind = 0
		AND (owner IS NULL OR owner = $3)`, dir, name, user)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		return kura.Errorf(op, kura.Denied, "Invalid upload directory, not owner: %s", path)
	}
	return nil
}

// Owned gives the upload directories that are bound to a user.
func Owned(ctx context.Context, tx *db.Tx, user int64) ([]Node, error) {
	got, err := db.All(ctx, tx, scanNode, "SELECT "+columns+" FROM node WHERE owner = $1", user)
	return got, kura.E("file.Owned", err)
}
