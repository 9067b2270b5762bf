package db

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
)

// Scanner is a row that was read. Its values go to places of the same types as
// those that database/sql fills, without an allocation for each of them.
type Scanner struct {
	r    *record
	also []any
	err  error // there is no row
	rows *sql.Rows
}

// Scan puts the row's values, as many as there are columns, where dest points to.
func (s Scanner) Scan(dest ...any) error {
	if s.err != nil {
		return s.err
	}
	if s.rows != nil {
		return s.only(dest)
	}
	return s.r.scan(dest, s.also)
}

// And gives a row of which the last values go elsewhere than where who scans it
// puts the others.
func (s Scanner) And(also ...any) Scanner {
	s.also = also
	return s
}

// first is the first row of an answer, which nothing else is read of.
func first(rows *sql.Rows, err error) Scanner { return Scanner{rows: rows, err: err} }

// only scans the first row and ends the question.
func (s Scanner) only(dest []any) (err error) {
	defer func() {
		if e := s.rows.Close(); err == nil {
			err = e
		}
	}()
	if !s.rows.Next() {
		if err := s.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	row, err := readerOf(s.rows).row()
	if err != nil {
		return err
	}
	return row.r.scan(dest, s.also)
}

// A question that is asked with this in its context is answered with records.
type asRecords struct{}

// records runs a question for a reader: what lies in a driver's
// memory stays there, instead of being made a value of database/sql first.
func records(ctx context.Context, tx source, q string, args []any) (*sql.Rows, error) {
	watch(ctx, q, args)
	return tx.QueryContext(context.WithValue(ctx, asRecords{}, true), q, args...)
}

func wantsRecords(ctx context.Context) bool { return ctx.Value(asRecords{}) != nil }

// reader reads the answer to a question row by row.
type reader struct {
	*sql.Rows
	record any
	held   sql.RawBytes
	dest   [2]any
}

func readerOf(rows *sql.Rows) *reader {
	r := &reader{Rows: rows}
	r.dest = [2]any{&r.record, &r.held}
	return r
}

// row gives the row where the reader stands, until it moves on.
func (r *reader) row() (Scanner, error) {
	n, err := r.Columns()
	if err == nil {
		err = r.Scan(r.dest[:len(n)]...)
	}
	if err != nil {
		return Scanner{}, err
	}
	return Scanner{r: r.record.(*record)}, nil
}

// record is a row as a driver read it.
type record struct {
	cells []cell
	names func() []string // of the columns
}

// To database/sql a record is a row of one column, or of two: for raw bytes it keeps
// other goroutines from closing the rows while they are in use, as it must where
// they lie in a connection's memory.
var (
	column     = []string{"record"}
	columnHeld = []string{"record", "held"}
)

func (r *record) scan(dest, also []any) error {
	if len(dest)+len(also) != len(r.cells) {
		return fmt.Errorf("db: %d columns are scanned into %d places", len(r.cells), len(dest)+len(also))
	}
	for i := range dest {
		if c := &r.cells[i]; !c.put(dest[i]) {
			if err := c.convert(dest[i]); err != nil {
				return r.wrong(i, err)
			}
		}
	}
	for i := range also {
		if c := &r.cells[len(dest)+i]; !c.put(also[i]) {
			if err := c.convert(also[i]); err != nil {
				return r.wrong(len(dest)+i, err)
			}
		}
	}
	return nil
}

func (r *record) wrong(i int, err error) error {
	return fmt.Errorf("db: column %d, %q: %w", i, r.names()[i], err)
}

// kind is what a cell holds.
type kind uint8

const (
	null kind = iota
	integer
	double
	truth
	chars // text, in s or in raw
	octets
)

// cell is one value of a record, which is used again for the next row.
type cell struct {
	kind kind
	n    int64  // of an integer, a double's bits, or the truth
	s    string // a text that the driver made
	raw  []byte // the driver's memory, until the next row
	last string // the text that was copied before: columns repeat themselves
}

// put is convert for what is asked for most; ok is false for all else.
func (c *cell) put(dest any) (ok bool) {
	switch d := dest.(type) {
	case *string:
		if ok = c.kind == chars; ok {
			*d = c.text()
		}
	case *int64:
		if ok = c.kind == integer; ok {
			*d = c.n
		}
	case **int64:
		if c.kind == null {
			*d = nil
			return true
		}
		if ok = c.kind == integer; ok {
			n := c.n
			*d = &n
		}
	case **string:
		if c.kind == null {
			*d = nil
			return true
		}
		if ok = c.kind == chars; ok {
			s := c.text()
			*d = &s
		}
	case *bool:
		if ok = c.kind == truth || c.kind == integer && c.n>>1 == 0; ok {
			*d = c.n == 1
		}
	case *int:
		if ok = c.kind == integer; ok {
			*d = int(c.n)
		}
	case *[]byte:
		if ok = c.kind == octets; ok {
			*d = bytes.Clone(c.raw)
		}
	}
	return ok
}

// text is a text, which stays.
func (c *cell) text() string {
	if c.raw == nil {
		return c.s
	}
	if string(c.raw) != c.last {
		c.last = string(c.raw)
	}
	return c.last
}

// value is what database/sql has for it.
func (c *cell) value() driver.Value {
	switch c.kind {
	case integer:
		return c.n
	case double:
		return math.Float64frombits(uint64(c.n))
	case truth:
		return c.n == 1
	case chars:
		return c.text()
	case octets:
		return bytes.Clone(c.raw)
	}
	return nil
}

// take takes a value that a driver made.
func (c *cell) take(v driver.Value) error {
	c.raw = nil
	switch v := v.(type) {
	case nil:
		c.kind = null
	case int64:
		c.kind, c.n = integer, v
	case string:
		c.kind, c.s = chars, v
	case []byte:
		c.kind, c.raw = octets, v
	case float64:
		c.kind, c.n = double, int64(math.Float64bits(v))
	case bool:
		c.kind, c.n = truth, 0
		if v {
			c.n = 1
		}
	default:
		return fmt.Errorf("db: a driver gave a %T", v)
	}
	return nil
}
