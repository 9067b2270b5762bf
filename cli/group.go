package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newGroup(a *app) *cobra.Command {
	return group("group", "Look at the groups of a tag and change them",
		newGroupList(a), newGroupCreate(a), newGroupDelete(a),
		newGroupPackages(a, "add", "Put packages into a group", "into group", "groupPackageListAdd"),
		newGroupPackages(a, "remove", "Take packages out of a group", "out of group", "groupPackageListRemove"),
		newGroupPackages(a, "block", "Keep inherited packages out of a group", "blocked in group", "groupPackageListBlock"),
		newGroupPackages(a, "unblock", "Let blocked packages in again", "no longer blocked in group", "groupPackageListUnblock"))
}

func newGroupList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list TAG [GROUP]",
		Short:   "List the groups of a tag with their packages",
		Long:    "List the groups of a tag with their packages, inherited ones too. The groups `build`\nand `srpm-build` say what every build root begins with.",
		Example: "  kura group list f43-build\n  kura group list f43-build srpm-build",
		Args:    want(1, 2, "a tag"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "getTagGroups", client.Ref(args[0]))
		if err != nil {
			return err
		}
		if len(args) > 1 {
			var only []client.Map
			for _, m := range list {
				if m.Str("name") == args[1] {
					only = append(only, m)
				}
			}
			list = only
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no groups")
				return
			}
			t.head("GROUP", "PACKAGES")
			for _, m := range list {
				t.row(m.Str("name"), names(client.AsMaps(m["packagelist"]), "package"))
			}
		})
	}).cobra()
	return c
}

func newGroupCreate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "create TAG GROUP",
		Short:   "Make a group in a tag",
		Long:    "Make a group in a tag.",
		Example: "  kura group create f43-build srpm-build",
		Args:    want(2, 2, "a tag and a name"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "made group "+args[1]+" in "+args[0], "groupListAdd", args[0], args[1])
	}).cobra()
	return c
}

func newGroupDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "delete TAG GROUP",
		Short:   "Delete a group of a tag",
		Long:    "Delete a group of a tag.",
		Example: "  kura group delete f43-build old",
		Args:    want(2, 2, "a tag and a group"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "deleted group "+args[1]+" of "+args[0], "groupListRemove", args[0], args[1])
	}).cobra()
	return c
}

func newGroupPackages(a *app, use, short, done, method string) *cobra.Command {
	c := &cobra.Command{
		Use:     use + " TAG GROUP PACKAGE...",
		Short:   short,
		Long:    short + ".",
		Example: "  kura group " + use + " f43-build build gcc make",
		Args:    want(3, -1, "a tag, a group and a package"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		var calls []client.Invocation
		for _, p := range args[2:] {
			calls = append(calls, client.Do(method, args[0], args[1], p))
		}
		out, err := h.Multi(ctx, calls...)
		if err != nil {
			return err
		}
		for _, o := range out {
			if o.Err != nil {
				return o.Err
			}
		}
		return a.done(done+" "+args[1]+" of "+args[0]+": "+strings.Join(args[2:], ", "), args[2:])
	}).cobra()
	return c
}
