package rest

import (
	"context"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// runView is one time that a host had a task.
type runView struct {
	ID      int64     `json:"id"`
	Task    int64     `json:"task"`
	Host    int64     `json:"host"`
	Started time.Time `json:"started"`
	Active  bool      `json:"active" doc:"it goes on"`
}

// refusalView keeps a task from a host.
type refusalView struct {
	ID      int64     `json:"id"`
	Task    int64     `json:"task"`
	Host    int64     `json:"host"`
	ByHost  bool      `json:"by_host" doc:"the host said so itself"`
	Soft    bool      `json:"soft" doc:"it passes"`
	Message *string   `json:"message,omitempty"`
	Time    time.Time `json:"time"`
}

// noteView is something that the scheduler had to say.
type noteView struct {
	ID      int64     `json:"id"`
	Task    *int64    `json:"task,omitempty"`
	Host    *int64    `json:"host,omitempty"`
	Message string    `json:"message"`
	Time    time.Time `json:"time"`
}

// OfTask says of which task and host records are wanted.
type OfTask struct {
	Paging
	Task int64  `query:"task" minimum:"0"`
	Host string `query:"host"`
}

func (in *OfTask) of(ctx context.Context, c *call) (o task.Of, err error) {
	m, err := in.mark()
	if err != nil {
		return o, err
	}
	o = task.Of{Task: in.Task, After: m.ID, Limit: int64(in.Limit) + 1}
	if in.Host == "" {
		return o, nil
	}
	h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
	if err != nil {
		return o, err
	}
	o.Host = h.ID
	return o, nil
}

func (s *Server) scheduler() {
	read(s, "list-task-runs", func(ctx context.Context, c *call, in *struct {
		OfTask
		Active string `query:"active" enum:"true,false" doc:"only those that go on, or only those that ended"`
	}) (page pageOf[runView], err error) {
		o, err := in.of(ctx, c)
		if err != nil {
			return page, err
		}
		if in.Active != "" {
			o.Where = []db.Clause{{Field: "active", Op: "=", Value: in.Active == "true"}}
		}
		got, err := task.TaskRuns(ctx, c.tx, o)
		if err != nil {
			return page, err
		}
		return full(&in.Paging, got, func(r task.TaskRun) mark { return mark{ID: r.ID} }, func(r task.TaskRun) runView {
			return runView{r.ID, r.Task, r.Host, db.Time(r.Time), r.Active}
		}), nil
	})
	read(s, "list-task-refusals", func(ctx context.Context, c *call, in *OfTask) (page pageOf[refusalView], err error) {
		o, err := in.of(ctx, c)
		if err != nil {
			return page, err
		}
		got, err := task.Refusals(ctx, c.tx, o)
		if err != nil {
			return page, err
		}
		return full(&in.Paging, got, func(r task.Refusal) mark { return mark{ID: r.ID} }, func(r task.Refusal) refusalView {
			return refusalView{r.ID, r.Task, r.Host, r.ByHost, r.Soft, r.Msg, db.Time(r.Time)}
		}), nil
	})
	read(s, "list-scheduler-messages", func(ctx context.Context, c *call, in *OfTask) (page pageOf[noteView], err error) {
		o, err := in.of(ctx, c)
		if err != nil {
			return page, err
		}
		got, err := task.Notes(ctx, c.tx, o)
		if err != nil {
			return page, err
		}
		return full(&in.Paging, got, func(n task.Note) mark { return mark{ID: n.ID} }, func(n task.Note) noteView {
			return noteView{n.ID, n.Task, n.Host, n.Msg, db.Time(n.Time)}
		}), nil
	})
}
