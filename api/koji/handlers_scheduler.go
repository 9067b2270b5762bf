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

// scheduled is a record with what the lists show beside it.
type scheduled struct {
	id, task, host int64
	row            xmlrpc.Struct
}

// read reads records in parts, until it has as many as are wanted.
func (v *view) read(ctx context.Context, tx *db.Tx, fields db.Fields, part func(task.Of) ([]scheduled, error)) (any, error) {
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
	a := newAround()
	for looked := 0; looked < maxRecords && len(rows) < enough; looked += int(of.Limit) {
		of.Limit = onePart
		if len(v.clauses) == 0 { // all that comes will do
			of.Limit = int64(min(onePart, enough-len(rows)))
		}
		got, err := part(of)
		if err == nil {
			err = a.know(ctx, tx, got)
		}
		if err != nil {
			return nil, err
		}
		for _, e := range got {
			row := a.add(e)
			ok, err := v.admits(row)
			if err != nil {
				return nil, err
			}
			if ok {
				rows = append(rows, row)
			}
			of.After = e.id
		}
		if int64(len(got)) < of.Limit {
			break
		}
	}
	return v.shown(rows)
}

// around adds what the fields of tasks and hosts are called in these lists.
type around struct {
	tasks map[int64]*task.Task
	hosts map[int64]*task.Host
}

func newAround() around {
	return around{tasks: map[int64]*task.Task{}, hosts: map[int64]*task.Host{}}
}

// know asks for the tasks and hosts of records, unless they are known.
func (a around) know(ctx context.Context, tx *db.Tx, list []scheduled) error {
	var ids []int64
	for _, e := range list {
		if _, known := a.tasks[e.task]; !known && e.task != 0 {
			a.tasks[e.task] = nil
			ids = append(ids, e.task)
		}
		if a.hosts[e.host] == nil && e.host != 0 {
			h, err := task.GetHost(ctx, tx, task.Ref{ID: e.host}, 0)
			if err != nil {
				return err
			}
			a.hosts[e.host] = h
		}
	}
	tasks, err := task.ByIDs(ctx, tx, ids)
	for _, t := range tasks {
		a.tasks[t.ID] = t
	}
	return err
}

func (a around) add(e scheduled) xmlrpc.Struct {
	s := e.row
	if t := a.tasks[e.task]; t != nil {
		s = append(s, record("method", t.Method, "state", int64(t.State), "owner", deref(t.Owner), "arch", t.Arch,
			"channel_id", deref(t.ChannelID), "start_ts", TimeTS(moment(t.StartTime)), "completion_ts", TimeTS(moment(t.CompletionTime)))...)
	} else {
		s = append(s, record("method", nil, "state", nil, "owner", nil, "arch", nil, "channel_id", nil, "start_ts", nil, "completion_ts", nil)...)
	}
	if h := a.hosts[e.host]; h != nil {
		return append(s, record("host_name", h.Name, "host_ready", h.Ready)...)
	}
	return append(s, record("host_name", nil, "host_ready", nil)...)
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
	return v.read(ctx, c.Tx, task.RunFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.TaskRuns(ctx, c.Tx, of))(func(r task.TaskRun) scheduled {
			return scheduled{r.ID, r.Task, r.Host, record("id", r.ID, "task_id", r.Task, "host_id", r.Host, "active", r.Active, "create_ts", TimeTS(r.Time))}
		})
	})
}

func (Scheduler) refusals(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "task_id", "host_id", "by_host", "soft", "msg", "ts")
	if err != nil {
		return nil, err
	}
	return v.read(ctx, c.Tx, task.RefusalFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.Refusals(ctx, c.Tx, of))(func(r task.Refusal) scheduled {
			return scheduled{r.ID, r.Task, r.Host, record("id", r.ID, "task_id", r.Task, "host_id", r.Host, "by_host", r.ByHost,
				"soft", r.Soft, "msg", deref(r.Msg), "ts", TimeTS(r.Time))}
		})
	})
}

func (Scheduler) messages(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "task_id", "host_id", "msg", "msg_ts")
	if err != nil {
		return nil, err
	}
	return v.read(ctx, c.Tx, task.NoteFields, func(of task.Of) ([]scheduled, error) {
		return scheduledOf(task.Notes(ctx, c.Tx, of))(func(n task.Note) scheduled {
			return scheduled{n.ID, moment(n.Task), moment(n.Host), record("id", n.ID, "task_id", deref(n.Task), "host_id", deref(n.Host),
				"msg", n.Msg, "msg_ts", TimeTS(n.Time))}
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
