package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTask(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "task TASK",
		Short:   "Show a task with all that it started, or do something about it",
		Long:    "Show a task, all that it has started, the files it has made, and why it failed if\nit did.",
		Example: "  kura task 4711\n  kura task 4711 --json | jq .task.state\n  kura task resubmit 4711\n  kura task priority 4711 --to 10",
		Args:    want(1, 1, "the number of a task"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := taskIDs(args)
		if err != nil {
			return err
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		return a.showTask(ctx, h, ids[0])
	}).cobra()
	c.AddCommand(newTaskResubmit(a), newTaskFree(a), newTaskPriority(a), newTaskAssign(a))
	return c
}

func (a *app) showTask(ctx context.Context, h *client.Hub, id int64) error {
	tasks, err := h.Trees(ctx, id)
	if err != nil {
		return err
	}
	out, err := h.Outputs(ctx, id)
	if err != nil {
		return err
	}
	top := tasks[0]
	host, owner := "", top.OwnerName
	if top.Host != 0 {
		if m, err := h.Host(ctx, fmt.Sprint(top.Host)); err == nil {
			host = m.Str("name")
		}
	}
	if owner == "" && top.Owner != 0 {
		if m, err := h.User(ctx, fmt.Sprint(top.Owner)); err == nil {
			owner = m.Str("name")
		}
	}
	failures := map[int64]*client.Failure{}
	for _, t := range culprits(tasks) {
		if t.State != client.TaskFailed {
			continue
		}
		f, err := h.Failure(ctx, t.ID)
		if err != nil {
			return err
		}
		if f != nil {
			explain(ctx, h, t.ID, f)
			failures[t.ID] = f
		}
	}
	if a.json {
		return a.writeJSON(taskJSON(tasks, out, failures))
	}
	return a.show(nil, func(t *table) {
		t.field("task", top.ID)
		t.field("method", top.Method)
		t.field("subject", top.Subject())
		t.field("arch", top.Arch)
		t.field("state", taskTint(top.State))
		t.field("owner", owner)
		t.field("host", host)
		t.field("priority", top.Priority)
		t.field("created", a.when(top.Created))
		t.field("started", a.when(top.Started))
		t.field("ended", a.when(top.Ended))
		t.field("elapsed", span(top.Elapsed(a.Now())))
		a.taskParts(t, tasks, out, failures)
	})
}

func (a *app) taskParts(t *table, tasks []client.Task, out []client.Output, failures map[int64]*client.Failure) {
	if len(tasks) > 1 {
		t.line("")
		for _, n := range layout(tasks) {
			t.row(n.ID, n.branch+n.Method, n.Subject(), n.Arch, tint{stateText(&n.Task), taskTint(n.State).shade}, span(n.Elapsed(a.Now())))
		}
	}
	for i := range tasks {
		f := failures[tasks[i].ID]
		if f == nil {
			continue
		}
		t.line("")
		t.line("%s failed: %s", title(&tasks[i]), failureText(f))
		if f.Cause != "" {
			t.line("  %s", f.Cause)
		}
	}
	if len(out) > 0 {
		t.line("")
		for _, o := range out {
			t.row(o.Name, bytesText(o.Size))
		}
	}
}

func taskJSON(tasks []client.Task, out []client.Output, failures map[int64]*client.Failure) any {
	below := make([]any, 0, len(tasks))
	for _, t := range tasks[1:] {
		below = append(below, t.Fields)
	}
	files := make([]any, 0, len(out))
	for _, o := range out {
		files = append(files, map[string]any{"name": o.Name, "size": o.Size})
	}
	faults := map[string]any{}
	for id, f := range failures {
		faults[fmt.Sprint(id)] = map[string]any{"fault": f.Code, "failure": failureText(f), "cause": f.Cause, "log": f.Log}
	}
	return map[string]any{"task": tasks[0].Fields, "descendents": below, "files": files, "failures": faults}
}
