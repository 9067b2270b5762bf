package file

import (
	"context"
	"unicode/utf8"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Move gives a name, and all below it, another place. The new name must be
// free, and not below the old one.
func Move(ctx context.Context, tx *db.Tx, from, to string) error {
	const op = "file.Move"
	if _, err := lookup(ctx, tx, from); err != nil {
		return kura.E(op, err)
	}
	if to == from || len(to) > len(from) && to[:len(from)+1] == from+"/" {
		return kura.Errorf(op, kura.Invalid, "%s cannot be moved to %s", from, to)
	}
	if _, err := lookup(ctx, tx, to); err == nil {
		return kura.Errorf(op, kura.Exists, "%s exists: %s cannot be moved there", to, from)
	} else if !kura.Is(err, kura.NotFound) {
		return kura.E(op, err)
	}
	dir, name, err := parent(ctx, tx, to)
	if err != nil {
		return kura.E(op, err)
	}
	rest := utf8.RuneCountInString(from) + 1
	// the names between "from/" and "from0" are those below it: 0 follows /
	below := []any{to, rest, from, from + "/", from + "0"}
	if _, err := tx.Exec(ctx, "UPDATE part SET dir = CAST($1 AS TEXT) || substr(dir, $2) WHERE dir = $3 OR (dir >= $4 AND dir < $5)", below...); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE node SET dir = CAST($1 AS TEXT) || substr(dir, $2) WHERE dir = $3 OR (dir >= $4 AND dir < $5)", below...); err != nil {
		return kura.E(op, err)
	}
	up, last := Split(from)
	if _, err := tx.Exec(ctx, "UPDATE part SET dir = $1, name = $2 WHERE dir = $3 AND name = $4", dir, name, up, last); err != nil {
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "UPDATE node SET dir = $1, name = $2 WHERE dir = $3 AND name = $4", dir, name, up, last)
	return kura.E(op, err)
}
