package file

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// Swept says what a sweep found.
type Swept struct {
	Blobs, Bytes int64 // stored and referenced
	Removed      int64 // blobs that no name stood for
	Missing      []Node
}

// Sweep deletes blobs that no name stands for and that were put longer than
// grace ago: what a hub left that died between storing bytes and committing
// their names. It also finds names whose bytes are missing. A grace shorter
// than blob.Fresh is safe only while nothing else runs.
func Sweep(ctx context.Context, d *db.DB, s blob.Store, grace time.Duration) (Swept, error) {
	const op = "file.Sweep"
	var out Swept
	limit := time.Now().Add(-grace)
	have := map[blob.Sum]bool{}
	err := s.Walk(ctx, func(i blob.Info) error {
		have[i.Sum] = true
		out.Blobs++
		out.Bytes += i.Size
		if i.Time.After(limit) {
			return nil
		}
		named := false
		err := d.View(ctx, func(tx *db.Tx) (err error) {
			named, err = Named(ctx, tx, i.Sum)
			return err
		})
		if err != nil || named {
			return err
		}
		out.Removed++
		out.Blobs--
		out.Bytes -= i.Size
		return s.Delete(ctx, i.Sum)
	})
	if err != nil {
		return out, kura.E(op, err)
	}
	err = d.View(ctx, func(tx *db.Tx) error {
		for n, err := range db.Each(ctx, tx, scanNode, "SELECT "+columns+` FROM node WHERE kind = 1 UNION ALL
			SELECT node.dir, node.name, kind, part.sum, node.size, mtime, target, owner FROM part JOIN node ON node.dir = part.dir AND node.name = part.name`) {
			if err != nil {
				return err
			}
			if !have[n.Sum] {
				if _, err := s.Stat(ctx, n.Sum); kura.Is(err, kura.NotFound) {
					out.Missing = append(out.Missing, n)
				}
			}
		}
		return nil
	})
	return out, kura.E(op, err)
}

// Named reports whether any name stands for a blob.
func Named(ctx context.Context, tx *db.Tx, sum blob.Sum) (bool, error) {
	var n int
	err := tx.Row(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM node WHERE sum = $1 AND kind = 1)
		OR EXISTS (SELECT 1 FROM part WHERE sum = $1) THEN 1 ELSE 0 END`, sum.String()).Scan(&n)
	return n == 1, err
}

// SealOld makes whole the growing files that have not grown for a while, at
// most so many, and says how many it did.
func SealOld(ctx context.Context, d *db.DB, s blob.Store, idle time.Duration, most int) (int, error) {
	const op = "file.SealOld"
	var nodes []Node
	err := d.View(ctx, func(tx *db.Tx) (err error) {
		nodes, err = db.All(ctx, tx, scanNode, "SELECT "+columns+" FROM node WHERE kind = 3 AND mtime < $1 ORDER BY mtime LIMIT $2",
			db.Now()-idle.Microseconds(), most)
		return err
	})
	if err != nil {
		return 0, kura.E(op, err)
	}
	for i, n := range nodes {
		if _, err := Seal(ctx, d, s, n.Path()); err != nil {
			return i, kura.E(op, err)
		}
	}
	return len(nodes), nil
}
