package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newVolume(a *app) *cobra.Command {
	return group("volume", "Say where the files of builds are kept",
		newVolumeList(a), newVolumeAdd(a), newVolumeMove(a))
}

func newVolumeList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List volumes",
		Long:    "List volumes: places for the files of builds. DEFAULT is where they are first.",
		Example: "  kura volume list",
		Args:    want(0, 0, "nothing"),
	}
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "listVolumes")
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(x, y client.Map) int { return int(x.Int("id") - y.Int("id")) })
		return a.show(list, func(t *table) {
			t.head("ID", "VOLUME")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("name"))
			}
		})
	}).cobra()
	return c
}

func newVolumeAdd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "add VOLUME",
		Short:   "Make a volume known",
		Long:    "Make a volume known. A hub of Koji's needs its directory first, below vol/.",
		Example: "  kura volume add archive",
		Args:    want(1, 1, "a name"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "made volume "+args[0], "addVolume", args[0])
	}).cobra()
	return c
}

func newVolumeMove(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "move VOLUME BUILD...",
		Short:   "Move the files of builds to a volume",
		Long:    "Move the files of builds to a volume. Links stay where they were.",
		Example: "  kura volume move archive bash-5.2-1.fc42 zsh-5.8-1.fc42",
		Args:    want(2, -1, "a volume and a build"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		var builds []client.Build
		for _, name := range args[1:] {
			b, err := h.Build(ctx, name)
			if err != nil {
				return err
			}
			builds = append(builds, b)
		}
		for _, b := range builds {
			if _, err := h.Call(ctx, "changeBuildVolume", b.ID, args[0]); err != nil {
				return about("build "+b.NVR, err)
			}
		}
		return a.done("moved to volume "+args[0]+": "+strings.Join(args[1:], ", "), args[1:])
	}).cobra()
	return c
}
