package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTarget(a *app) *cobra.Command {
	return group("target", "Look at build targets and change them",
		newTargetList(a), newTargetCreate(a), newTargetEdit(a), newTargetDelete(a))
}

func newTargetList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list [TARGET]",
		Aliases: []string{"info"},
		Short:   "List build targets",
		Long:    "List build targets: what a target is built with, and where its builds go.",
		Example: "  kura target list",
		Args:    want(0, 1, "a target"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		var list []client.Map
		if len(args) > 0 {
			m, err := h.Target(ctx, args[0])
			if err != nil {
				return err
			}
			list = []client.Map{m}
		} else if list, err = h.Maps(ctx, "getBuildTargets"); err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no targets")
				return
			}
			t.head("TARGET", "BUILT WITH", "GOES TO")
			for _, m := range list {
				t.row(m.Str("name"), m.Str("build_tag_name"), m.Str("dest_tag_name"))
			}
		})
	}).cobra()
	return c
}

func newTargetCreate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "create TARGET BUILD-TAG [DEST-TAG]",
		Short:   "Make a build target",
		Long:    "Make a build target: builds are made with BUILD-TAG, and go to DEST-TAG or, without\none, to the tag that is named as the target.",
		Example: "  kura target create f43 f43-build f43-candidate",
		Args:    want(2, 3, "a name and a tag to build with"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		dest := args[0]
		if len(args) > 2 {
			dest = args[2]
		}
		return a.act(ctx, "made target "+args[0], "createBuildTarget", args[0], args[1], dest)
	}).cobra()
	return c
}

func newTargetEdit(a *app) *cobra.Command {
	var rename, buildTag, destTag string
	c := &cobra.Command{
		Use:     "edit TARGET",
		Short:   "Change a build target",
		Long:    "Change a build target. What is not named stays as it is.",
		Example: "  kura target edit f43 --dest-tag f43-candidate",
		Args:    want(1, 1, "a target"),
	}
	c.Flags().StringVar(&rename, "rename", "", "the new name")
	c.Flags().StringVar(&buildTag, "build-tag", "", "build with this tag")
	c.Flags().StringVar(&destTag, "dest-tag", "", "put builds into this tag")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if rename == "" && buildTag == "" && destTag == "" {
			return usagef("what of target %s should change? see \"kura target edit --help\"", args[0])
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		m, err := h.Target(ctx, args[0])
		if err != nil {
			return err
		}
		or := func(s, old string) string {
			if s != "" {
				return s
			}
			return old
		}
		_, err = h.Call(ctx, "editBuildTarget", m.Int("id"), or(rename, m.Str("name")),
			or(buildTag, m.Str("build_tag_name")), or(destTag, m.Str("dest_tag_name")))
		if err != nil {
			return err
		}
		return a.done("changed target "+args[0], nil)
	}).cobra()
	return c
}

func newTargetDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "delete TARGET",
		Short:   "Delete a build target",
		Long:    "Delete a build target. Its tags stay.",
		Example: "  kura target delete f42",
		Args:    want(1, 1, "a target"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "deleted target "+args[0], "deleteBuildTarget", client.Ref(args[0]))
	}).cobra()
	return c
}
