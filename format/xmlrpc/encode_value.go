package xmlrpc

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
)

func (e *Encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.Nil()
	case Marshaler:
		if err := v.EncodeXMLRPC(e); err != nil {
			_ = e.fail(err)
		}
	case bool:
		e.Bool(v)
	case string:
		e.String(v)
	case int:
		e.Int(int64(v))
	case int64:
		e.Int(v)
	case float64:
		e.Double(v)
	case []byte:
		e.Base64(v)
	case DateTime:
		e.dateTime(v)
	case Struct:
		e.BeginStruct()
		for _, m := range v {
			e.Member(m.Name, m.Value)
		}
		e.EndStruct()
	case map[string]any:
		e.BeginStruct()
		for _, k := range slices.Sorted(maps.Keys(v)) {
			e.Member(k, v[k])
		}
		e.EndStruct()
	case []any:
		array(e, v, func(x any) { _ = e.Value(x) })
	case []string:
		array(e, v, e.String)
	case []int64:
		array(e, v, e.Int)
	case []int:
		array(e, v, func(n int) { e.Int(int64(n)) })
	case []Struct:
		array(e, v, func(x Struct) { _ = e.Value(x) })
	case []map[string]any:
		array(e, v, func(x map[string]any) { _ = e.Value(x) })
	case iter.Seq2[any, error]:
		e.stream(v)
	case func(func(any, error) bool):
		e.stream(v)
	default:
		e.odd(v)
	}
}

// odd writes the kinds that are seldom met.
func (e *Encoder) odd(v any) {
	switch v := v.(type) {
	case int8:
		e.Int(int64(v))
	case int16:
		e.Int(int64(v))
	case int32:
		e.Int(int64(v))
	case uint8:
		e.Int(int64(v))
	case uint16:
		e.Int(int64(v))
	case uint32:
		e.Int(int64(v))
	case uint:
		e.uint(uint64(v))
	case uint64:
		e.uint(v)
	case float32:
		e.Double(float64(v))
	case map[string]string:
		e.BeginStruct()
		for _, k := range slices.Sorted(maps.Keys(v)) {
			e.StringMember(k, v[k])
		}
		e.EndStruct()
	default:
		_ = e.fail(fmt.Errorf("XML-RPC: cannot write a %T", v))
	}
}

func (e *Encoder) uint(n uint64) {
	if n > math.MaxInt64 {
		_ = e.fail(fmt.Errorf("XML-RPC: %d does not fit into 64 bits with a sign", n))
		return
	}
	e.Int(int64(n))
}

func array[T any](e *Encoder, list []T, write func(T)) {
	e.BeginArray()
	for _, x := range list {
		write(x)
	}
	e.EndArray()
}

func (e *Encoder) stream(seq iter.Seq2[any, error]) {
	e.BeginArray()
	for v, err := range seq {
		if err == nil {
			err = e.Value(v)
		}
		if err != nil {
			_ = e.fail(err)
			return
		}
	}
	e.EndArray()
}
