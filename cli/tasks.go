package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTasks(a *app) *cobra.Command {
	var mine, all bool
	var user, method, host, channel, since string
	var states, arches []string
	var limit int64
	c := &cobra.Command{
		Use:   "tasks",
		Short: "List tasks",
		Long:  "List tasks, the newest first: those that have not ended, unless --all or --state\nask for others.",
		Example: "  kura tasks --mine\n  kura tasks --method buildArch --state failed --since 24h\n" +
			"  kura tasks --host builder1",
		Args: want(0, 0, "nothing"),
	}
	f := c.Flags()
	f.BoolVar(&mine, "mine", false, "only my own")
	f.BoolVarP(&all, "all", "a", false, "also those that have ended")
	f.StringVar(&user, "user", "", "only this user's")
	f.StringVar(&method, "method", "", "only this kind")
	f.StringVar(&host, "host", "", "only on this host")
	f.StringVar(&channel, "channel", "", "only in this channel")
	f.StringSliceVar(&arches, "arch", nil, "only for these arches")
	f.StringSliceVar(&states, "state", nil, "only in these states: free, assigned, open, closed, canceled, failed")
	f.StringVar(&since, "since", "", "only those made since: a time, or how long ago (24h)")
	f.Int64VarP(&limit, "limit", "n", 50, "at most so many")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		opts := map[string]any{"decode": true}
		switch {
		case len(states) > 0:
			list, err := taskStates(states)
			if err != nil {
				return err
			}
			opts["state"] = list
		case !all:
			opts["state"] = []any{int64(client.TaskFree), int64(client.TaskOpen), int64(client.TaskAssigned)}
		}
		if method != "" {
			opts["method"] = method
		}
		if len(arches) > 0 {
			opts["arch"] = arches
		}
		if since != "" {
			t, err := a.instant(since)
			if err != nil {
				return err
			}
			opts["createdAfter"] = float64(t.UnixMicro()) / 1e6
		}
		h, err := a.hub()
		if err == nil && mine {
			err = a.login(ctx, h)
		}
		if err != nil {
			return err
		}
		if err := taskOwners(ctx, h, opts, mine, user, host, channel); err != nil {
			return err
		}
		list, err := h.Maps(ctx, "listTasks", opts, map[string]any{"order": "-id", "limit": limit})
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) { a.taskTable(t, list) })
	}).cobra()
	return c
}

func taskStates(names []string) ([]any, error) {
	var list []any
	for _, name := range names {
		s, ok := client.ParseTaskState(name)
		if !ok {
			return nil, usagef("%q is no state: use free, assigned, open, closed, canceled or failed", name)
		}
		list = append(list, int64(s))
	}
	return list, nil
}

// taskOwners turns names into the numbers that listTasks takes.
func taskOwners(ctx context.Context, h *client.Hub, opts map[string]any, mine bool, user, host, channel string) error {
	if mine || user != "" {
		if mine {
			user = ""
		}
		u, err := h.User(ctx, user)
		if err != nil {
			return err
		}
		opts["owner"] = u.Int("id")
	}
	if host != "" {
		m, err := h.Host(ctx, host)
		if err != nil {
			return err
		}
		opts["host_id"] = m.Int("id")
	}
	if channel != "" {
		m, err := h.Channel(ctx, channel)
		if err != nil {
			return err
		}
		opts["channel_id"] = m.Int("id")
	}
	return nil
}

func (a *app) taskTable(t *table, list []client.Map) {
	if len(list) == 0 {
		t.line("no tasks")
		return
	}
	t.head("ID", "METHOD", "ARCH", "STATE", "OWNER", "ELAPSED", "SUBJECT")
	for _, m := range list {
		task := client.TaskOf(m)
		t.row(task.ID, task.Method, task.Arch, taskTint(task.State), task.OwnerName, span(task.Elapsed(a.Now())), task.Subject())
	}
}

// instant reads a time, or how long ago it was.
func (a *app) instant(s string) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return a.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, a.Zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%q is no time: want 2006-01-02, \"2006-01-02 15:04\", or how long ago (90m, 24h)", s)
}
