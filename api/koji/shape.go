package koji

import (
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/flow"
)

// TimeText and TimeTS show an instant as the tasks that flow makes do.
func TimeText(micros int64) any { return flow.TimeText(micros) }
func TimeTS(micros int64) any   { return flow.TimeTS(micros) }

// timeText and timeTS are the same of an instant that may be missing.
func timeText(micros *int64) xmlrpc.Scalar {
	if moment(micros) == 0 {
		return xmlrpc.Scalar{}
	}
	return xmlrpc.Text(flow.WriteTime(*micros))
}

func timeTS(micros *int64) xmlrpc.Scalar {
	if moment(micros) == 0 {
		return xmlrpc.Scalar{}
	}
	return xmlrpc.Double(float64(*micros) / 1e6)
}

// QueryOpts are the options that many listing methods take: how to order and
// cut the list, or only to count it.
type QueryOpts struct {
	CountOnly, AsList bool
	Order             []string // members of the rows; a leading minus turns the order round
	Offset, Limit     int      // Limit -1: none
}

// QueryOpts reads the argument queryOpts.
func (a *Args) QueryOpts() QueryOpts { return a.queryOpts("queryOpts") }

func (a *Args) queryOpts(arg string) QueryOpts {
	m := a.Map(arg)
	o := QueryOpts{CountOnly: truthy(m["countOnly"]), AsList: truthy(m["asList"]), Limit: -1}
	if s, ok := m["order"].(string); ok && s != "" {
		o.Order = strings.Split(s, ",")
	}
	for name, to := range map[string]*int{"offset": &o.Offset, "limit": &o.Limit} {
		if m[name] == nil {
			continue
		}
		n, ok := toInt(m[name])
		if !ok || n < 0 || n > 1<<31 {
			a.wrong(arg, name+" from 0 on", m[name])
			continue
		}
		*to = int(n)
	}
	return o
}

// part is how many of n rows offset and limit leave.
func (o QueryOpts) part(n int64) int64 {
	n = max(0, n-int64(o.Offset))
	if o.Limit >= 0 {
		n = min(n, int64(o.Limit))
	}
	return n
}

// all reports whether all rows are wanted as they are.
func (o QueryOpts) all() bool {
	return !o.CountOnly && !o.AsList && len(o.Order) == 0 && o.Offset == 0 && o.Limit < 0
}

// Apply orders, cuts and counts rows that are all of one shape.
func (o QueryOpts) Apply(rows []xmlrpc.Struct) (any, error) {
	for _, name := range slices.Backward(o.Order) {
		name, down := strings.CutPrefix(strings.TrimSpace(name), "-")
		if len(rows) == 0 {
			break
		}
		at := slices.IndexFunc(rows[0], func(m xmlrpc.Member) bool { return m.Name == name })
		if at < 0 {
			return nil, kura.Errorf("koji.queryOpts", kura.Invalid, "Invalid order: %s", name)
		}
		slices.SortStableFunc(rows, func(x, y xmlrpc.Struct) int {
			n := compare(x[at].Value, y[at].Value, 1)
			if down {
				return -n
			}
			return n
		})
	}
	rows = rows[min(o.Offset, len(rows)):]
	if o.Limit >= 0 {
		rows = rows[:min(o.Limit, len(rows))]
	}
	switch {
	case o.CountOnly:
		return len(rows), nil
	case !o.AsList:
		return rows, nil
	}
	lists := make([]any, len(rows))
	for i, row := range rows {
		list := make([]any, len(row))
		for j, m := range row {
			list[j] = m.Value
		}
		lists[i] = list
	}
	return lists, nil
}
