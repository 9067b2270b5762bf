package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newHostJoin(a *app) *cobra.Command {
	var create, force bool
	c := &cobra.Command{
		Use:     "join HOST CHANNEL...",
		Short:   "Put a host into channels, to do their work",
		Long:    "Put a host into channels: it does tasks of theirs from now on.",
		Example: "  kura host join builder1.example.org createrepo",
		Args:    want(2, -1, "a host and a channel"),
	}
	c.Flags().BoolVar(&create, "new", false, "make the channels that are not there")
	c.Flags().BoolVar(&force, "force", false, "also into channels that are disabled")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if create {
			kw["create"] = true
		}
		if force {
			kw["force"] = true
		}
		return a.hostChannels(ctx, args, "host %s is now in channel %s", "addHostToChannel", kw)
	}).cobra()
	return c
}

func newHostLeave(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "leave HOST CHANNEL...",
		Short:   "Take a host out of channels",
		Long:    "Take a host out of channels. What it does of theirs goes on.",
		Example: "  kura host leave builder1.example.org createrepo",
		Args:    want(2, -1, "a host and a channel"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.hostChannels(ctx, args, "host %s is no longer in channel %s", "removeHostFromChannel", nil)
	}).cobra()
	return c
}

func (a *app) hostChannels(ctx context.Context, args []string, said, method string, kw client.Keywords) error {
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	if _, err := h.Host(ctx, args[0]); err != nil {
		return err
	}
	for _, channel := range args[1:] {
		if kw["create"] == true {
			break
		}
		if _, err := h.Channel(ctx, channel); err != nil {
			return err
		}
	}
	for _, channel := range args[1:] {
		if _, err := h.Call(ctx, method, args[0], channel, kw); err != nil {
			return about(fmt.Sprintf("host %s, channel %s", args[0], channel), err)
		}
	}
	return a.done(fmt.Sprintf(said, args[0], strings.Join(args[1:], ", ")), args[1:])
}
