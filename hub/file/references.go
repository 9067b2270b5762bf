package file

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
)

// Reference is a blob that names stand for.
type Reference struct {
	Sum  blob.Sum
	Size int64
}

// References gives every blob that some name stands for, once, by sum: what a
// backup must hold.
func References(ctx context.Context, tx *db.Tx) ([]Reference, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (r Reference, err error) {
		var sum string
		if err := s.Scan(&sum, &r.Size); err != nil {
			return r, err
		}
		r.Sum, err = blob.ParseSum(sum)
		return r, err
	}, `SELECT sum, max(size) FROM (SELECT sum, size FROM node WHERE kind = 1 UNION ALL SELECT sum, coalesce(whole, size) AS size FROM part) named
		GROUP BY sum ORDER BY sum`)
	return got, kura.E("file.References", err)
}

// NamesOf gives some of the names that stand for a blob, for messages.
func NamesOf(ctx context.Context, tx *db.Tx, sum blob.Sum) ([]string, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (string, error) {
		var dir, name string
		err := s.Scan(&dir, &name)
		return Join(dir, name), err
	}, `SELECT dir, name FROM node WHERE sum = $1 AND kind = 1 UNION SELECT dir, name FROM part WHERE sum = $1 LIMIT 5`, sum.String())
	return got, kura.E("file.NamesOf", err)
}
