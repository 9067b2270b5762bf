package file

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// Append adds a piece to a growing file at an offset, making the file for
// offset 0. An offset behind the end is refused, and so is one before it,
// unless overwrite: then what follows the offset is cut off first (only at a
// border between pieces). It gives the new size.
func Append(ctx context.Context, tx *db.Tx, path string, offset int64, overwrite bool, b blob.Info) (int64, error) {
	const op = "file.Append"
	dir, name, err := parent(ctx, tx, path)
	if err != nil {
		return 0, kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO node (dir, name, kind, mtime) VALUES ($1, $2, 3, $3)
		ON CONFLICT (dir, name) DO NOTHING`, dir, name, db.Now()); err != nil {
		return 0, kura.E(op, err)
	}
	var q db.Builder
	q.Add("SELECT "+columns+" FROM node WHERE dir = ? AND name = ?", dir, name).Lock(tx.LockRows())
	got, err := db.Find(ctx, tx, scanNode, &q)
	if err != nil {
		return 0, kura.E(op, err)
	}
	n := got[0]
	switch {
	case n.Kind == File && overwrite && offset == 0:
		n.Kind, n.Size = Growing, 0
	case n.Kind == File && (offset == n.Size || offset == -1):
		// It was sealed while it rested: what it has becomes its first piece.
		if n.Size > 0 {
			if _, err := tx.Exec(ctx, "INSERT INTO part (dir, name, start, size, sum) VALUES ($1, $2, 0, $3, $4)",
				dir, name, n.Size, n.Sum.String()); err != nil {
				return 0, kura.E(op, err)
			}
		}
		n.Kind = Growing
	}
	if n.Kind != Growing {
		return 0, kura.Errorf(op, kura.Exists, "upload path exists: %s", path)
	}
	switch {
	case offset == -1:
		offset = n.Size
	case offset > n.Size:
		return n.Size, kura.Errorf(op, kura.Invalid, "%s has %d bytes, the piece starts at %d: send what is between first", path, n.Size, offset)
	case offset < n.Size && !overwrite:
		return n.Size, kura.Errorf(op, kura.Exists, "upload path exists: %s has %d bytes, the piece starts at %d", path, n.Size, offset)
	case offset < n.Size:
		if err := cut(ctx, tx, dir, name, offset); err != nil {
			return n.Size, kura.E(op, err)
		}
	}
	if b.Size > 0 {
		if _, err := tx.Exec(ctx, "INSERT INTO part (dir, name, start, size, sum) VALUES ($1, $2, $3, $4, $5)",
			dir, name, offset, b.Size, b.Sum.String()); err != nil {
			return n.Size, kura.E(op, err)
		}
	}
	size := offset + b.Size
	_, err = tx.Exec(ctx, "UPDATE node SET kind = 3, sum = NULL, size = $3, mtime = $4 WHERE dir = $1 AND name = $2", dir, name, size, db.Now())
	return size, kura.E(op, err)
}

func cut(ctx context.Context, tx *db.Tx, dir, name string, offset int64) error {
	var across int64
	if err := tx.Row(ctx, "SELECT count(*) FROM part WHERE dir = $1 AND name = $2 AND start < $3 AND start + size > $3",
		dir, name, offset).Scan(&across); err != nil {
		return err
	}
	if across > 0 {
		return kura.Errorf("file.Append", kura.Invalid, "%s cannot be cut at %d, in the middle of a piece: start again at 0", Join(dir, name), offset)
	}
	_, err := tx.Exec(ctx, "DELETE FROM part WHERE dir = $1 AND name = $2 AND start >= $3", dir, name, offset)
	return err
}

func dropParts(ctx context.Context, tx *db.Tx, dir, name string) error {
	_, err := tx.Exec(ctx, "DELETE FROM part WHERE dir = $1 AND name = $2", dir, name)
	return err
}

// Seal makes a growing file one blob. Sealing a file that is one already does
// nothing; pieces added meanwhile leave it growing.
func Seal(ctx context.Context, d *db.DB, s blob.Store, path string) (Node, error) {
	const op = "file.Seal"
	var c *Content
	err := d.View(ctx, func(tx *db.Tx) (err error) {
		c, err = Read(ctx, tx, path)
		return err
	})
	if err != nil || c.Node.Kind == File {
		if err != nil {
			return Node{}, kura.E(op, err)
		}
		return c.Node, nil
	}
	r := c.Open(ctx, s)
	defer r.Close()
	info, err := s.Put(ctx, r, nil)
	if err != nil {
		return Node{}, kura.E(op, err)
	}
	n := c.Node
	err = d.Update(ctx, func(tx *db.Tx) error {
		done, err := tx.Exec(ctx, "UPDATE node SET kind = 1, sum = $3 WHERE dir = $1 AND name = $2 AND kind = 3 AND size = $4",
			n.Dir, n.Name, info.Sum.String(), info.Size)
		if err != nil || done == 0 {
			return err
		}
		n.Kind, n.Sum = File, info.Sum
		return dropParts(ctx, tx, n.Dir, n.Name)
	})
	return n, kura.E(op, err)
}
