package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
)

func newCancel(a *app) *cobra.Command {
	var justOne bool
	c := &cobra.Command{
		Use:   "cancel TASK|BUILD...",
		Short: "Cancel tasks or builds",
		Long: "Cancel tasks by number, with all that they have started, or builds by\n" +
			"name-version-release. What has ended already is not changed.",
		Example: "  kura cancel 4711\n  kura cancel bash-5.3-1",
		Args:    want(1, -1, "the number of a task, or a build"),
	}
	c.Flags().BoolVar(&justOne, "just-one", false, "leave alone what the task has started")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, arg := range args {
			id, err := strconv.ParseInt(arg, 10, 64)
			if err == nil {
				task, err := h.Task(ctx, id)
				if err != nil {
					return err
				}
				if task.State.Done() {
					return kura.Errorf("cli.cancel", kura.Conflict, "task %d has ended already: it is %s", id, task.State)
				}
				_, err = h.Call(ctx, "cancelTask", id, !justOne)
				if err != nil {
					return err
				}
				continue
			}
			b, err := h.Build(ctx, arg)
			if err != nil {
				return err
			}
			v, err := h.Call(ctx, "cancelBuild", b.ID)
			if err != nil {
				return err
			}
			if v == false {
				return kura.Errorf("cli.cancel", kura.Conflict, "build %s cannot be canceled: it is %s", b.NVR, b.State)
			}
		}
		return a.done("canceled "+strings.Join(args, ", "), args)
	}).cobra()
	return c
}
