package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newTaskResubmit(a *app) *cobra.Command {
	var nowait bool
	c := &cobra.Command{
		Use:     "resubmit TASK",
		Short:   "Do a task again that failed or was canceled",
		Long:    "Make a new task that does the same as one that failed or was canceled, and wait for\nit. It must not be a part of another task.",
		Example: "  kura task resubmit 4711",
		Args:    want(1, 1, "the number of a task"),
	}
	c.Flags().BoolVar(&nowait, "nowait", false, "do not wait for the new task")
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := taskIDs(args)
		if err != nil {
			return err
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		if _, err := h.Task(ctx, ids[0]); err != nil {
			return err
		}
		id, err := h.Int(ctx, "resubmitTask", ids[0])
		if err != nil {
			return err
		}
		return a.started(ctx, h, id, nowait)
	}).cobra()
	return c
}

func newTaskFree(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "free TASK...",
		Short: "Take tasks from their hosts, to be done anew",
		Long: "Take tasks from the hosts that work on them: another host, or the same one, does\n" +
			"them from the beginning.",
		Example: "  kura task free 4711",
		Args:    want(1, -1, "the number of a task"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.eachTask(ctx, args, "freed", func(t *client.Task) client.Invocation { return client.Do("freeTask", t.ID) })
	}).cobra()
	return c
}

func newTaskPriority(a *app) *cobra.Command {
	var justOne bool
	var to int64
	c := &cobra.Command{
		Use:   "priority TASK... --to NUMBER",
		Short: "Let tasks be done sooner or later than others",
		Long: "Change the priority of tasks, and of all that they have started. Lower numbers go\n" +
			"first; most tasks have 20.",
		Example: "  kura task priority 4711 --to 10",
		Args:    want(1, -1, "the number of a task"),
	}
	c.Flags().Int64Var(&to, "to", 0, "the new priority")
	c.Flags().BoolVar(&justOne, "just-one", false, "leave alone what the task has started")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if !c.Flags().Changed("to") {
			return usagef("which priority? --to says it: 10 goes before most tasks, 30 after them")
		}
		return a.eachTask(ctx, args, fmt.Sprintf("set priority %d of", to), func(t *client.Task) client.Invocation {
			return client.Do("setTaskPriority", t.ID, to, !justOne)
		})
	}).cobra()
	return c
}

// eachTask calls a method for each of the tasks, none of which may have ended.
func (a *app) eachTask(ctx context.Context, args []string, said string, do func(*client.Task) client.Invocation) error {
	ids, err := taskIDs(args)
	if err != nil {
		return err
	}
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	var calls []client.Invocation
	for _, id := range ids {
		t, err := h.Task(ctx, id)
		if err != nil {
			return err
		}
		if t.State.Done() {
			return kura.Errorf("cli.task", kura.Conflict, "task %d has ended already: it is %s", id, t.State)
		}
		calls = append(calls, do(&t))
	}
	for i, c := range calls {
		if _, err := h.Call(ctx, c.Method, c.Args...); err != nil {
			return about(fmt.Sprintf("task %d", ids[i]), err)
		}
	}
	return a.done(said+" task "+strings.Join(args, ", "), ids)
}

func newTaskAssign(a *app) *cobra.Command {
	var force, override bool
	c := &cobra.Command{
		Use:   "assign TASK HOST",
		Short: "Give a task to a host by hand",
		Long: "Give a task to a host by hand, in the place of the scheduler. The host must be able\n" +
			"to do it: that is not looked at.",
		Example: "  kura task assign 4711 builder2.example.org",
		Args:    want(2, 2, "the number of a task, and a host"),
	}
	c.Flags().BoolVar(&force, "force", false, "even if another host has it already")
	c.Flags().BoolVar(&override, "override", false, "let it wait for this host alone, however long that takes")
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := taskIDs(args[:1])
		if err != nil {
			return err
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		t, err := h.Task(ctx, ids[0])
		if err != nil {
			return err
		}
		if _, err := h.Host(ctx, args[1]); err != nil {
			return err
		}
		v, err := h.Call(ctx, "assignTask", t.ID, client.Ref(args[1]), client.Keywords{"force": force, "override": override})
		if err != nil {
			return err
		}
		if v == false {
			why := fmt.Sprintf("it is %s", t.State)
			switch {
			case t.State.Done():
				why = "it has ended already: " + why
			case force || t.State == client.TaskFree:
				why = "no host does tasks of this kind (" + t.Method + ")"
			default:
				why += "; --force takes it from its host"
			}
			return kura.Errorf("cli.task", kura.Conflict, "task %d cannot be assigned to %s: %s", t.ID, args[1], why)
		}
		return a.done(fmt.Sprintf("assigned task %d to %s", t.ID, args[1]), v)
	}).cobra()
	return c
}
