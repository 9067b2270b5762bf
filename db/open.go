package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Dialect tells the two databases apart, inside this room only.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	write   *sql.DB // SQLite: the one connection that writes
	read    *sql.DB
	url     string
	state   *shared[State]
	glance  *glance // at whether the state is another one; nil where there is none
	closed  sync.Once
}

// Open connects to the database that an address names, without touching its
// tables:
//
//	sqlite:/var/lib/kura/kura.db
//	postgres://user@/kura?host=/run/postgresql
func Open(ctx context.Context, address string) (*DB, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return openPostgres(ctx, address)
	}
	return nil, fmt.Errorf("database address %q is neither sqlite:PATH nor postgres://…", address)
}

// opened is a database with what reads its state for many at once.
func opened(d *DB) *DB {
	d.state = share(d.readState)
	return d
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	// Writers queue for one connection and take the lock at BEGIN, so that a
	// transaction never fails half-way for another one. Readers see a snapshot
	// and never wait (WAL). synchronous=FULL: a commit that was answered
	// survives a power cut.
	dsn := func(q url.Values) string {
		q.Add("_pragma", "busy_timeout(30000)")
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
		q.Add("_pragma", "foreign_keys(1)")
		q.Add("_pragma", "cache_size(-16000)")
		q.Add("_pragma", "temp_store(MEMORY)")
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	g := newGlance(path)
	w := sql.OpenDB(connector{dsn(url.Values{"_txlock": {"immediate"}})})
	w.SetMaxOpenConns(1)
	if err := w.PingContext(ctx); err != nil {
		w.Close()
		g.close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r := sql.OpenDB(connector{dsn(url.Values{"_txlock": {"deferred"}})})
	r.SetMaxOpenConns(17) // one of them the glance's
	r.SetMaxIdleConns(8)
	if err := g.begin(ctx, r); err != nil {
		r.Close()
		w.Close()
		g.close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return opened(&DB{dialect: SQLite, write: w, read: r, url: "sqlite:" + path, glance: g}), nil
}

func openPostgres(ctx context.Context, address string) (*DB, error) {
	conf, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	// A hub asks much at a time: what several processes do for one question is
	// taken from the others, and where a few rows are wanted each does it all.
	p := sql.OpenDB(pgConnector{stdlib.GetConnector(*conf, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET max_parallel_workers_per_gather = 0")
		return err
	}))})
	p.SetMaxOpenConns(32)
	p.SetMaxIdleConns(16)
	p.SetConnMaxIdleTime(5 * time.Minute)
	if err := p.PingContext(ctx); err != nil {
		p.Close()
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return opened(&DB{dialect: Postgres, write: p, read: p, url: address}), nil
}

// Close ends all connections.
func (d *DB) Close() error {
	var err error
	d.closed.Do(func() {
		d.state.stop()
		if d.glance != nil {
			err = d.glance.end()
		}
		err = errors.Join(err, d.read.Close())
		if d.write != d.read {
			err = errors.Join(err, d.write.Close())
		}
		// Who still has a connection needs SQLite's locks: then the file stays open.
		if d.glance != nil && d.read.Stats().InUse+d.write.Stats().InUse == 0 {
			d.glance.close()
		}
	})
	return err
}

// Dialect says which database it is: for backups and diagnosis, not for SQL.
func (d *DB) Dialect() Dialect { return d.dialect }

// Healthy reports whether the database answers.
func (d *DB) Healthy(ctx context.Context) error { return d.read.PingContext(ctx) }

// Now is the current time as stored: microseconds since 1970.
func Now() int64 { return time.Now().UnixMicro() }

// Time turns a stored time into Go's.
func Time(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
