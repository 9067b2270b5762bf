package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/task"
)

// Scheduler shows what the scheduler did. It runs at all times, not now and
// then as Koji's: there is nothing to run by hand.
type Scheduler struct{}

// Handlers are the methods.
func (h Scheduler) Handlers() Handlers {
	return Handlers{
		"scheduler.getTaskRuns":     h.runs,
		"scheduler.getTaskRefusals": h.refusals,
		"scheduler.getLogMessages":  h.messages,
		"scheduler.getHostData":     h.hostData,
		"scheduler.doRun":           func(context.Context, *Call) (any, error) { return true, nil },
	}
}

// maxRecords bounds what one call looks through, onePart what it reads at once.
const (
	maxRecords = 100_000
	onePart    = 500
)

// scheduled is a record as it is shown.
type scheduled struct {
	id  int64
	row xmlrpc.Struct
}

// read reads records in parts, until it has as many as are wanted.
func (v *view) read(fields db.Fields, part func(task.Of) ([]scheduled, error)) (any, error) {
	var of task.Of
	of.Where, v.clauses = fields.Split(v.clauses)
	enough := maxRecords
	if order := v.opts.Order; len(order) == 1 && (order[0] == "id" || order[0] == "-id") {
		of.Newest = order[0] == "-id"
		if v.opts.Limit >= 0 && !v.opts.CountOnly {
			enough = v.opts.Offset + v.opts.Limit
		}
	}
	var rows []xmlrpc.Struct
	for looked := 0; looked < maxRecords && len(rows) < enough; looked += int(of.Limit) {
		of.Limit = onePart
		if len(v.clauses) == 0 { // all that comes will do
			of.Limit = int64(min(onePart, enough-len(rows)))
		}
		got, err := part(of)
		if err != nil {
			return nil, err
		}
		for _, e := range got {
			ok, err := v.admits(e.row)
			if err != nil {
				return nil, err
			}
			if ok {
				rows = append(rows, e.row)
			}
			of.After = e.id
		}
		if int64(len(got)) < of.Limit {
			break
		}
	}
	return v.shown(rows)
}

// around is a record with what the fields of its task and its host are called in
// these lists.
func around(row xmlrpc.Struct, a task.About) xmlrpc.Struct {
	return append(row, record("method", deref(a.Method), "state", deref(a.State), "owner", deref(a.Owner), "arch", deref(a.Arch),
		"channel_id", deref(a.Channel), "start_ts", TimeTS(moment(a.Start)), "completion_ts", TimeTS(moment(a.Completion)),
		"host_name", deref(a.HostName), "host_ready", deref(a.HostReady))...)
}

// scheduledOf makes records of what a room lists.
func scheduledOf[T any](list []T, err error) func(func(T) scheduled) ([]scheduled, error) {
	return func(of func(T) scheduled) ([]scheduled, error) {
		out := make([]scheduled, len(list))
		for i, v := range list {
			out[i] = of(v)
		}
		return out, err
	}
}

func (Scheduler) runs(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "task_id", "host_id", "active", "create_ts")
	if err != nil {
		return nil, err
	}
	return v.read(task.RunFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.TaskRuns(ctx, c.Tx, of))(func(r task.TaskRun) scheduled {
			return scheduled{r.ID, around(record("id", r.ID, "task_id", r.Task, "host_id", r.Host, "active", r.Active, "create_ts", TimeTS(r.Time)), r.About)}
		})
	})
}

func (Scheduler) refusals(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "task_id", "host_id", "by_host", "soft", "msg", "ts")
	if err != nil {
		return nil, err
	}
	return v.read(task.RefusalFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.Refusals(ctx, c.Tx, of))(func(r task.Refusal) scheduled {
			return scheduled{r.ID, around(record("id", r.ID, "task_id", r.Task, "host_id", r.Host, "by_host", r.ByHost,
				"soft", r.Soft, "msg", deref(r.Msg), "ts", TimeTS(r.Time)), r.About)}
		})
	})
}

func (Scheduler) messages(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "task_id", "host_id", "msg", "msg_ts")
	if err != nil {
		return nil, err
	}
	return v.read(task.NoteFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.Notes(ctx, c.Tx, of))(func(n task.Note) scheduled {
			return scheduled{n.ID, around(record("id", n.ID, "task_id", deref(n.Task), "host_id", deref(n.Host),
				"msg", n.Msg, "msg_ts", TimeTS(n.Time)), n.About)}
		})
	})
}

func (Scheduler) hostData(ctx context.Context, c *Call) (any, error) {
	id := c.Args.OptInt("hostID")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	data, err := task.HostData(ctx, c.Tx, moment(id))
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, 0, len(data))
	for host, text := range data {
		said, err := stored(text)
		if err != nil {
			return nil, err
		}
		rows = append(rows, record("host_id", host, "data", said))
	}
	slices.SortFunc(rows, func(x, y xmlrpc.Struct) int { return compare(x[0].Value, y[0].Value, 1) })
	return rows, nil
}
