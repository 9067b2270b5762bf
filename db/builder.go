package db

import (
	"context"
	"iter"
	"strconv"
	"strings"
)

// Builder puts a query together from constants, numbering its placeholders.
// Each ? in a piece stands for the next argument.
//
//	var q db.Builder
//	q.Add("SELECT id, name FROM tag WHERE 1 = 1")
//	if name != "" {
//		q.Add(" AND name = ?", name)
//	}
//	rows, err := db.Find(ctx, tx, scan, &q)
type Builder struct {
	sql  strings.Builder
	args []any
}

// Add appends a constant piece; it must hold a ? for each argument.
func (b *Builder) Add(piece text, args ...any) *Builder {
	rest := string(piece)
	for _, a := range args {
		i := strings.IndexByte(rest, '?')
		if i < 0 {
			panic("db: more arguments than ? in " + string(piece))
		}
		b.sql.WriteString(rest[:i])
		b.args = append(b.args, a)
		b.sql.WriteByte('$')
		b.sql.WriteString(strconv.Itoa(len(b.args)))
		rest = rest[i+1:]
	}
	b.sql.WriteString(rest)
	return b
}

// In appends column IN (values); no values match nothing.
func In[T any](b *Builder, column text, values []T) *Builder {
	if len(values) == 0 {
		b.sql.WriteString(" 1 = 0")
		return b
	}
	b.sql.WriteString(" " + string(column) + " IN (")
	for i, v := range values {
		if i > 0 {
			b.sql.WriteByte(',')
		}
		b.args = append(b.args, v)
		b.sql.WriteByte('$')
		b.sql.WriteString(strconv.Itoa(len(b.args)))
	}
	b.sql.WriteByte(')')
	return b
}

// At appends the condition that a versioned row (of table alias a) was in
// force at an event; event 0 means now.
func (b *Builder) At(a text, event int64) *Builder {
	if event == 0 {
		b.sql.WriteString(" AND " + string(a) + ".revoke_event IS NULL")
		return b
	}
	b.sql.WriteString(" AND " + string(a) + ".create_event <= ")
	b.arg(event)
	b.sql.WriteString(" AND (" + string(a) + ".revoke_event IS NULL OR " + string(a) + ".revoke_event > ")
	b.arg(event)
	b.sql.WriteByte(')')
	return b
}

func (b *Builder) arg(v any) {
	b.args = append(b.args, v)
	b.sql.WriteByte('$')
	b.sql.WriteString(strconv.Itoa(len(b.args)))
}

// Lock appends a locking clause of the transaction.
func (b *Builder) Lock(l Lock) *Builder {
	b.sql.WriteString(string(l.clause))
	return b
}

// Page appends LIMIT and OFFSET; a limit below 0 is none.
func (b *Builder) Page(limit, offset int64) *Builder {
	if limit >= 0 {
		b.Add(" LIMIT ?", limit)
	} else if offset > 0 {
		b.Add(" LIMIT 9223372036854775807")
	}
	if offset > 0 {
		b.Add(" OFFSET ?", offset)
	}
	return b
}

// Text gives the query as it stands: for tests and explanations.
func (b *Builder) Text() string { return b.sql.String() }

// Find runs a built query and gives all its rows.
func Find[T any](ctx context.Context, t *Tx, scan func(Scanner) (T, error), b *Builder) ([]T, error) {
	return collect(Stream(ctx, t, scan, b))
}

// Stream runs a built query and yields its rows as they are read. While it is
// read, the transaction can run nothing else on PostgreSQL.
func Stream[T any](ctx context.Context, t *Tx, scan func(Scanner) (T, error), b *Builder) iter.Seq2[T, error] {
	return each(ctx, t, scan, b.sql.String(), b.args)
}

// Change runs a built statement that writes.
func Change(ctx context.Context, t *Tx, b *Builder) (int64, error) {
	tx, err := t.ask(b.sql.String())
	if err != nil {
		return 0, classify(err)
	}
	r, err := tx.ExecContext(ctx, b.sql.String(), b.args...)
	if err != nil {
		return 0, classify(err)
	}
	return r.RowsAffected()
}
