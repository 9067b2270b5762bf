package farm

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// The statements that fill a database. An empty line ends a statement.
//
//go:embed *.sql
var scripts embed.FS

// Size is how much there is of a farm.
type Size struct{ Builds, Packages, Tags int64 }

// Fill makes a farm's records, past the hub: it must not run meanwhile, as it
// would not see the change. The tags and targets of Releases are there. It tells
// say how long each part took.
func Fill(ctx context.Context, d *sql.DB, n Size, say func(format string, args ...any)) error {
	c, err := filler(ctx, d)
	if err != nil {
		return err
	}
	defer c.Close()
	for name, v := range map[string]int64{"farm.builds": n.Builds, "farm.packages": n.Packages, "farm.tags": n.Tags} {
		if _, err := c.ExecContext(ctx, "SELECT set_config($1, $2, FALSE)", name, strconv.FormatInt(v, 10)); err != nil {
			return err
		}
	}
	if err := script(ctx, c, say, "sizes"); err != nil {
		return err
	}
	again, err := dropIndexes(ctx, c)
	if err != nil {
		return err
	}
	if err := script(ctx, c, say, "small"); err != nil {
		return err
	}
	// Tasks are half of it all, and need nothing of the rest.
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error {
		c, err := filler(both, d)
		if err != nil {
			return err
		}
		defer c.Close()
		return script(both, c, say, "tasks")
	})
	g.Go(func() error { return script(both, c, say, "builds", "rpms", "files") })
	if err := g.Wait(); err != nil {
		return err
	}
	began := time.Now()
	for _, s := range append(again, "DROP TABLE farm") {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	if err := sequences(ctx, c); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "VACUUM (ANALYZE)")
	say("indexes and statistics took %.0f s", time.Since(began).Seconds())
	return err
}

// filler is a connection for very many rows. Those that are referred to are made
// with those that refer to them: a check of each would take longer than all the
// rest.
func filler(ctx context.Context, d *sql.DB) (*sql.Conn, error) {
	c, err := d.Conn(ctx)
	for _, s := range []string{"SET session_replication_role = replica", "SET synchronous_commit = off", "SET work_mem = '256MB'", "SET maintenance_work_mem = '1GB'"} {
		if err == nil {
			_, err = c.ExecContext(ctx, s)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("fill the database (its user must be a superuser): %w", err)
	}
	return c, nil
}

// script runs the statements of files.
func script(ctx context.Context, c *sql.Conn, say func(string, ...any), files ...string) error {
	for _, name := range files {
		began := time.Now()
		text, err := scripts.ReadFile(name + ".sql")
		if err != nil {
			return err
		}
		for i, s := range strings.Split(string(text), ";\n\n") {
			if _, err := c.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%s.sql, statement %d: %w", name, i+1, err)
			}
		}
		say("%s.sql took %.0f s", name, time.Since(began).Seconds())
	}
	return nil
}

// dropIndexes drops the indexes of the tables that get many rows, but for those
// that guard a table's key, and gives what makes them again.
func dropIndexes(ctx context.Context, c *sql.Conn) ([]string, error) {
	names, err := column(ctx, c, `SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
		WHERE t.relname IN ('task', 'build', 'rpminfo', 'tag_listing', 'buildroot', 'root_set_rpm', 'node') AND NOT i.indisprimary ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	var again []string
	for _, name := range names {
		def, err := column(ctx, c, "SELECT pg_get_indexdef($1::regclass)", name)
		if err != nil {
			return nil, err
		}
		again = append(again, def...)
		if _, err := c.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// sequences lets numbers go on behind those that were given by hand.
func sequences(ctx context.Context, c *sql.Conn) error {
	all, err := column(ctx, c, `SELECT format('SELECT setval(%L, (SELECT greatest(1, coalesce(max(id), 0)) FROM %I))', pg_get_serial_sequence(quote_ident(table_name), 'id'), table_name)
		FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id' AND is_identity = 'YES'`)
	for _, s := range all {
		if err == nil {
			_, err = c.ExecContext(ctx, s)
		}
	}
	return err
}

// column gives the texts that a query for one column gives.
func column(ctx context.Context, c *sql.Conn, query string, args ...any) (all []string, err error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}
