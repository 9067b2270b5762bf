package koji

import (
	"context"
	"strings"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

func (Tasks) list(ctx context.Context, c *Call) (any, error) {
	opts, q := c.Args.Map("opts"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	f, err := taskFilter(opts)
	if err != nil {
		return nil, err
	}
	if q.CountOnly {
		n, err := task.Count(ctx, c.Tx, f)
		return q.part(n), err
	}
	if q.Limit == 0 {
		return []any{}, nil
	}
	f.Order, f.Offset, f.Limit, f.Results = strings.Join(q.Order, ","), int64(q.Offset), int64(max(q.Limit, 0)), true
	tasks, err := task.List(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	decode := truthy(opts["decode"]) && !q.AsList
	rows := make([]xmlrpc.Struct, len(tasks))
	for i, l := range tasks {
		if rows[i], err = listedTask(l, decode); err != nil {
			return nil, err
		}
	}
	return QueryOpts{AsList: q.AsList, Limit: -1}.Apply(rows)
}

func listedTask(l *task.Listed, decode bool) (xmlrpc.Struct, error) {
	var request, result any
	var err error
	switch {
	case !decode:
		if request, err = callXML(&l.Task); err == nil {
			result, err = responseXML(l)
		}
	default:
		if request, err = requestOf(l.Method, l.Request); err != nil {
			break
		}
		if l.Fault != nil {
			result = faultStruct(taskFault(l.Fault))
		} else if l.Result != nil {
			// Koji's decoder gives the parameters of the response document.
			if result, err = fromJSON(l.Result); err == nil {
				result = []any{result}
			}
		}
	}
	return append(taskStruct(&l.Task), record("request", request, "result", result,
		"owner_name", deref(l.OwnerName), "owner_type", deref(l.OwnerType))...), err
}

func taskFilter(opts map[string]any) (task.Filter, error) {
	var f task.Filter
	r := optReader{opts: opts}
	f.Arches, f.NotArches = r.strings("arch"), r.strings("not_arch")
	f.States, f.NotStates = r.states("state"), r.states("not_state")
	f.Owner = []task.IDs{r.ids("owner", false), r.ids("not_owner", true)}
	f.Host = []task.IDs{r.ids("host_id", false), r.ids("not_host_id", true)}
	f.Channel = []task.IDs{r.ids("channel_id", false), r.ids("not_channel_id", true)}
	f.Parent = []task.IDs{r.ids("parent", false), r.ids("not_parent", true)}
	f.Method = r.string("method")
	f.CreatedBefore, f.CreatedAfter = r.time("createdBefore"), r.time("createdAfter")
	f.StartedBefore, f.StartedAfter = r.time("startedBefore"), r.time("startedAfter")
	f.CompleteBefore = r.time("completeBefore", "completedBefore")
	f.CompleteAfter = r.time("completeAfter", "completedAfter")
	return f, r.err
}

func (r *optReader) states(name string) []task.State {
	ids := r.ints(name)
	if ids == nil {
		return nil
	}
	out := make([]task.State, len(ids))
	for i, n := range ids {
		out[i] = task.State(n)
	}
	return out
}

// ids reads a condition: nil asks for rows without a value.
func (r *optReader) ids(name string, not bool) task.IDs {
	v, given := r.opts[name]
	return task.IDs{Set: given, Not: not, Null: given && v == nil, In: r.ints(name)}
}
