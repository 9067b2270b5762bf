package koji

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
)

// view is what Koji's newer lists have in common: rows of which the client
// chooses some by clauses, and of them some fields. The database does what it can
// of it, and the rest is applied to what it gives.
type view struct {
	clauses  []db.Clause
	fields   []string
	opts     QueryOpts
	defaults []string
}

func readView(a *Args, defaults ...string) (view, error) {
	v := view{fields: a.Strings("fields"), defaults: defaults, opts: QueryOpts{Limit: -1, Order: []string{"id"}}}
	if a.sig.index("opts") >= 0 && a.Any("opts") != nil {
		v.opts = a.queryOpts("opts")
	}
	for i, name := range v.opts.Order {
		v.opts.Order[i] = strings.TrimSpace(name)
	}
	for _, x := range a.List("clauses") {
		c, err := readClause(x)
		if err != nil {
			return v, err
		}
		v.clauses = append(v.clauses, c)
	}
	return v, a.Err()
}

// readClause reads [field, value] or [field, operator, value].
func readClause(x any) (db.Clause, error) {
	list, _ := x.([]any)
	bad := kura.Errorf("koji.view", kura.Invalid, "a clause is [field, value] or [field, operator, value]")
	if len(list) != 2 && len(list) != 3 {
		return db.Clause{}, bad
	}
	field, ok := list[0].(string)
	c := db.Clause{Field: field, Op: "=", Value: list[len(list)-1]}
	if _, many := c.Value.([]any); many {
		c.Op = "IN"
	}
	if len(list) == 3 {
		if c.Op, ok = list[1].(string); !ok {
			return c, bad
		}
	}
	if !ok || !slices.Contains([]string{"IN", "=", "!=", "<", ">", "<=", ">=", "IS", "IS NOT"}, c.Op) {
		return c, fault(parameterError, "Invalid operator: %.20s", c.Op)
	}
	return c, nil
}

// ask takes out of a view what the database can do of it.
func (v *view) ask(fields db.Fields) db.Asked {
	var a db.Asked
	a.Clauses, v.clauses = fields.Split(v.clauses)
	o := &v.opts
	if len(v.clauses) > 0 || !fields.Sorts(o.Order) || o.CountOnly {
		return a
	}
	a.Order, o.Order = o.Order, nil
	if o.Limit != 0 { // of nothing the database knows no part
		a.Limit, a.Offset = int64(max(o.Limit, 0)), int64(o.Offset)
		o.Limit, o.Offset = -1, 0
	} else {
		a.Limit = 1
	}
	return a
}

// counts reports whether rows are to be counted that the database can count:
// all clauses were its own.
func (v *view) counts() bool { return v.opts.CountOnly && len(v.clauses) == 0 }

// viewOf answers with what the database gave.
func viewOf[T any](v view, all []T, shape func(T) (xmlrpc.Struct, error)) (any, error) {
	rows := make([]xmlrpc.Struct, 0, len(all))
	for _, x := range all {
		row, err := shape(x)
		if err != nil {
			return nil, err
		}
		ok, err := v.admits(row)
		if err != nil {
			return nil, err
		}
		if ok {
			rows = append(rows, row)
		}
	}
	return v.shown(rows)
}

// admits applies the clauses that are left.
func (v *view) admits(row xmlrpc.Struct) (bool, error) {
	ok := true
	for _, c := range v.clauses {
		x, known := member(row, c.Field)
		if !known {
			return false, noField(c.Field)
		}
		ok = ok && meets(c, x)
	}
	return ok, nil
}

func noField(name string) error { return fault(parameterError, "Invalid field for query %s", name) }

// meets compares a row's value with a clause's.
func meets(c db.Clause, v any) bool {
	if c.Op == "IN" {
		list, _ := c.Value.([]any)
		return slices.ContainsFunc(list, func(x any) bool { return compare(v, x, 1) == 0 })
	}
	if text, ok := c.Value.(string); ok { // options may be asked for as JSON
		if m, isMap := v.(map[string]any); isMap {
			v = 1
			if want, err := fromJSON(json.RawMessage(text)); err == nil && reflect.DeepEqual(want, any(m)) {
				v = text
			}
		}
	}
	n := compare(v, c.Value, 1)
	switch c.Op {
	case "=", "IS":
		return n == 0
	case "!=", "IS NOT":
		return n != 0
	}
	if v == nil {
		return false // as in SQL
	}
	switch c.Op {
	case "<":
		return n < 0
	case ">":
		return n > 0
	case "<=":
		return n <= 0
	}
	return n >= 0
}

func member(s xmlrpc.Struct, name string) (any, bool) {
	for _, m := range s {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// shown applies order and fields to rows.
func (v *view) shown(rows []xmlrpc.Struct) (any, error) {
	got, err := v.opts.Apply(rows)
	page, ok := got.([]xmlrpc.Struct)
	if err != nil || !ok {
		return got, err
	}
	fields := v.fields
	if len(fields) == 0 {
		fields = v.defaults
	}
	if slices.Contains(fields, "*") || slices.Contains(fields, "**") {
		return page, nil
	}
	out := make([]xmlrpc.Struct, len(page))
	for i, row := range page {
		for _, name := range fields {
			x, known := member(row, name)
			if !known {
				return nil, noField(name)
			}
			out[i] = append(out[i], xmlrpc.Member{Name: name, Value: x})
		}
	}
	return out, nil
}
