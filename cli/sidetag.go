package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newSidetag(a *app) *cobra.Command {
	return group("sidetag", "Make tags of your own to build in, beside the others",
		newSidetagAdd(a), newSidetagList(a), newSidetagRemove(a), newSidetagEdit(a))
}

func newSidetagAdd(a *app) *cobra.Command {
	var suffix string
	var debuginfo bool
	c := &cobra.Command{
		Use:   "add TAG",
		Short: "Make a side tag on top of a tag",
		Long: "Make a side tag on top of a tag, with a target of the same name: builds for it see\n" +
			"each other and all of the tag, and the tag sees nothing of them. With -q only its\n" +
			"name is printed.",
		Example: "  kura sidetag add f43-build\n  kura sidetag add f43-build --suffix stack-gate -q",
		Args:    want(1, 1, "a tag"),
	}
	c.Flags().StringVar(&suffix, "suffix", "", "end its name so; the hub says which ends it allows")
	c.Flags().BoolVar(&debuginfo, "debuginfo", false, "put debuginfo packages into its repositories")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{"debuginfo": debuginfo}
		if suffix != "" {
			kw["suffix"] = suffix
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "createSideTag", client.Ref(args[0]), kw)
		if err != nil {
			return about("a side tag of "+args[0], err)
		}
		name := client.AsMap(v).Str("name")
		if a.quiet && !a.json {
			fmt.Fprintln(a.Out, clean(name))
			return nil
		}
		if err := a.done("made side tag "+name, v); err != nil || a.json {
			return err
		}
		fmt.Fprintf(a.Out, "build in it with: kura build %s SOURCE\n", clean(name))
		return nil
	}).cobra()
	return c
}

func newSidetagList(a *app) *cobra.Command {
	var base, user string
	var mine bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List side tags",
		Long:    "List side tags: all, or those on top of a tag, or those of a user.",
		Example: "  kura sidetag list --mine\n  kura sidetag list --base f43-build --user ann",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().StringVar(&base, "base", "", "only those on top of this tag")
	c.Flags().StringVar(&user, "user", "", "only this user's")
	c.Flags().BoolVar(&mine, "mine", false, "only my own")
	c.MarkFlagsMutuallyExclusive("user", "mine")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{}
		if base != "" {
			kw["basetag"] = client.Ref(base)
		}
		h, err := a.hub()
		if err == nil && mine {
			err = a.login(ctx, h)
		}
		if err != nil {
			return err
		}
		if mine || user != "" {
			u, err := h.User(ctx, user)
			if err != nil {
				return err
			}
			kw["user"] = u.Int("id")
		}
		list, err := h.Maps(ctx, "listSideTags", kw)
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no side tags")
				return
			}
			t.head("ID", "TAG", "OWNER")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("name"), m.Str("user_name"))
			}
		})
	}).cobra()
	return c
}

func newSidetagRemove(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "remove SIDETAG...",
		Aliases: []string{"delete"},
		Short:   "Delete side tags with their targets",
		Long:    "Delete side tags with their targets. Builds that were in them stay.",
		Example: "  kura sidetag remove f43-build-side-123",
		Args:    want(1, -1, "a side tag"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, name := range args {
			if _, err := h.Call(ctx, "removeSideTag", client.Ref(name)); err != nil {
				return about("side tag "+name, err)
			}
		}
		return a.done("deleted side tag "+strings.Join(args, ", "), args)
	}).cobra()
	return c
}

func newSidetagEdit(a *app) *cobra.Command {
	var debuginfo, noDebuginfo bool
	var macros, removeMacros, extra, removeExtra []string
	c := &cobra.Command{
		Use:   "edit SIDETAG",
		Short: "Change a side tag's settings",
		Long: "Change a side tag's settings, as far as the tag below it allows that: by its\n" +
			"settings sidetag_debuginfo_allowed and sidetag_rpm_macros_allowed. What is not\n" +
			"named stays as it is.",
		Example: "  kura sidetag edit f43-build-side-123 --macro dist=.fc43_gate\n  kura sidetag edit f43-build-side-123 --no-debuginfo",
		Args:    want(1, 1, "a side tag"),
	}
	f := c.Flags()
	f.BoolVar(&debuginfo, "debuginfo", false, "put debuginfo packages into its repositories")
	f.BoolVar(&noDebuginfo, "no-debuginfo", false, "leave them out again")
	f.StringArrayVar(&macros, "macro", nil, "set an RPM macro, NAME=VALUE")
	f.StringArrayVar(&removeMacros, "remove-macro", nil, "do not set this RPM macro any more")
	f.StringArrayVarP(&extra, "extra", "x", nil, "a setting, KEY=VALUE")
	f.StringArrayVarP(&removeExtra, "remove-extra", "r", nil, "remove this setting")
	c.MarkFlagsMutuallyExclusive("debuginfo", "no-debuginfo")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if debuginfo || noDebuginfo {
			kw["debuginfo"] = debuginfo
		}
		for key, list := range map[string][]string{"rpm_macros": macros, "extra": extra} {
			m, err := pairs(list)
			if err != nil {
				return err
			}
			if len(m) > 0 {
				kw[key] = m
			}
		}
		for key, list := range map[string][]string{"remove_rpm_macros": removeMacros, "remove_extra": removeExtra} {
			if len(list) > 0 {
				kw[key] = list
			}
		}
		if len(kw) == 0 {
			return usagef("what of side tag %s should change? see \"kura sidetag edit --help\"", args[0])
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "editSideTag", client.Ref(args[0]), kw)
		if err != nil {
			return about("side tag "+args[0], err)
		}
		return a.done("changed side tag "+args[0], v)
	}).cobra()
	return c
}
