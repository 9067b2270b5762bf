package task

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Note is something that the scheduler had to say.
type Note struct {
	ID   int64
	Task *int64
	Host *int64
	Msg  string
	Time int64
}

// TaskRun is one lease of a task by a host.
type TaskRun struct {
	ID     int64
	Task   int64
	Host   int64
	Time   int64
	Active bool
}

// Refusal keeps a task from a host.
type Refusal struct {
	ID     int64
	Task   int64
	Host   int64
	ByHost bool
	Soft   bool
	Msg    *string
	Time   int64
}

// Of narrows the records below; 0 does not.
type Of struct {
	Task, Host int64
	Newest     bool  // the newest first
	After      int64 // those that follow this one, in the order
	Limit      int64 // 0: a thousand
}

func (o Of) where(b *db.Builder) {
	b.Add(" WHERE 1 = 1")
	if o.Task != 0 {
		b.Add(" AND task_id = ?", o.Task)
	}
	if o.Host != 0 {
		b.Add(" AND host_id = ?", o.Host)
	}
	switch {
	case o.After == 0:
	case o.Newest:
		b.Add(" AND id < ?", o.After)
	default:
		b.Add(" AND id > ?", o.After)
	}
}

func (o Of) page(b *db.Builder) {
	limit := o.Limit
	if limit == 0 {
		limit = 1000
	}
	b.Add(" ORDER BY id")
	if o.Newest {
		b.Add(" DESC")
	}
	b.Page(limit, 0)
}

// Notes gives what the scheduler had to say.
func Notes(ctx context.Context, tx *db.Tx, o Of) ([]Note, error) {
	var b db.Builder
	b.Add("SELECT id, task_id, host_id, msg, time FROM task_notes")
	o.where(&b)
	o.page(&b)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (n Note, err error) {
		return n, s.Scan(&n.ID, &n.Task, &n.Host, &n.Msg, &n.Time)
	}, &b)
	return got, kura.E("task.Notes", err)
}

// TaskRuns gives leases; with active those that go on.
func TaskRuns(ctx context.Context, tx *db.Tx, o Of, active *bool) ([]TaskRun, error) {
	var b db.Builder
	b.Add("SELECT id, task_id, host_id, create_time, active FROM task_runs")
	o.where(&b)
	if active != nil {
		b.Add(" AND active = ?", *active)
	}
	o.page(&b)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (t TaskRun, err error) {
		return t, s.Scan(&t.ID, &t.Task, &t.Host, &t.Time, &t.Active)
	}, &b)
	return got, kura.E("task.TaskRuns", err)
}

// Refusals gives refusals, those that have passed too.
func Refusals(ctx context.Context, tx *db.Tx, o Of) ([]Refusal, error) {
	var b db.Builder
	b.Add("SELECT id, task_id, host_id, by_host, soft, msg, time FROM task_refusals")
	o.where(&b)
	o.page(&b)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (f Refusal, err error) {
		return f, s.Scan(&f.ID, &f.Task, &f.Host, &f.ByHost, &f.Soft, &f.Msg, &f.Time)
	}, &b)
	return got, kura.E("task.Refusals", err)
}

// HostData gives what hosts last said of themselves; host 0 is all of them.
func HostData(ctx context.Context, tx *db.Tx, host int64) (map[int64]json.RawMessage, error) {
	type row struct {
		id   int64
		data string
	}
	var b db.Builder
	b.Add("SELECT id, data FROM host WHERE data IS NOT NULL")
	if host != 0 {
		b.Add(" AND id = ?", host)
	}
	rows, err := db.Find(ctx, tx, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.id, &r.data) }, &b)
	out := make(map[int64]json.RawMessage, len(rows))
	for _, r := range rows {
		out[r.id] = json.RawMessage(r.data)
	}
	return out, kura.E("task.HostData", err)
}

func startRun(ctx context.Context, tx *db.Tx, id, host int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO task_runs (task_id, host_id, create_time) VALUES ($1, $2, $3)", id, host, db.Now())
	return err
}
