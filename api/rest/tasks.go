package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
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
	write(s, "start-build", http.StatusCreated, s.startBuild)
}

func listTasks(ctx context.Context, c *call, in *struct {
	Paging
	State  string `query:"state" enum:"free,open,closed,canceled,assigned,failed"`
	Method string `query:"method"`
	Owner  string `query:"owner"`
	Parent int64  `query:"parent" doc:"0: also those that have one"`
	Host   string `query:"host"`
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
	got, err := task.List(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return full(&in.Paging, got, func(l *task.Listed) mark { return mark{ID: l.ID} }, viewListedTask), nil
}

func (s *Server) startBuild(ctx context.Context, c *call, in *struct {
	Body struct {
		Source   string          `json:"source" minLength:"1" doc:"an SCM address, or the path of an upload"`
		Target   string          `json:"target,omitempty"`
		Scratch  bool            `json:"scratch,omitempty" doc:"the packages go to nobody's tag"`
		Draft    bool            `json:"draft,omitempty" doc:"the build claims its name when it is promoted"`
		SkipTag  bool            `json:"skip_tag,omitempty"`
		RepoID   int64           `json:"repo,omitempty" doc:"build with this repository"`
		Arches   string          `json:"arch_override,omitempty" doc:"of scratch builds: only these, with spaces between them"`
		Priority int             `json:"priority,omitempty" doc:"beside the usual one; below 0 is for administrators"`
		Channel  string          `json:"channel,omitempty"`
		Metadata json.RawMessage `json:"metadata,omitempty" doc:"is kept with the build"`
	}
}) (v taskView, err error) {
	b := &in.Body
	if b.Priority < 0 && !c.by.Has(account.Admin) {
		return v, kura.Errorf("rest.build", kura.Denied, "only admins may create high-priority tasks")
	}
	var priority *int
	if b.Priority != 0 {
		p := task.DefaultPriority + b.Priority
		priority = &p
	}
	o := flow.BuildOpts{Scratch: b.Scratch, Draft: b.Draft, SkipTag: b.SkipTag, RepoID: b.RepoID, ArchOverride: b.Arches, Metadata: b.Metadata}
	t, err := s.Flow.StartBuild(ctx, c.tx, c.by, b.Source, b.Target, o, priority, b.Channel)
	if err != nil {
		return v, err
	}
	return viewTask(t), nil
}
