package koji

import (
	"iter"

	"github.com/kura-build/kura/format/xmlrpc"
)

// rowsOf answers a list that may be long. Rows are shaped as they are read and
// leave the hub one by one, unless they have to be sorted first, or are only
// counted. shape must not use the transaction.
func rowsOf[T any](o QueryOpts, rows iter.Seq2[T, error], shape func(T) (xmlrpc.Struct, error)) (any, error) {
	if o.CountOnly {
		n := 0
		for _, err := range cut(o, rows) {
			if err != nil {
				return nil, err
			}
			n++
		}
		return n, nil
	}
	if len(o.Order) > 0 {
		all := []xmlrpc.Struct{}
		for v, err := range rows {
			if err != nil {
				return nil, err
			}
			s, err := shape(v)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		return o.Apply(all)
	}
	return xmlrpc.Stream(func(yield func(any, error) bool) {
		for v, err := range cut(o, rows) {
			var s xmlrpc.Struct
			if err == nil {
				s, err = shape(v)
			}
			if !yield(o.row(s), err) || err != nil {
				return
			}
		}
	}), nil
}

// tableOf is rowsOf for rows of one shape: they are written without being made structs,
// unless the client wants to have something done to these.
func tableOf[T any](o QueryOpts, rows iter.Seq2[T, error], shape xmlrpc.Shape[T]) (any, error) {
	if o.CountOnly || o.AsList || len(o.Order) > 0 {
		return rowsOf(o, rows, shape.Struct)
	}
	return xmlrpc.NewTable(cut(o, rows), shape), nil
}

// cut gives the rows that offset and limit leave.
func cut[T any](o QueryOpts, rows iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		if o.Limit == 0 {
			return
		}
		for v, err := range rows {
			if n++; n <= o.Offset && err == nil {
				continue
			}
			if !yield(v, err) || err != nil || o.Limit > 0 && n-o.Offset >= o.Limit {
				return
			}
		}
	}
}

// row is a row as the client wants it: a struct, or the list of its values.
func (o QueryOpts) row(s xmlrpc.Struct) any {
	if !o.AsList {
		return s
	}
	list := make([]any, len(s))
	for i, m := range s {
		list[i] = m.Value
	}
	return list
}

// each gives a slice as rows.
func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}
