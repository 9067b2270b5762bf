package koji

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// filterLimits bound the answers that are gathered to be sorted or counted.
var filterLimits = xmlrpc.Limits{Bytes: 128 << 20, Values: 8 << 20}

// filterHandlers are methods about the answers of other methods. They exist
// for web pages, and work on the whole answer, as Koji's do.
func (s *Server) filterHandlers() Handlers {
	return Handlers{
		"countAndFilterResults": func(ctx context.Context, c *Call) (any, error) {
			n, list, err := filterResults(ctx, c)
			return []any{n, list}, err
		},
		"filterResults": func(ctx context.Context, c *Call) (any, error) {
			_, list, err := filterResults(ctx, c)
			return list, err
		},
		"count": count,
	}
}

// nests tells the methods that call others: they cannot be called by others.
func (s *Server) nests(name string) bool {
	return name == "countAndFilterResults" || name == "filterResults" || name == "count"
}

func count(ctx context.Context, c *Call) (any, error) {
	v, err := inner(ctx, c, c.Args.Keywords)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return 0, nil
	case []any:
		return len(v), nil
	case xmlrpc.Struct:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return 1, nil
}

// inner calls the method that the arguments name, and gives its answer: a list
// as []any, whatever stream it is.
func inner(ctx context.Context, c *Call, kw map[string]any) (any, error) {
	name := c.Args.String("methodName")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	v, err := c.Invoke(ctx, name, c.Args.Rest, kw)
	if err != nil {
		return nil, err
	}
	return gathered(name, v)
}

// gathered gives a list whole. What is made in other ways than rows are is read
// as a client would.
func gathered(name string, v any) (any, error) {
	var rows iter.Seq2[any, error]
	switch v := v.(type) {
	case nil, xmlrpc.Struct, map[string]any:
		return v, nil
	case []any:
		rows = each(v)
	case []xmlrpc.Struct:
		rows = func(yield func(any, error) bool) {
			for _, x := range v {
				if !yield(x, nil) {
					return
				}
			}
		}
	case xmlrpc.Stream:
		rows = v
	case xmlrpc.Table:
		rows = v.Structs()
	default:
		v, err := plain(v)
		if err != nil {
			err = kura.Errorf("koji.filter", kura.TooLarge, "the answer of %s is too long to be filtered: %w", name, err)
		}
		return v, err
	}
	all := []any{}
	var size weight
	for x, err := range rows {
		if err != nil {
			return nil, err
		}
		if size.add(x); size.over(filterLimits) {
			return nil, kura.Errorf("koji.filter", kura.TooLarge, "the answer of %s is too long to be filtered", name)
		}
		all = append(all, x)
	}
	return all, nil
}

// weight is how much of an answer is held.
type weight struct {
	values int
	bytes  int64 // of names and texts
}

func (w *weight) over(l xmlrpc.Limits) bool { return w.values > l.Values || w.bytes > l.Bytes }

// add adds a value with all that is in it.
func (w *weight) add(v any) {
	w.values++
	switch v := v.(type) {
	case string:
		w.bytes += int64(len(v))
	case []byte:
		w.bytes += int64(len(v))
	case xmlrpc.Struct:
		for _, m := range v {
			w.bytes += int64(len(m.Name))
			w.add(m.Value)
		}
	case map[string]any:
		for k, x := range v {
			w.bytes += int64(len(k))
			w.add(x)
		}
	case []any:
		for _, x := range v {
			w.add(x)
		}
	case []xmlrpc.Struct:
		for _, x := range v {
			w.add(x)
		}
	case []string:
		for _, x := range v {
			w.add(x)
		}
	case []int64:
		w.values += len(v)
	}
}

// plain gives an answer as a client would read it: maps, lists and simple values.
func plain(v any) (any, error) {
	var buf bytes.Buffer
	if err := xmlrpc.EncodeResponse(&buf, v); err != nil {
		return nil, err
	}
	return xmlrpc.DecodeResponse(&buf, filterLimits)
}

func filterResults(ctx context.Context, c *Call) (total int, result any, err error) {
	kw := maps.Clone(c.Args.Keywords)
	opts, _ := kw["filterOpts"].(map[string]any)
	delete(kw, "filterOpts")
	name, _ := c.Args.Any("methodName").(string)
	part := pageOf(opts)
	v, err := inner(part.in(ctx), c, kw)
	if err != nil {
		var f *xmlrpc.Fault
		if errors.As(err, &f) && f.String == "Invalid method: "+name {
			return 0, nil, err
		}
		if kura.KindOf(err) == kura.Other && !errors.As(err, &f) {
			return 0, nil, err // ours, and not for clients to read
		}
		return 0, nil, fault(genericError, "method %s raised an exception (%s)", name, faultText(err))
	}
	if v == nil {
		return 0, nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return 0, nil, fault(genericError, "%s() did not return a list", name)
	}
	if part != nil && part.taken {
		return part.total, list, nil
	}
	total = len(list)
	if order, _ := opts["order"].(string); order != "" {
		if err := sortBy(list, order, opts["noneGreatest"]); err != nil {
			return 0, nil, err
		}
	}
	for _, cut := range []string{"offset", "limit"} {
		if opts[cut] == nil {
			continue
		}
		n, ok := opts[cut].(int64)
		if !ok || n < 0 {
			return 0, nil, fault(genericError, "filterOpts: %s must be an integer from 0 on", cut)
		}
		at := int(min(n, int64(len(list))))
		if cut == "offset" {
			list = list[at:]
		} else {
			list = list[:at]
		}
	}
	return total, list, nil
}

func faultText(err error) string {
	var f *xmlrpc.Fault
	if errors.As(err, &f) {
		return f.String
	}
	return err.Error()
}

// sortBy sorts structs by one of their members; a leading minus turns the
// order round. nil is greater than all else unless told otherwise.
func sortBy(list []any, order string, noneGreatest any) error {
	key, down := strings.CutPrefix(order, "-")
	nilRank := 1
	if noneGreatest != nil && !truthy(noneGreatest) {
		nilRank = -1
	}
	type keyed struct{ key, row any }
	rows := make([]keyed, len(list))
	for i, x := range list {
		v, ok := field(x, key)
		if !ok {
			return fault(genericError, "filterOpts: cannot order by %s, which the rows do not have", key)
		}
		rows[i] = keyed{v, x}
	}
	slices.SortStableFunc(rows, func(x, y keyed) int {
		n := compare(x.key, y.key, nilRank)
		if down {
			return -n
		}
		return n
	})
	for i, r := range rows {
		list[i] = r.row
	}
	return nil
}

// field gives a member of a row.
func field(row any, name string) (any, bool) {
	switch row := row.(type) {
	case xmlrpc.Struct:
		return member(row, name)
	case map[string]any:
		v, ok := row[name]
		return v, ok
	}
	return nil, false
}

// compare orders values of one type; those of different types by type.
func compare(x, y any, nilRank int) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return nilRank
	case y == nil:
		return -nilRank
	}
	a, aNum := number(x)
	b, bNum := number(y)
	if aNum && bNum {
		return cmp.Compare(a, b)
	}
	s, aStr := x.(string)
	t, bStr := y.(string)
	if aStr && bStr {
		return strings.Compare(s, t)
	}
	return strings.Compare(typeName(x), typeName(y))
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
