package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kura-build/kura/format/xmlrpc"
)

// Value is a value of XML-RPC that is written as JSON. A number with a point is
// a double; bytes and times are objects with one member that JSON has no other
// place for.
type Value struct{ V any }

// Members that stand for what JSON does not know.
const (
	bytesMember = "$base64"
	timeMember  = "$dateTime"
)

func (v Value) MarshalJSON() ([]byte, error) { return appendValue(nil, v.V) }

func appendValue(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return append(b, text...), nil
	case []byte:
		return appendValue(b, map[string]any{bytesMember: base64.StdEncoding.EncodeToString(v)})
	case xmlrpc.DateTime:
		return appendValue(b, map[string]any{timeMember: string(v)})
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			name, err := json.Marshal(k)
			if err != nil {
				return nil, err
			}
			if b, err = appendValue(append(append(b, name...), ':'), v[k]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case nil, bool, int64, string:
		text, err := json.Marshal(v)
		return append(b, text...), err
	}
	return nil, fmt.Errorf("exchange: a value of type %T", v)
}

func (v *Value) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var raw any
	err := d.Decode(&raw)
	if err == nil {
		v.V, err = typed(raw)
	}
	return err
}

// typed gives what a decoded JSON value stands for.
func typed(raw any) (any, error) {
	switch v := raw.(type) {
	case json.Number:
		if strings.Contains(v.String(), ".") {
			return v.Float64()
		}
		return v.Int64()
	case []any:
		for i := range v {
			e, err := typed(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = e
		}
	case map[string]any:
		if text, ok := v[bytesMember].(string); ok {
			return base64.StdEncoding.DecodeString(text)
		}
		if text, ok := v[timeMember].(string); ok {
			return xmlrpc.DateTime(text), nil
		}
		for k := range v {
			e, err := typed(v[k])
			if err != nil {
				return nil, err
			}
			v[k] = e
		}
	}
	return raw, nil
}
