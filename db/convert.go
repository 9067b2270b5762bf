package db

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// convert puts a value where dest points to, as database/sql does: for types that
// are seldom asked for.
func (c *cell) convert(dest any) error {
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(c.value())
	case *any:
		*d = c.value()
		return nil
	case *bool:
		v, err := driver.Bool.ConvertValue(c.value())
		if err == nil {
			*d = v.(bool)
		}
		return err
	case *[]byte:
		*d = nil
		if c.kind != null {
			*d = []byte(c.written())
		}
		return nil
	}
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return errors.New("the destination is not a pointer")
	}
	to := p.Elem()
	if to.Kind() == reflect.Pointer {
		if c.kind == null {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		if in := to.Interface(); !c.put(in) {
			return c.convert(in)
		}
		return nil
	}
	if c.kind == null {
		return fmt.Errorf("NULL does not go into a %s", to.Type())
	}
	return c.set(to)
}

func (c *cell) set(to reflect.Value) error {
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(c.written(), 10, to.Type().Bits())
		if err == nil {
			to.SetInt(n)
		}
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(c.written(), 10, to.Type().Bits())
		if err == nil {
			to.SetUint(n)
		}
		return err
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(c.written(), to.Type().Bits())
		if err == nil {
			to.SetFloat(f)
		}
		return err
	case reflect.Bool:
		if c.kind == truth {
			to.SetBool(c.n == 1)
			return nil
		}
	case reflect.String:
		if c.kind == chars || c.kind == octets || to.Type() == reflect.TypeFor[string]() {
			to.SetString(c.written())
			return nil
		}
	case reflect.Slice:
		if c.kind == octets && to.Type().Elem().Kind() == reflect.Uint8 {
			to.SetBytes(bytes.Clone(c.raw))
			return nil
		}
	}
	return fmt.Errorf("a %T does not go into a %s", c.value(), to.Type())
}

// written is a value in text.
func (c *cell) written() string {
	switch v := c.value().(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
