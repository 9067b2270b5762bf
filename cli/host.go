package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newHost(a *app) *cobra.Command {
	return group("host", "Look at build hosts and manage them",
		newHostList(a), newHostInfo(a), newHostAdd(a),
		newHostSwitch(a, "enable", "Give work to hosts again", "enableHost"),
		newHostSwitch(a, "disable", "Give no more work to hosts", "disableHost"),
		newHostJoin(a), newHostLeave(a))
}

func newHostList(a *app) *cobra.Command {
	var arches []string
	var channel string
	var ready bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List build hosts",
		Long:    "List build hosts: whether they work, how much they do, and when they were last heard\nof.",
		Example: "  kura host list\n  kura host list --arch aarch64 --ready",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().StringSliceVar(&arches, "arch", nil, "only with these arches")
	c.Flags().StringVar(&channel, "channel", "", "only in this channel")
	c.Flags().BoolVar(&ready, "ready", false, "only those that take work now")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{}
		if len(arches) > 0 {
			kw["arches"] = arches
		}
		if channel != "" {
			kw["channelID"] = client.Ref(channel)
		}
		if ready {
			kw["ready"], kw["enabled"] = true, true
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "listHosts", kw)
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no hosts")
				return
			}
			t.head("HOST", "STATE", "LOAD", "CAPACITY", "ARCHES", "HEARD OF")
			for _, m := range list {
				t.row(m.Str("name"), hostTint(m), m.Float("task_load"), m.Float("capacity"), m.Str("arches"), a.when(m.Time("update_ts")))
			}
		})
	}).cobra()
	return c
}

func hostTint(m client.Map) tint {
	switch {
	case !m.Bool("enabled"):
		return tint{"disabled", gray}
	case m.Bool("ready"):
		return tint{"ready", green}
	}
	return tint{"not ready", yellow}
}

func newHostInfo(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "info HOST",
		Short:   "Show a build host",
		Long:    "Show a build host: its state, channels, and what it works on.",
		Example: "  kura host info builder1",
		Args:    want(1, 1, "a host"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		m, err := h.Host(ctx, args[0])
		if err != nil {
			return err
		}
		channels, err := h.Maps(ctx, "listChannels", client.Keywords{"hostID": m.Int("id")})
		if err != nil {
			return err
		}
		tasks, err := h.Maps(ctx, "listTasks", map[string]any{"host_id": m.Int("id"), "decode": true,
			"state": []any{int64(client.TaskOpen), int64(client.TaskAssigned)}}, map[string]any{"order": "id", "limit": int64(100)})
		if err != nil {
			return err
		}
		return a.show(map[string]any{"host": m, "channels": channels, "tasks": tasks}, func(t *table) {
			t.field("host", m.Str("name"))
			t.field("id", m.Int("id"))
			t.field("state", hostTint(m))
			t.field("arches", m.Str("arches"))
			t.field("load", m.Float("task_load"))
			t.field("capacity", m.Float("capacity"))
			t.field("channels", names(channels, "name"))
			t.field("description", m.Str("description"))
			t.field("comment", m.Str("comment"))
			t.field("heard of", a.when(m.Time("update_ts")))
			if len(tasks) > 0 {
				t.line("")
				a.taskTable(t, tasks)
			}
		})
	}).cobra()
	return c
}

func newHostAdd(a *app) *cobra.Command {
	var channels []string
	c := &cobra.Command{
		Use:     "add HOST ARCH...",
		Short:   "Make a build host known",
		Long:    "Make a build host known, with the arches that it builds for.",
		Example: "  kura host add builder2.example.org x86_64 i686 --channel createrepo",
		Args:    want(2, -1, "a name and an arch"),
	}
	c.Flags().StringSliceVar(&channels, "channel", nil, "put it into these channels beside the default one")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "addHost", args[0], args[1:])
		if err != nil {
			return err
		}
		for _, channel := range channels {
			if _, err := h.Call(ctx, "addHostToChannel", args[0], channel); err != nil {
				return err
			}
		}
		return a.done("added host "+args[0], v)
	}).cobra()
	return c
}

func newHostSwitch(a *app, use, short, method string) *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use:     use + " HOST...",
		Short:   short,
		Long:    short + ". What runs on them goes on.",
		Example: "  kura host " + use + " builder1 --comment 'new disk'",
		Args:    want(1, -1, "a host"),
	}
	c.Flags().StringVar(&comment, "comment", "", "say why, for others to read")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, name := range args {
			if _, err := h.Host(ctx, name); err != nil {
				return err
			}
			if _, err := h.Call(ctx, method, name); err != nil {
				return err
			}
			if comment != "" {
				if _, err := h.Call(ctx, "editHost", name, client.Keywords{"comment": comment}); err != nil {
					return err
				}
			}
		}
		return a.done(use+"d "+strings.Join(args, ", "), args)
	}).cobra()
	return c
}
