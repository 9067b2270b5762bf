package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"syscall"
	"time"

	"github.com/kura-build/kura/test/farm"
)

// patience is how long the answer to an everyday call may take on a farm's
// database, for all but one of twenty.
const patience = 100 * time.Millisecond

var plainName = regexp.MustCompile("^[a-z_][a-z0-9_]*$")

// farm asks a hub whose database is that of a large farm, or a tenth of it.
func (b *bench) farm() error {
	address, drop, err := b.farmDatabase()
	if err != nil || address == "" {
		return err
	}
	defer drop()
	d, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer d.Close()
	h, err := b.start(database{"postgres", address})
	if err != nil {
		return err
	}
	err = h.askFarm(d)
	return errors.Join(err, h.end(err != nil))
}

// farmDatabase gives the address of a database, and what is to be done with it
// afterwards: one that was named is kept.
func (b *bench) farmDatabase() (string, func(), error) {
	server := os.Getenv("KURA_TEST_POSTGRES")
	if server == "" {
		fmt.Println("# no PostgreSQL: KURA_TEST_POSTGRES is not set")
		return "", nil, nil
	}
	if b.kept == "" {
		list, drop, err := b.databases()
		if err != nil {
			return "", nil, err
		}
		return list[len(list)-1].url, drop, nil
	}
	if !plainName.MatchString(b.kept) {
		return "", nil, fmt.Errorf("-farm %s: a database's name is of small letters, digits and _", b.kept)
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	defer admin.Close()
	var known bool
	if err := admin.QueryRowContext(b.ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", b.kept).Scan(&known); err != nil {
		return "", nil, err
	}
	if !known {
		if _, err := admin.ExecContext(b.ctx, "CREATE DATABASE "+b.kept); err != nil {
			return "", nil, err
		}
	}
	u.Path = "/" + b.kept
	return u.String(), func() {}, nil
}

func (h *hub) askFarm(d *sql.DB) error {
	ctx := h.b.ctx
	var filled bool
	if err := d.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM tag WHERE name = 'f45')").Scan(&filled); err != nil {
		return err
	}
	if !filled {
		if err := h.releases(); err != nil {
			return err
		}
		size := farm.Size{Builds: 300_000, Packages: 25_000, Tags: 2000}
		if h.b.quick {
			size = farm.Size{Builds: 600, Packages: 50, Tags: 200}
		}
		if err := h.aside(func() error {
			return farm.Fill(ctx, d, size, func(format string, args ...any) { fmt.Printf("# "+format+"\n", args...) })
		}); err != nil {
			return err
		}
	}
	if err := sizes(ctx, d); err != nil {
		return err
	}
	return h.everyday(d)
}

// releases makes the tags and targets of six releases.
func (h *hub) releases() error {
	for _, c := range farm.Releases() {
		if _, err := h.Call(h.b.ctx, c.Method, c.Args...); err != nil {
			return err
		}
	}
	return nil
}

// aside stops the hub, has something done, and starts it again.
func (h *hub) aside(do func() error) error {
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	err := h.cmd.Wait()
	if err == nil {
		err = do()
	}
	if err := errors.Join(err, h.up()); err != nil {
		return err
	}
	h.Close()
	return h.login()
}

// sizes says how much there is.
func sizes(ctx context.Context, d *sql.DB) error {
	rows, err := d.QueryContext(ctx, `SELECT relname, reltuples, pg_total_relation_size(oid) / 1048576.0 FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0 ORDER BY 3 DESC LIMIT 20`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n, size float64
		if err := rows.Scan(&name, &n, &size); err != nil {
			return err
		}
		say("rows of "+name, n, "", fmt.Sprintf("%.0f MiB with its indexes", size))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var all float64
	if err := d.QueryRowContext(ctx, "SELECT pg_database_size(current_database()) / 1073741824.0").Scan(&all); err != nil {
		return err
	}
	say("the database", all, "GiB", "")
	return nil
}
