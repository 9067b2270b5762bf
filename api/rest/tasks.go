package rest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// taskView is a task as callers see it.
type taskView struct {
	ID        int64           `json:"id"`
	Method    string          `json:"method"`
	State     string          `json:"state" enum:"free,open,closed,canceled,assigned,failed"`
	Arch      string          `json:"arch"`
	Label     *string         `json:"label,omitempty"`
	Owner     *string         `json:"owner,omitempty"`
	Parent    *int64          `json:"parent,omitempty"`
	Host      *int64          `json:"host,omitempty"`
	Priority  int             `json:"priority" doc:"a smaller one comes first"`
	Created   time.Time       `json:"created"`
	Started   *time.Time      `json:"started,omitempty"`
	Completed *time.Time      `json:"completed,omitempty"`
	Waiting   bool            `json:"waiting" doc:"for its children"`
	Phase     string          `json:"phase,omitempty" doc:"what it is doing"`
	Request   json.RawMessage `json:"request,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Fault     string          `json:"fault,omitempty" doc:"why it failed"`
	Children  []taskView      `json:"children,omitempty"`
}

// taskStates are the names of tasks' states here.
var taskStates = map[task.State]string{task.Free: "free", task.Open: "open", task.Closed: "closed", task.Canceled: "canceled", task.Assigned: "assigned", task.Failed: "failed"}

func viewTask(t *task.Task) taskView {
	return taskView{ID: t.ID, Method: t.Method, State: taskStates[t.State], Arch: t.Arch, Label: t.Label, Parent: t.Parent, Host: t.HostID,
		Priority: t.Priority, Created: db.Time(t.CreateTime), Started: when(t.StartTime), Completed: when(t.CompletionTime), Waiting: t.Waiting, Phase: t.Phase}
}

func viewListedTask(l *task.Listed) taskView {
	v := viewTask(&l.Task)
	v.Owner = l.OwnerName
	return v
}

// InTask names a task in a path.
type InTask struct {
	Task int64 `path:"task" minimum:"1" doc:"the task's number"`
}

func (in *InTask) view(ctx context.Context, c *call) (v taskView, err error) {
	l, err := task.GetListed(ctx, c.tx, in.Task)
	if err != nil {
		return v, err
	}
	v = viewListedTask(l)
	v.Request, v.Result = l.Request, l.Result
	if l.Fault != nil {
		v.Fault = l.Fault.Message
	}
	kids, err := task.Children(ctx, c.tx, l.ID)
	for _, k := range kids {
		v.Children = append(v.Children, viewTask(k))
	}
	return v, err
}

func (s *Server) tasks() {
	read(s, "list-tasks", listTasks)
	read(s, "get-task", func(ctx context.Context, c *call, in *InTask) (taskView, error) { return in.view(ctx, c) })
	s.taskChanges()
	s.taskOutput()
	s.starts()
}

func listTasks(ctx context.Context, c *call, in *struct {
	Paging
	State   string   `query:"state" enum:"free,open,closed,canceled,assigned,failed"`
	Method  string   `query:"method"`
	Owner   string   `query:"owner"`
	Parent  int64    `query:"parent" doc:"0: also those that have one"`
	Host    string   `query:"host"`
	Channel string   `query:"channel"`
	Arches  []string `query:"arches" doc:"only of these, with commas between them"`

	CreatedAfter    time.Time `query:"created_after"`
	CreatedBefore   time.Time `query:"created_before"`
	StartedAfter    time.Time `query:"started_after"`
	StartedBefore   time.Time `query:"started_before"`
	CompletedAfter  time.Time `query:"completed_after"`
	CompletedBefore time.Time `query:"completed_before"`
}) (page pageOf[taskView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	f := task.Filter{BeforeID: m.ID, Method: in.Method, Order: "-id", Limit: int64(in.Limit) + 1}
	for st, name := range taskStates {
		if name == in.State {
			f.States = []task.State{st}
		}
	}
	only := func(id int64) []task.IDs { return []task.IDs{{In: []int64{id}, Set: true}} }
	if in.Owner != "" {
		u, err := account.Get(ctx, c.tx, account.ByName(in.Owner))
		if err != nil {
			return page, err
		}
		f.Owner = only(u.ID)
	}
	if in.Parent != 0 {
		f.Parent = only(in.Parent)
	}
	if in.Host != "" {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
		if err != nil {
			return page, err
		}
		f.Host = only(h.ID)
	}
	if in.Channel != "" {
		ch, err := task.GetChannel(ctx, c.tx, task.Ref{Name: in.Channel})
		if err != nil {
			return page, err
		}
		f.Channel = only(ch.ID)
	}
	f.Arches = in.Arches
	f.CreatedAfter, f.CreatedBefore = micros(in.CreatedAfter), micros(in.CreatedBefore)
	f.StartedAfter, f.StartedBefore = micros(in.StartedAfter), micros(in.StartedBefore)
	f.CompleteAfter, f.CompleteBefore = micros(in.CompletedAfter), micros(in.CompletedBefore)
	got, err := task.List(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return full(&in.Paging, got, func(l *task.Listed) mark { return mark{ID: l.ID} }, viewListedTask), nil
}
