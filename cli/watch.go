package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newWatch(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "watch TASK...",
		Short: "Watch tasks until they have ended",
		Long: "Watch tasks and all that they start until they have ended.\n\n" +
			"On a terminal the tasks stand as a tree that changes in place; elsewhere there is\n" +
			"a line for each change. At the end it says of each failure in which phase it\n" +
			"happened and which line caused it. Interrupting it does not cancel anything.",
		Example: "  kura watch 4711\n  kura watch 4711 4712 && echo both are built",
		Args:    want(1, -1, "the number of a task"),
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
		return a.follow(ctx, h, ids...)
	}).cobra()
	return c
}
