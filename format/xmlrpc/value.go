package xmlrpc

import (
	"fmt"
	"iter"
)

// DateTime is the text of a dateTime.iso8601 element, kept as it was sent:
// the format has no time zone, so only the peers know which instant is meant.
type DateTime string

// Member is one field of a Struct.
type Member struct {
	Name  string
	Value any
}

// Struct is a struct whose members are written in this order. Reading gives
// map[string]any instead.
type Struct []Member

// Stream is an array whose elements are made while it is written. An error
// ends it and becomes the error of the writing call: what was sent up to then
// is not a document, and the connection must be cut.
type Stream = iter.Seq2[any, error]

// Marshaler is a value that writes itself: exactly one value, by calls on the
// Encoder. It is the fast way for rows that come by the ten thousand.
type Marshaler interface {
	EncodeXMLRPC(*Encoder) error
}

// Each is a stream of typed rows, written by enc one by one without boxing.
func Each[T any](rows iter.Seq2[T, error], enc func(*Encoder, T) error) Marshaler {
	return each[T]{rows, enc}
}

type each[T any] struct {
	rows iter.Seq2[T, error]
	enc  func(*Encoder, T) error
}

func (s each[T]) EncodeXMLRPC(e *Encoder) error {
	e.BeginArray()
	for row, err := range s.rows {
		if err == nil {
			err = s.enc(e, row)
		}
		if err != nil {
			return e.fail(err)
		}
		if e.err != nil {
			return e.err
		}
	}
	e.EndArray()
	return e.err
}

// Fault is the failure that a peer reports in the place of a result.
type Fault struct {
	Code   int
	String string
}

func (f *Fault) Error() string { return fmt.Sprintf("fault %d: %s", f.Code, f.String) }

// Limits bound what a reader accepts. Zero fields take the defaults.
type Limits struct {
	Bytes  int64 // length of the document
	Depth  int   // arrays and structs inside each other
	Values int   // values in all
	String int   // bytes of one string, name or base64 text
}

// The defaults of Limits. DefaultBytes is what Koji hubs allow a request.
const (
	DefaultBytes  = 4 << 20
	DefaultDepth  = 64
	DefaultValues = 1 << 19
)

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Values <= 0 {
		l.Values = DefaultValues
	}
	if l.String <= 0 {
		l.String = int(l.Bytes)
	}
	return l
}

// SyntaxError says what is wrong with a document, and at which byte.
type SyntaxError struct {
	Offset int
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("XML-RPC: %s at byte %d", e.Msg, e.Offset) }

// LimitError says which bound a document goes over.
type LimitError struct {
	What string
	Max  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("XML-RPC: more than %d %s: send less at a time", e.Max, e.What)
}
