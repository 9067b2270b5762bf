package db

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/kura-build/kura"
)

// text is a constant SQL text: being unexported, it takes only constants from
// outside.
type text string

// Tx is a transaction. It is used by one goroutine at a time.
type Tx struct {
	tx       *sql.Tx // nil for one that only reads and has not read yet: see run
	begin    func() (*sql.Tx, error)
	alone    source // of Ask: where its one question goes; nil once it is asked
	more     bool   // of Ask: there was a second one
	dialect  Dialect
	readonly bool
	changed  kinds // by what writes
	reads    kinds // by what only reads
	depth    int
	after    []func()
	notes    map[any]any
}

// ErrNoRows says that a query for one row found none.
var ErrNoRows = sql.ErrNoRows

// Update runs fn in a transaction that may write, and commits it. It runs fn
// again when the database asks for that (a deadlock or a serialisation
// failure), so fn must have no effect outside the transaction; what should
// happen after the commit goes into tx.After.
func (d *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	for try := 0; ; try++ {
		err := d.run(ctx, d.write, &sql.TxOptions{}, false, fn)
		if err == nil || try == 8 || !retryable(err) {
			return classify(err)
		}
		pause := time.Duration(1+rand.IntN(4<<min(try, 6))) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// View runs fn in a transaction that sees one state throughout and writes
// nothing.
func (d *DB) View(ctx context.Context, fn func(*Tx) error) error {
	opts := &sql.TxOptions{}
	if d.dialect == Postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return classify(d.run(ctx, d.read, opts, true, fn))
}

// Ask is View for what asks the database one question, as a rule: that is a
// transaction by itself, so none is begun and ended around it. If fn has a second one,
// it runs again from its beginning as in View, so it must do nothing before that which
// cannot be undone.
func (d *DB) Ask(ctx context.Context, fn func(*Tx) error) error {
	tx := &Tx{dialect: d.dialect, readonly: true, alone: d.read, begin: func() (*sql.Tx, error) { return nil, errMore }}
	err := fn(tx)
	if tx.more {
		return d.View(ctx, fn)
	}
	return classify(err)
}

// Nothing is a transaction for what asks nothing: a question fails.
func Nothing() *Tx {
	return &Tx{readonly: true, begin: func() (*sql.Tx, error) { return nil, errNothing }}
}

var errNothing = errors.New("db: a question of what asks nothing")

var errMore = errors.New("db: a second question of Ask")

// source is what answers questions: a transaction, or the database.
type source interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
}

// run begins a transaction that writes at once, for it has to wait for its turn,
// and one that only reads with its first question: it sees the state of then in any
// case, and many a call asks nothing.
func (d *DB) run(ctx context.Context, p *sql.DB, o *sql.TxOptions, ro bool, fn func(*Tx) error) error {
	tx := &Tx{dialect: d.dialect, readonly: ro, begin: func() (*sql.Tx, error) { return p.BeginTx(ctx, o) }}
	done := false
	defer func() {
		if tx.tx != nil && !done {
			tx.tx.Rollback()
		}
	}()
	if !ro {
		if _, err := tx.begun(); err != nil {
			return err
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	if ro {
		return nil
	}
	if err := tx.count(ctx); err != nil {
		return err
	}
	if err := tx.tx.Commit(); err != nil {
		return err
	}
	done = true
	for _, f := range tx.after {
		f()
	}
	return nil
}

// begun is the database's transaction, which is begun if it was not.
func (t *Tx) begun() (tx *sql.Tx, err error) {
	if t.tx == nil {
		t.tx, err = t.begin()
	}
	return t.tx, err
}

// ask looks at a statement before what it gives runs it.
func (t *Tx) ask(q string) (source, error) {
	t.look(q)
	if s := t.alone; s != nil {
		t.alone = nil
		return s, nil
	}
	tx, err := t.begun()
	t.more = t.more || errors.Is(err, errMore)
	return tx, err
}

// After has f called once the transaction has been committed, never if it
// was not. f must not use the transaction.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Note keeps a value for the length of the transaction, or of the savepoint
// in which it is set (the event of this change, for one). Noted gives it back.
func (t *Tx) Note(key, value any) {
	if t.notes == nil {
		t.notes = map[any]any{}
	}
	t.notes[key] = value
}

// Noted gives what Note kept, or nil.
func (t *Tx) Noted(key any) any { return t.notes[key] }

// ReadOnly reports whether the transaction may not write.
func (t *Tx) ReadOnly() bool { return t.readonly }

// savepoints are named by depth; constants, as all SQL is.
var savepoints = [...][3]text{
	{"SAVEPOINT s0", "RELEASE SAVEPOINT s0", "ROLLBACK TO SAVEPOINT s0"},
	{"SAVEPOINT s1", "RELEASE SAVEPOINT s1", "ROLLBACK TO SAVEPOINT s1"},
	{"SAVEPOINT s2", "RELEASE SAVEPOINT s2", "ROLLBACK TO SAVEPOINT s2"},
	{"SAVEPOINT s3", "RELEASE SAVEPOINT s3", "ROLLBACK TO SAVEPOINT s3"},
}

// Savepoint runs fn so that its changes vanish when it fails, and the rest of
// the transaction goes on. Notes set inside do not outlive it.
//
// A transaction that only reads has nothing to undo. PostgreSQL lets none go on in
// which a question failed: the rest then sees a state of its own.
func (t *Tx) Savepoint(ctx context.Context, fn func() error) error {
	if t.readonly {
		notes := t.notes
		t.notes = nil
		err := fn()
		t.notes = notes
		if err != nil && t.dialect == Postgres && t.tx != nil {
			t.tx.Rollback()
			t.tx = nil
		}
		return err
	}
	if t.depth >= len(savepoints) {
		return errors.New("db: savepoints nested too deep")
	}
	sp := savepoints[t.depth]
	if _, err := t.Exec(ctx, sp[0]); err != nil {
		return err
	}
	notes, after := t.notes, len(t.after)
	t.notes = nil
	t.depth++
	err := fn()
	t.depth--
	t.notes = notes
	if err != nil {
		t.after = t.after[:after]
		if _, e := t.Exec(ctx, sp[2]); e != nil {
			return errors.Join(err, e)
		}
	}
	if _, e := t.Exec(ctx, sp[1]); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// Exec runs a statement and gives the number of rows it changed.
func (t *Tx) Exec(ctx context.Context, q text, args ...any) (int64, error) {
	tx, err := t.ask(string(q))
	if err != nil {
		return 0, classify(err)
	}
	r, err := tx.ExecContext(ctx, string(q), args...)
	if err != nil {
		return 0, classify(err)
	}
	return r.RowsAffected()
}

// Row runs a query for at most one row. What is given must be scanned.
func (t *Tx) Row(ctx context.Context, q text, args ...any) Scanner {
	return first(t.read(ctx, string(q), args))
}

// read runs a query.
func (t *Tx) read(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	tx, err := t.ask(q)
	if err != nil {
		return nil, err
	}
	return records(ctx, tx, q, args)
}

// Get runs a query for one value or one row; found is false for none.
func (t *Tx) Get(ctx context.Context, dest []any, q text, args ...any) (found bool, err error) {
	err = t.Row(ctx, q, args...).Scan(dest...)
	if errors.Is(err, ErrNoRows) {
		return false, nil
	}
	return err == nil, classify(err)
}

// Insert runs an INSERT … RETURNING id.
func (t *Tx) Insert(ctx context.Context, q text, args ...any) (id int64, err error) {
	err = t.Row(ctx, q, args...).Scan(&id)
	return id, classify(err)
}

// LockRows is appended to a SELECT that must keep others from changing what
// it read until the end of the transaction. SQLite needs nothing: a writing
// transaction is alone.
func (t *Tx) LockRows() Lock {
	if t.dialect == Postgres {
		return Lock{" FOR UPDATE"}
	}
	return Lock{}
}

// SkipLocked is LockRows that passes over rows which another transaction has.
func (t *Tx) SkipLocked() Lock {
	if t.dialect == Postgres {
		return Lock{" FOR UPDATE SKIP LOCKED"}
	}
	return Lock{}
}

// PlanAnew has the database look at the values of each further question of this
// transaction before it plans how to answer: for those whose values say how much
// there is to read. Otherwise it takes a plan that was made for any values.
func (t *Tx) PlanAnew(ctx context.Context) error {
	if t.dialect != Postgres {
		return nil
	}
	_, err := t.Exec(ctx, "SET LOCAL plan_cache_mode = force_custom_plan")
	return err
}

// PlanAgain ends what PlanAnew began: plans are taken up again.
func (t *Tx) PlanAgain(ctx context.Context) error {
	if t.dialect != Postgres {
		return nil
	}
	_, err := t.Exec(ctx, "SET LOCAL plan_cache_mode = auto")
	return err
}

// Horizon is when the oldest transaction began that has written something and has
// not ended, but for this one: microseconds by the clock of the database. Where
// writers wait for one another it is never.
func (t *Tx) Horizon(ctx context.Context) (n int64, err error) {
	if t.dialect != Postgres {
		return math.MaxInt64, nil
	}
	err = t.Row(ctx, `SELECT COALESCE(CAST(extract(epoch FROM min(xact_start)) * 1000000 AS BIGINT), 9223372036854775807) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()`).Scan(&n)
	return n, classify(err)
}

// Lock is a locking clause: see Builder.Lock.
type Lock struct{ clause text }

// Each runs a query and yields a value a row, as they are read.
func Each[T any](ctx context.Context, t *Tx, scan func(Scanner) (T, error), q text, args ...any) iter.Seq2[T, error] {
	return each(ctx, t, scan, string(q), args)
}

func each[T any](ctx context.Context, t *Tx, scan func(Scanner) (T, error), q string, args []any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := t.read(ctx, q, args)
		if err != nil {
			yield(zero, classify(err))
			return
		}
		defer rows.Close()
		for r := readerOf(rows); r.Next(); {
			row, err := r.row()
			if err != nil {
				yield(zero, classify(err))
				return
			}
			v, err := scan(row)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, classify(err))
		}
	}
}

// All runs a query and gives all its rows.
func All[T any](ctx context.Context, t *Tx, scan func(Scanner) (T, error), q text, args ...any) ([]T, error) {
	return collect(Each(ctx, t, scan, q, args...))
}

func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Column scans rows of one column.
func Column[T any](s Scanner) (v T, err error) { return v, s.Scan(&v) }

// classify gives errors of the database their kind.
func classify(err error) error {
	if err == nil || kura.KindOf(err) != kura.Other {
		return err
	}
	switch {
	case unique(err):
		return &kura.Error{Op: "db", Kind: kura.Exists, Err: err}
	case ranged(err):
		return &kura.Error{Op: "db", Kind: kura.Invalid, Err: errors.New("a number is out of range")}
	case long(err):
		return &kura.Error{Op: "db", Kind: kura.Invalid, Err: errors.New("a pattern is too long")}
	case full(err):
		return &kura.Error{Op: "db", Kind: kura.NoSpace, Err: err}
	case errors.Is(err, context.Canceled):
		return &kura.Error{Op: "db", Kind: kura.Canceled, Err: err}
	case lost(err):
		return &kura.Error{Op: "db", Kind: kura.Unavailable, Err: err}
	}
	return err
}
