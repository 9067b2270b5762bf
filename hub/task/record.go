package task

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// About is what the lists of records show of their task and host; what is not
// there is nil.
type About struct {
	Method, Arch, HostName                   *string
	State, Owner, Channel, Start, Completion *int64
	HostReady                                *bool
}

const aboutColumns = `, task.method, task.arch, host.name, task.state, task.owner, task.channel_id, task.start_time, task.completion_time, host.ready`

func (a *About) fields() []any {
	return []any{&a.Method, &a.Arch, &a.HostName, &a.State, &a.Owner, &a.Channel, &a.Start, &a.Completion, &a.HostReady}
}

// Note is something that the scheduler had to say.
type Note struct {
	ID   int64
	Task *int64
	Host *int64
	Msg  string
	Time int64
	About
}

// TaskRun is one lease of a task by a host.
type TaskRun struct {
	ID     int64
	Task   int64
	Host   int64
	Time   int64
	Active bool
	About
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
	About
}

// Of narrows the records below; 0 does not.
type Of struct {
	Task, Host int64
	Where      []db.Clause // on their fields
	Newest     bool        // the newest first
	After      int64       // those that follow this one, in the order
	Limit      int64       // 0: a thousand
}

// RunFields, RefusalFields and NoteFields are the fields by which records may
// be chosen: their own, and those of their tasks and hosts.
var (
	RunFields = recordFields(db.Fields{
		"active":    {SQL: "r.active", Kind: db.Bool},
		"create_ts": {SQL: "r.create_time", Kind: db.Seconds},
	})
	RefusalFields = recordFields(db.Fields{
		"by_host": {SQL: "r.by_host", Kind: db.Bool},
		"soft":    {SQL: "r.soft", Kind: db.Bool},
		"msg":     {SQL: "r.msg", Kind: db.Text, Null: true},
		"ts":      {SQL: "r.time", Kind: db.Seconds},
	})
	NoteFields = recordFields(db.Fields{
		"msg":    {SQL: "r.msg", Kind: db.Text},
		"msg_ts": {SQL: "r.time", Kind: db.Seconds},
	})
)

func recordFields(own db.Fields) db.Fields {
	all := db.Fields{
		"id":            {SQL: "r.id"},
		"task_id":       {SQL: "r.task_id", Null: true},
		"host_id":       {SQL: "r.host_id", Null: true},
		"method":        {SQL: "task.method", Kind: db.Text, Null: true},
		"state":         {SQL: "task.state", Null: true},
		"owner":         {SQL: "task.owner", Null: true},
		"arch":          {SQL: "task.arch", Kind: db.Text, Null: true},
		"channel_id":    {SQL: "task.channel_id", Null: true},
		"start_ts":      {SQL: "task.start_time", Kind: db.Seconds, Null: true},
		"completion_ts": {SQL: "task.completion_time", Kind: db.Seconds, Null: true},
		"host_name":     {SQL: "host.name", Kind: db.Text, Null: true},
		"host_ready":    {SQL: "host.ready", Kind: db.Bool, Null: true},
	}
	maps.Copy(all, own)
	return all
}

// ask asks for records behind a SELECT … FROM; fields are theirs.
func (o Of) ask(ctx context.Context, tx *db.Tx, b *db.Builder, fields db.Fields) error {
	b.Add(" r LEFT JOIN task ON task.id = r.task_id LEFT JOIN host ON host.id = r.host_id WHERE 1 = 1")
	if o.Task != 0 {
		b.Add(" AND r.task_id = ?", o.Task)
	}
	if o.Host != 0 {
		b.Add(" AND r.host_id = ?", o.Host)
	}
	fields.Where(b, o.Where)
	switch {
	case o.After == 0:
	case o.Newest:
		b.Add(" AND r.id < ?", o.After)
	default:
		b.Add(" AND r.id > ?", o.After)
	}
	limit := o.Limit
	if limit == 0 {
		limit = 1000
	}
	b.Add(" ORDER BY r.id")
	if o.Newest {
		b.Add(" DESC")
	}
	b.Page(limit, 0)
	if len(o.Where) == 0 {
		return nil
	}
	// The records of tasks in a state that is rare are found by those tasks, and
	// those of tasks in a common one among the first that there are.
	return tx.PlanAnew(ctx)
}

// Notes gives what the scheduler had to say.
func Notes(ctx context.Context, tx *db.Tx, o Of) ([]Note, error) {
	var b db.Builder
	b.Add("SELECT r.id, r.task_id, r.host_id, r.msg, r.time" + aboutColumns + " FROM task_notes")
	if err := o.ask(ctx, tx, &b, NoteFields); err != nil {
		return nil, kura.E("task.Notes", err)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (n Note, err error) {
		return n, s.Scan(append([]any{&n.ID, &n.Task, &n.Host, &n.Msg, &n.Time}, n.fields()...)...)
	}, &b)
	return got, kura.E("task.Notes", err)
}

// TaskRuns gives leases.
func TaskRuns(ctx context.Context, tx *db.Tx, o Of) ([]TaskRun, error) {
	var b db.Builder
	b.Add("SELECT r.id, r.task_id, r.host_id, r.create_time, r.active" + aboutColumns + " FROM task_runs")
	if err := o.ask(ctx, tx, &b, RunFields); err != nil {
		return nil, kura.E("task.TaskRuns", err)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (t TaskRun, err error) {
		return t, s.Scan(append([]any{&t.ID, &t.Task, &t.Host, &t.Time, &t.Active}, t.fields()...)...)
	}, &b)
	return got, kura.E("task.TaskRuns", err)
}

// Refusals gives refusals, those that have passed too.
func Refusals(ctx context.Context, tx *db.Tx, o Of) ([]Refusal, error) {
	var b db.Builder
	b.Add("SELECT r.id, r.task_id, r.host_id, r.by_host, r.soft, r.msg, r.time" + aboutColumns + " FROM task_refusals")
	if err := o.ask(ctx, tx, &b, RefusalFields); err != nil {
		return nil, kura.E("task.Refusals", err)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (f Refusal, err error) {
		return f, s.Scan(append([]any{&f.ID, &f.Task, &f.Host, &f.ByHost, &f.Soft, &f.Msg, &f.Time}, f.fields()...)...)
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
