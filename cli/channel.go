package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newChannel(a *app) *cobra.Command {
	return group("channel", "Say which hosts are for which kinds of work",
		newChannelList(a), newChannelAdd(a), newChannelEdit(a),
		newChannelSwitch(a, "enable", "Let tasks in channels be done again", "enableChannel"),
		newChannelSwitch(a, "disable", "Let tasks in channels wait", "disableChannel"))
}

func newChannelList(a *app) *cobra.Command {
	var enabled, disabled bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List channels with how many hosts they have",
		Long:    "List channels: a task waits for a host that is in its channel.",
		Example: "  kura channel list\n  kura channel list --disabled --json",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().BoolVar(&enabled, "enabled", false, "only those that are enabled")
	c.Flags().BoolVar(&disabled, "disabled", false, "only those that are not")
	c.MarkFlagsMutuallyExclusive("enabled", "disabled")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{}
		if enabled || disabled {
			kw["enabled"] = enabled
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "listChannels", kw)
		if err != nil {
			return err
		}
		calls := make([]client.Invocation, len(list))
		for i, m := range list {
			calls[i] = client.Do("listHosts", client.Keywords{"channelID": m.Int("id")})
		}
		out, err := h.Multi(ctx, calls...)
		if err != nil {
			return err
		}
		answer := make([]any, len(list))
		for i, o := range out {
			if o.Err != nil {
				return o.Err
			}
			answer[i] = map[string]any{"channel": list[i], "hosts": client.AsMaps(o.Value)}
		}
		return a.show(answer, func(t *table) {
			if len(list) == 0 {
				t.line("no channels")
				return
			}
			t.head("ID", "CHANNEL", "STATE", "HOSTS", "READY", "DESCRIPTION", "COMMENT")
			for i, m := range list {
				hosts, ready := client.AsMaps(out[i].Value), 0
				for _, host := range hosts {
					if host.Bool("enabled") && host.Bool("ready") {
						ready++
					}
				}
				t.row(m.Int("id"), m.Str("name"), channelTint(m), len(hosts), ready, m.Str("description"), m.Str("comment"))
			}
		})
	}).cobra()
	return c
}

// channelTint takes hubs that cannot disable channels for having them enabled.
func channelTint(m client.Map) tint {
	if m["enabled"] == false {
		return tint{"disabled", gray}
	}
	return tint{"enabled", green}
}

func newChannelAdd(a *app) *cobra.Command {
	var description string
	c := &cobra.Command{
		Use:     "add CHANNEL",
		Short:   "Make a channel",
		Long:    "Make a channel. `kura host join` puts hosts into it.",
		Example: "  kura channel add big --description 'hosts with much memory'",
		Args:    want(1, 1, "a name"),
	}
	c.Flags().StringVar(&description, "description", "", "what it is for")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if description != "" {
			kw["description"] = description
		}
		return a.act(ctx, "made channel "+args[0], "addChannel", args[0], kw)
	}).cobra()
	return c
}

func newChannelEdit(a *app) *cobra.Command {
	var rename, description, comment string
	c := &cobra.Command{
		Use:     "edit CHANNEL",
		Short:   "Change a channel",
		Long:    "Change a channel's name, description or comment. What is not named stays as it is.",
		Example: "  kura channel edit big --rename huge --comment 'moved in June'",
		Args:    want(1, 1, "a channel"),
	}
	f := c.Flags()
	f.StringVar(&rename, "rename", "", "the new name")
	f.StringVar(&description, "description", "", "what it is for")
	f.StringVar(&comment, "comment", "", "something for others to read")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		for key, flag := range map[string]string{"name": "rename", "description": "description", "comment": "comment"} {
			if f.Changed(flag) {
				kw[key] = f.Lookup(flag).Value.String()
			}
		}
		if len(kw) == 0 {
			return usagef("what of channel %s should change: --rename, --description or --comment?", args[0])
		}
		return a.act(ctx, "changed channel "+args[0], "editChannel", client.Ref(args[0]), kw)
	}).cobra()
	return c
}

func newChannelSwitch(a *app, use, short, method string) *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use:     use + " CHANNEL...",
		Short:   short,
		Long:    short + ". What runs goes on.",
		Example: "  kura channel " + use + " big --comment 'new disks'",
		Args:    want(1, -1, "a channel"),
	}
	c.Flags().StringVar(&comment, "comment", "", "say why, for others to read")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		kw := client.Keywords{}
		if comment != "" {
			kw["comment"] = comment
		}
		for _, name := range args {
			if _, err := h.Channel(ctx, name); err != nil {
				return err
			}
			if _, err := h.Call(ctx, method, client.Ref(name), kw); err != nil {
				return about("channel "+name, err)
			}
		}
		return a.done(use+"d "+strings.Join(args, ", "), args)
	}).cobra()
	return c
}
