package farm

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// copyRecords fills a SQLite database with the records of a PostgreSQL one; of tasks
// only with those near one, as SQLite plans without a look at how many there are.
func copyRecords(ctx context.Context, from, to *sql.DB, task int64) error {
	c, err := to.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	tables, err := column(ctx, c, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%'")
	if err != nil {
		return err
	}
	for _, s := range []string{"PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "BEGIN"} {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	for _, name := range tables {
		which := ""
		if name == "task" {
			which = fmt.Sprintf(" WHERE abs(id - %d) < 100", task)
		}
		if err := copyTable(ctx, from, c, name, which); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
	}
	_, err = c.ExecContext(ctx, "COMMIT")
	return err
}

func copyTable(ctx context.Context, from *sql.DB, to *sql.Conn, name, which string) error {
	if _, err := to.ExecContext(ctx, "DELETE FROM "+name); err != nil {
		return err
	}
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+name+which)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	insert, err := to.PrepareContext(ctx, "INSERT INTO "+name+" ("+strings.Join(columns, ", ")+") VALUES (?"+strings.Repeat(", ?", len(columns)-1)+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}
