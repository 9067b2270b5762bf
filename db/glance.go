package db

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
)

// glance tells without a question whether anything was committed to a SQLite
// database since its state was read, by whichever process.
type glance struct {
	index *walIndex
	path  string
	hold  *sql.Conn // keeps the index in its place
	last  atomic.Pointer[seen]
	ended atomic.Bool
}

// seen is a state that was read after its mark was seen.
type seen struct {
	mark  mark
	state State
}

// newGlance is called before the database is opened, and close after all of it was
// closed.
func newGlance(path string) *glance {
	g := &glance{}
	g.index, g.path = indexOf(path)
	return g
}

func (g *glance) close() { closeIndex(g.index, g.path) }

// begin takes a connection, which has read once, and keeps it.
func (g *glance) begin(ctx context.Context, p *sql.DB) (err error) {
	if g.hold, err = p.Conn(ctx); err != nil {
		return err
	}
	var tables int
	var mode string
	err = g.hold.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables)
	if err == nil {
		err = g.hold.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	}
	if err != nil {
		return errors.Join(err, g.hold.Close())
	}
	if mode == "wal" { // where there is another log, an index is one that was left behind
		g.index.open(g.path)
	}
	return nil
}

// end gives the connection back, before all are closed.
func (g *glance) end() error {
	g.ended.Store(true)
	return g.hold.Close()
}

// same gives the state that was read last, if it is the present one.
func (g *glance) same() (State, bool) {
	if g == nil || g.ended.Load() {
		return State{}, false
	}
	last := g.last.Load()
	if last == nil {
		return State{}, false
	}
	m, ok := g.index.mark()
	return last.state, ok && m == last.mark
}

// look gives what notes a state that is read from now on.
func (g *glance) look() (note func(State)) {
	if g == nil {
		return func(State) {}
	}
	m, ok := g.index.mark()
	return func(s State) {
		if ok {
			g.last.Store(&seen{m, s})
		}
	}
}
