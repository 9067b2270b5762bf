package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newWhy(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "why TASK",
		Short:   "Say why a task waits",
		Long:    "Say why a task waits, at which place, and for about how long still. Of tasks that\ndo not wait it says where they stand.",
		Example: "  kura why 4711",
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
		t, err := h.Task(ctx, ids[0])
		if err != nil {
			return err
		}
		if t.State != client.TaskFree {
			return a.whereTask(ctx, h, &t)
		}
		v, err := h.Call(ctx, "kura.whyWaiting", t.ID)
		if err != nil {
			return fmt.Errorf("the hub does not say why task %d waits: %w", t.ID, err)
		}
		return a.show(v, func(out *table) { out.line("%s waits: %s", title(&t), waitText(client.AsMap(v))) })
	}).cobra()
	return c
}

// whereTask tells of a task that does not wait for a host.
func (a *app) whereTask(ctx context.Context, h *client.Hub, t *client.Task) error {
	text := fmt.Sprintf("%s does not wait: it is %s", title(t), t.State)
	if t.Waiting && t.State == client.TaskOpen {
		text = fmt.Sprintf("%s waits for what it has started: see `kura task %d`", title(t), t.ID)
	} else if t.Host != 0 && !t.State.Done() {
		if m, err := h.Host(ctx, fmt.Sprint(t.Host)); err == nil {
			text += " on " + m.Str("name")
		}
	}
	return a.show(map[string]any{"reason": text, "state": t.State.String()}, func(out *table) { out.line("%s", text) })
}
