package db

import (
	"context"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Version tells which version the tables have and which this program wants,
// without changing anything. A database without tables has version 0.
func (d *DB) Version(ctx context.Context) (have, want int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, n := range names {
		number, _, _ := strings.Cut(path.Base(n), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		want = max(want, v)
	}
	there := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'"
	if d.dialect == Postgres {
		there = "SELECT count(*) FROM (SELECT to_regclass('goose_db_version') AS id) t WHERE id IS NOT NULL"
	}
	var n int
	if err := d.read.QueryRowContext(ctx, there).Scan(&n); err != nil || n == 0 {
		return 0, want, err
	}
	err = d.read.QueryRowContext(ctx, "SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have)
	return have, want, err
}
