package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// outputView is a file that a task or a build left.
type outputView struct {
	Name string    `json:"name" doc:"below its directory"`
	Size int64     `json:"size" doc:"bytes; of a log that is being written: as yet"`
	Time time.Time `json:"time"`
	Path string    `json:"path" doc:"below /kojifiles"`
}

func viewOutput(dir string, n file.Node) outputView {
	return outputView{strings.TrimPrefix(n.Path(), dir+"/"), n.Size, db.Time(n.MTime), n.Path()}
}

// taskChanges registers what is done with tasks that there are.
func (s *Server) taskChanges() {
	write(s, "cancel-task", http.StatusOK, func(ctx context.Context, c *call, in *InTask) (v taskView, err error) {
		if err := task.MayCancel(ctx, c.tx, c.by, in.Task); err != nil {
			return v, err
		}
		if _, _, err := s.Tasks.Cancel(ctx, c.tx, in.Task, true); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "cancel-task-children", http.StatusOK, func(ctx context.Context, c *call, in *InTask) (v taskView, err error) {
		if err := task.MayCancel(ctx, c.tx, c.by, in.Task); err != nil {
			return v, err
		}
		if _, err := s.Tasks.CancelChildren(ctx, c.tx, in.Task); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "cancel-task-tree", http.StatusOK, func(ctx context.Context, c *call, in *InTask) (v taskView, err error) {
		if _, err := s.Tasks.CancelFull(ctx, c.tx, in.Task, false); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	apart(s, "merge-scratch-build", http.StatusOK, func(ctx context.Context, by account.Actor, in *InTask) (v buildView, err error) {
		id, err := s.Flow.MergeScratch(ctx, by, in.Task)
		if err != nil {
			return v, err
		}
		err = s.view(ctx, by, func(c *call) error {
			b, err := build.Get(ctx, c.tx, id)
			if err == nil {
				v = viewBuild(b)
			}
			return err
		})
		return v, err
	})
	write(s, "set-task-priority", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTask
		Body struct {
			Priority int  `json:"priority" doc:"a smaller one comes first; 20 is usual"`
			Alone    bool `json:"alone,omitempty" doc:"not of its children too"`
		}
	}) (v taskView, err error) {
		if err := s.Tasks.SetPriority(ctx, c.tx, in.Task, in.Body.Priority, !in.Body.Alone); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "free-task", http.StatusOK, func(ctx context.Context, c *call, in *InTask) (v taskView, err error) {
		if err := s.Tasks.Free(ctx, c.tx, in.Task); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "assign-task", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTask
		Body struct {
			Host     string `json:"host" minLength:"1"`
			Force    bool   `json:"force,omitempty" doc:"even if the task is another host's"`
			Override bool   `json:"override,omitempty" doc:"it stays assigned, however long the host takes"`
		}
	}) (v taskView, err error) {
		done, err := s.Tasks.AssignTo(ctx, c.tx, in.Task, task.Ref{Name: in.Body.Host}, in.Body.Force, in.Body.Override)
		if err == nil && !done {
			err = kura.Errorf("rest.assign", kura.Conflict, "task %d is not free, or is one that the hub carries out", in.Task)
		}
		if err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "resubmit-task", http.StatusCreated, func(ctx context.Context, c *call, in *InTask) (v taskView, err error) {
		t, err := s.Tasks.Resubmit(ctx, c.tx, c.by, in.Task)
		if err != nil {
			return v, err
		}
		return viewTask(t), nil
	})
}

// taskOutput registers what is asked about tasks besides their records.
func (s *Server) taskOutput() {
	read(s, "list-task-files", func(ctx context.Context, c *call, in *struct {
		Paging
		InTask
	}) (page pageOf[outputView], err error) {
		if _, err := task.Get(ctx, c.tx, in.Task); err != nil {
			return page, err
		}
		dir := file.Join("work", flow.TaskDir(in.Task))
		all, err := filesBelow(ctx, c, dir)
		if err != nil {
			return page, err
		}
		return cut(&in.Paging, all, file.Node.Path, func(n file.Node) outputView { return viewOutput(dir, n) })
	})
	read(s, "list-task-descendants", func(ctx context.Context, c *call, in *InTask) (page pageOf[taskView], err error) {
		if _, err := task.Get(ctx, c.tx, in.Task); err != nil {
			return page, err
		}
		all, err := task.Descendents(ctx, c.tx, in.Task)
		page.Items = []taskView{}
		for next := []int64{in.Task}; len(next) > 0; next = next[1:] {
			for _, k := range all[next[0]] {
				page.Items, next = append(page.Items, viewTask(k)), append(next, k.ID)
			}
		}
		return page, err
	})
	read(s, "why-task-waits", func(ctx context.Context, c *call, in *InTask) (v whyView, err error) {
		if _, err := task.Get(ctx, c.tx, in.Task); err != nil {
			return v, err
		}
		w, err := s.Tasks.WhyWaiting(ctx, c.tx, in.Task)
		if err != nil {
			return v, err
		}
		v = whyView{Reason: w.Reason, Code: w.Code, Place: w.Place, Hosts: []verdictView{}}
		if w.Start >= 0 {
			v.Start = new(w.Start.Seconds())
		}
		if w.Took > 0 {
			v.Took = new(w.Took.Seconds())
		}
		for _, h := range w.Hosts {
			v.Hosts = append(v.Hosts, verdictView{h.Host, h.Against})
		}
		return v, nil
	})
}

// whyView says why a task waits.
type whyView struct {
	Reason string        `json:"reason" doc:"a sentence"`
	Code   string        `json:"code" doc:"not waiting, pause, children, hub, no host, not ready, disabled, refused, method, too heavy, full, next"`
	Place  int           `json:"place,omitempty" doc:"from 1; none: that means nothing here"`
	Start  *float64      `json:"starts_in,omitempty" doc:"an estimate, in seconds; none: not known"`
	Took   *float64      `json:"takes,omitempty" doc:"what such tasks took lately, in seconds"`
	Hosts  []verdictView `json:"hosts" doc:"of the task's channel"`
}

type verdictView struct {
	Host    string `json:"host"`
	Against string `json:"against,omitempty" doc:"what it has against the task; none: nothing"`
}

// filesBelow gives the files in a directory and those below it.
func filesBelow(ctx context.Context, c *call, dir string) (out []file.Node, err error) {
	nodes, err := file.Walk(ctx, c.tx, dir)
	for _, n := range nodes {
		if n.Kind == file.File || n.Kind == file.Growing {
			out = append(out, n)
		}
	}
	sortBy(out, file.Node.Path)
	return out, err
}
