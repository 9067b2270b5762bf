package xmlrpc

import (
	"iter"
	"math"
	"strconv"
)

// Scalar is a value that is written without being put into an interface: most of
// the cost of a long list is the memory that takes.
type Scalar struct {
	kind scalar
	n    int64 // a number, or the bits of a double
	s    string
	v    any
}

type scalar uint8

const (
	nilScalar scalar = iota
	intScalar
	stringScalar
	boolScalar
	doubleScalar
	anyScalar
	errScalar
)

// Int is an integer.
func Int(n int64) Scalar { return Scalar{kind: intScalar, n: n} }

// Text is a string.
func Text(s string) Scalar { return Scalar{kind: stringScalar, s: s} }

// Double is a double.
func Double(f float64) Scalar { return Scalar{kind: doubleScalar, n: int64(math.Float64bits(f))} }

// Bool is a boolean.
func Bool(b bool) Scalar {
	if b {
		return Scalar{kind: boolScalar, n: 1}
	}
	return Scalar{kind: boolScalar}
}

// OptInt is an integer, or nil.
func OptInt(n *int64) Scalar {
	if n == nil {
		return Scalar{}
	}
	return Int(*n)
}

// OptText is a string, or nil.
func OptText(s *string) Scalar {
	if s == nil {
		return Scalar{}
	}
	return Text(*s)
}

// Any is a value of any kind that Value writes, unless it could not be made.
func Any(v any, err error) Scalar {
	if err != nil {
		return Scalar{kind: errScalar, v: err}
	}
	return Scalar{kind: anyScalar, v: v}
}

// Value is the value as it stands in a Struct.
func (s Scalar) Value() (any, error) {
	switch s.kind {
	case intScalar:
		return s.n, nil
	case stringScalar:
		return s.s, nil
	case boolScalar:
		return s.n == 1, nil
	case doubleScalar:
		return math.Float64frombits(uint64(s.n)), nil
	case anyScalar:
		return s.v, nil
	case errScalar:
		return nil, s.v.(error)
	}
	return nil, nil
}

// Field is a member that all rows of a list have.
type Field[T any] struct {
	name, open string
	of         func(T) Scalar
}

// NewField names a member and says where in a row its value is.
func NewField[T any](name string, of func(T) Scalar) Field[T] {
	var e Encoder
	e.BeginMember(name)
	return Field[T]{name, string(e.buf), of}
}

// Shape is the structs of a list: their members, in this order.
type Shape[T any] []Field[T]

// Embed is the shape of what is a part of a row.
func Embed[R, T any](shape Shape[T], part func(R) T) Shape[R] {
	out := make(Shape[R], len(shape))
	for i, f := range shape {
		out[i] = Field[R]{f.name, f.open, func(row R) Scalar { return f.of(part(row)) }}
	}
	return out
}

// Struct gives a row by itself.
func (s Shape[T]) Struct(row T) (Struct, error) {
	out := make(Struct, len(s))
	for i, f := range s {
		v, err := f.of(row).Value()
		if err != nil {
			return nil, err
		}
		out[i] = Member{f.name, v}
	}
	return out, nil
}

// Encode writes a row as a struct.
func (s Shape[T]) Encode(e *Encoder, row T) error {
	e.BeginStruct()
	for i := range s {
		f := &s[i]
		e.field(f.open, f.of(row))
	}
	e.EndStruct()
	return e.err
}

// Table is rows of one shape, written as they are read.
type Table interface {
	Marshaler
	Structs() Stream // the same, for who looks at them
}

// NewTable gives rows their shape.
func NewTable[T any](rows iter.Seq2[T, error], shape Shape[T]) Table { return table[T]{rows, shape} }

type table[T any] struct {
	rows  iter.Seq2[T, error]
	shape Shape[T]
}

func (t table[T]) Structs() Stream {
	return func(yield func(any, error) bool) {
		for row, err := range t.rows {
			var s Struct
			if err == nil {
				s, err = t.shape.Struct(row)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (t table[T]) EncodeXMLRPC(e *Encoder) error {
	return Each(t.rows, func(e *Encoder, row T) error { return t.shape.Encode(e, row) }).EncodeXMLRPC(e)
}

// The ends of members with values of the kinds that are met most.
const (
	endInt    = "</int></value>\n</member>\n"
	endLong   = "</i8></value>\n</member>\n"
	endString = "</string></value>\n</member>\n"
	nilField  = "<value><nil/></value></member>\n"
)

// field writes a member of which the beginning is given.
func (e *Encoder) field(open string, v Scalar) {
	switch v.kind {
	case nilScalar:
		e.buf = append(append(e.buf, open...), nilField...)
	case intScalar:
		e.buf = append(e.buf, open...)
		if v.n >= math.MinInt32 && v.n <= math.MaxInt32 {
			e.buf = strconv.AppendInt(append(e.buf, "<value><int>"...), v.n, 10)
			e.buf = append(e.buf, endInt...)
			return
		}
		e.buf = strconv.AppendInt(append(e.buf, "<value><i8>"...), v.n, 10)
		e.buf = append(e.buf, endLong...)
	case stringScalar:
		e.buf = append(append(e.buf, open...), "<value><string>"...)
		e.escape(v.s)
		e.raw(endString)
	case boolScalar:
		e.raw(open)
		e.Bool(v.n == 1)
		e.EndMember()
	case doubleScalar:
		e.raw(open)
		e.Double(math.Float64frombits(uint64(v.n)))
		e.EndMember()
	case anyScalar:
		e.raw(open)
		_ = e.Value(v.v) // sticks
		e.EndMember()
	case errScalar:
		_ = e.fail(v.v.(error))
	}
}
