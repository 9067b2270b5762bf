package db

import (
	"container/list"
	"context"
	"database/sql/driver"

	"modernc.org/sqlite"
)

const (
	// maxPrepared is how many statements a connection keeps, and maxText how
	// long they may be: longer ones hold lists and are seldom the same twice.
	maxPrepared = 100
	maxText     = 4 << 10
)

// connector opens connections to SQLite that keep their statements prepared.
// To understand a statement takes longer than to carry it out, as a rule, and
// kura's are constant.
type connector struct{ dsn string }

func (c connector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	in, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &conn{sqliteConn: in.(sqliteConn), by: map[string]*list.Element{}}, nil
}

// sqliteConn is what the driver's connections can and database/sql asks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is used by one goroutine at a time, as all connections are.
type conn struct {
	sqliteConn
	by    map[string]*list.Element // of *prepared
	order list.List                // last used first
}

type prepared struct {
	text string
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	busy bool // its rows are being read: it cannot be run once more meanwhile
}

// statement gives a statement to run, or nil: then it is run as it stands.
func (c *conn) statement(ctx context.Context, q string) (*prepared, error) {
	if len(q) > maxText {
		return nil, nil
	}
	if e := c.by[q]; e != nil {
		c.order.MoveToFront(e)
		if p := e.Value.(*prepared); !p.busy {
			return p, nil
		}
		return nil, nil
	}
	s, err := c.sqliteConn.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	p := &prepared{text: q}
	var ok bool
	if p.stmt, ok = s.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, s.Close()
	}
	c.by[q] = c.order.PushFront(p)
	for e := c.order.Back(); e != nil && c.order.Len() > maxPrepared; {
		old, before := e.Value.(*prepared), e.Prev()
		if !old.busy {
			c.order.Remove(e)
			delete(c.by, old.text)
			_ = old.stmt.Close()
		}
		e = before
	}
	return p, nil
}

func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	p, err := c.statement(ctx, q)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return c.sqliteConn.ExecContext(ctx, q, args)
	}
	return p.stmt.ExecContext(ctx, args)
}

func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	p, err := c.statement(ctx, q)
	if err != nil {
		return nil, err
	}
	var r driver.Rows
	if p == nil {
		r, err = c.sqliteConn.QueryContext(ctx, q, args)
	} else {
		r, err = p.stmt.QueryContext(ctx, args)
	}
	if err != nil {
		return nil, err
	}
	if p != nil {
		p.busy = true
		r = &rows{Rows: r, of: p}
	}
	if !wantsRecords(ctx) {
		return r, nil
	}
	n := len(r.Columns())
	return &liteRows{Rows: r, values: make([]driver.Value, n), record: record{cells: make([]cell, n), names: r.Columns}}, nil
}

func (c *conn) Close() error {
	for e := c.order.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*prepared).stmt.Close()
	}
	c.order.Init()
	clear(c.by)
	return c.sqliteConn.Close()
}

// rows lets go of their statement when they are closed.
type rows struct {
	driver.Rows
	of *prepared
}

func (r *rows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}

// liteRows read records.
type liteRows struct {
	driver.Rows
	values []driver.Value
	record record
}

func (r *liteRows) Columns() []string { return column }

func (r *liteRows) Next(dest []driver.Value) error {
	if err := r.Rows.Next(r.values); err != nil {
		return err
	}
	for i, v := range r.values {
		if err := r.record.cells[i].take(v); err != nil {
			return err
		}
	}
	dest[0] = &r.record
	return nil
}
