package client

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// Map is a struct as the hub sent it. Its getters give the zero value for
// what is missing, nil, or of another type.
type Map map[string]any

// AsMap gives v as a Map, nil if it is none.
func AsMap(v any) Map {
	m, _ := v.(map[string]any)
	return m
}

// AsMaps gives the structs in a list.
func AsMaps(v any) []Map {
	list, _ := v.([]any)
	maps := make([]Map, 0, len(list))
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			maps = append(maps, m)
		}
	}
	return maps
}

// Str gives a text; numbers become one.
func (m Map) Str(key string) string {
	switch v := m[key].(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}

// Int gives a number; texts that hold one become one.
func (m Map) Int(key string) int64 {
	switch v := m[key].(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	case string:
		n, _ := strconv.ParseInt(v, 10, 64) // a text without a number counts as missing
		return n
	}
	return 0
}

// Float gives a number.
func (m Map) Float(key string) float64 {
	switch v := m[key].(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// Bool gives a truth; numbers other than 0 are true.
func (m Map) Bool(key string) bool {
	switch v := m[key].(type) {
	case bool:
		return v
	case int64:
		return v != 0
	}
	return false
}

// Time gives an instant from seconds since 1970.
func (m Map) Time(key string) time.Time {
	s := m.Float(key)
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6)).UTC()
}

// Map gives a struct in the struct.
func (m Map) Map(key string) Map { return AsMap(m[key]) }

// List gives a list.
func (m Map) List(key string) []any {
	l, _ := m[key].([]any)
	return l
}

// Strs gives the texts of a list.
func (m Map) Strs(key string) []string { return texts(m[key]) }

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// bytesOf reads bytes that come as base64, or as a text that holds base64.
func bytesOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return base64.StdEncoding.DecodeString(v)
	}
	return nil, fmt.Errorf("want bytes, got %T", v)
}
