package db

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Clause is a condition that a client chose for a list: a field, an operator and
// what to compare with.
type Clause struct {
	Field string
	Op    string // =, !=, <, >, <=, >=, IS, IS NOT, IN
	Value any    // nil, bool, int64, float64, string; for IN a list of them
}

// Asked is what a client wants of a list: the rows that meet all clauses, in an
// order, and of them a part. What Fields cannot do is not put here.
type Asked struct {
	Clauses       []Clause
	Order         []string // fields; a leading minus turns the order round
	Limit, Offset int64    // a limit of 0 is none
}

// Page appends the part that is asked for.
func (a Asked) Page(b *Builder) *Builder {
	limit := a.Limit
	if limit == 0 {
		limit = -1
	}
	return b.Page(limit, a.Offset)
}

// Kind is what a field holds.
type Kind uint8

// The kinds.
const (
	Int Kind = iota
	Bool
	Text
	Seconds // microseconds, which clients know as seconds
)

// Field is what a field of a list is in SQL.
type Field struct {
	SQL  text
	Kind Kind
	Null bool // it may be empty
}

// Fields are the fields of a list, by the names that clients know.
type Fields map[string]Field

// maxIn is how long a list may be to be handed to the database.
const maxIn = 1000

// Split tells the clauses that the database answers as clients mean them from
// the rest: those on other fields, and those that compare what is not alike.
func (f Fields) Split(all []Clause) (here, rest []Clause) {
	for _, c := range all {
		field, known := f[c.Field]
		if known && field.can(c) {
			here = append(here, c)
		} else {
			rest = append(rest, c)
		}
	}
	return here, rest
}

// Sorts reports whether the database can put rows into an order. Texts are
// sorted by the rules of its language there, which clients do not mean.
func (f Fields) Sorts(order []string) bool {
	for _, name := range order {
		field, known := f[strings.TrimPrefix(name, "-")]
		if !known || field.Kind == Text {
			return false
		}
	}
	return true
}

func (f Field) can(c Clause) bool {
	_, ok := f.value(c.Value)
	switch c.Op {
	case "=", "!=", "IS", "IS NOT":
		return ok || c.Value == nil
	case "<", ">", "<=", ">=":
		return ok && f.Kind != Text && f.Kind != Bool
	case "IN":
		list, many := c.Value.([]any)
		return many && len(list) <= maxIn && !slices.ContainsFunc(list, func(v any) bool { _, ok := f.value(v); return !ok })
	}
	return false
}

// value gives a client's value as the database has it.
func (f Field) value(v any) (any, bool) {
	switch v := v.(type) {
	case int64:
		switch f.Kind {
		case Int:
			return v, true
		case Seconds:
			return v * 1e6, v > -1<<42 && v < 1<<42
		}
	case float64:
		micros := math.Round(v * 1e6)
		return int64(micros), f.Kind == Seconds && micros/1e6 == v && math.Abs(micros) < 1<<62
	case bool:
		return v, f.Kind == Bool
	case string:
		return v, f.Kind == Text && utf8.ValidString(v) && !strings.Contains(v, "\x00")
	}
	return nil, false
}

// Where adds clauses that Split said the database can do.
func (f Fields) Where(b *Builder, here []Clause) {
	for _, c := range here {
		b.sql.WriteString(" AND ")
		f[c.Field].where(b, c)
	}
}

func (f Field) where(b *Builder, c Clause) {
	column := string(f.SQL)
	not := c.Op == "!=" || c.Op == "IS NOT"
	switch {
	case c.Op == "IN":
		list, _ := c.Value.([]any)
		f.in(b, list)
	case c.Value == nil && not:
		b.sql.WriteString(column + " IS NOT NULL")
	case c.Value == nil:
		b.sql.WriteString(column + " IS NULL")
	case not && f.Null: // what is empty is not that value either
		b.sql.WriteString("(" + column + " IS NULL OR " + column + " <> ")
		f.arg(b, c.Value)
		b.sql.WriteByte(')')
	default:
		op := map[string]string{"=": " = ", "IS": " = ", "!=": " <> ", "IS NOT": " <> ", "<": " < ", ">": " > ", "<=": " <= ", ">=": " >= "}[c.Op]
		b.sql.WriteString(column + op)
		f.arg(b, c.Value)
	}
}

func (f Field) in(b *Builder, list []any) {
	if len(list) == 0 {
		b.sql.WriteString("1 = 0")
		return
	}
	b.sql.WriteString(string(f.SQL) + " IN (")
	for i, v := range list {
		if i > 0 {
			b.sql.WriteString(", ")
		}
		f.arg(b, v)
	}
	b.sql.WriteByte(')')
}

// arg adds a value. A number may be larger than what the column can hold.
func (f Field) arg(b *Builder, v any) {
	v, _ = f.value(v)
	if f.Kind != Int && f.Kind != Seconds {
		b.arg(v)
		return
	}
	b.sql.WriteString("CAST(")
	b.arg(v)
	b.sql.WriteString(" AS BIGINT)")
}

// Order adds fields to an ORDER BY that goes on behind them. What is empty is
// greater than all else.
func (f Fields) Order(b *Builder, order []string) {
	for _, name := range order {
		name, down := strings.CutPrefix(name, "-")
		field := f[name]
		b.sql.WriteString(" " + string(field.SQL))
		switch {
		case down && field.Null:
			b.sql.WriteString(" DESC NULLS FIRST,")
		case down:
			b.sql.WriteString(" DESC,")
		case field.Null:
			b.sql.WriteString(" NULLS LAST,")
		default:
			b.sql.WriteByte(',')
		}
	}
}
