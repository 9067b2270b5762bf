package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTagCreate(a *app) *cobra.Command {
	var parent string
	var arches, extra []string
	c := &cobra.Command{
		Use:     "create TAG",
		Short:   "Make a tag",
		Long:    "Make a tag. A tag that is built with needs arches.",
		Example: "  kura tag create f43-build --parent f43 --arch x86_64 --arch aarch64\n  kura tag create f43 --extra rpm.macro.dist=.fc43",
		Args:    want(1, 1, "a name"),
	}
	c.Flags().StringVar(&parent, "parent", "", "inherit from this tag")
	c.Flags().StringSliceVar(&arches, "arch", nil, "arches to build for")
	c.Flags().StringArrayVarP(&extra, "extra", "x", nil, "a setting, KEY=VALUE")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if parent != "" {
			kw["parent"] = parent
		}
		if len(arches) > 0 {
			kw["arches"] = strings.Join(arches, " ")
		}
		if len(extra) > 0 {
			m, err := pairs(extra)
			if err != nil {
				return err
			}
			kw["extra"] = m
		}
		return a.act(ctx, "made tag "+args[0], "createTag", args[0], kw)
	}).cobra()
	return c
}

func newTagEdit(a *app) *cobra.Command {
	var rename, perm string
	var arches, extra, removeExtra, blockExtra []string
	var lock, unlock, noPerm bool
	c := &cobra.Command{
		Use:     "edit TAG",
		Short:   "Change a tag's settings",
		Example: "  kura tag edit f43 --lock\n  kura tag edit f43-build --arch x86_64 --arch riscv64\n  kura tag edit f43-build -x rpm.macro.dist=.fc43",
		Args:    want(1, 1, "a tag"),
	}
	c.Long = "Change a tag's settings. What is not named stays as it is."
	f := c.Flags()
	f.StringVar(&rename, "rename", "", "the new name")
	f.StringSliceVar(&arches, "arch", nil, "all arches to build for")
	f.BoolVar(&lock, "lock", false, "let nobody change its builds")
	f.BoolVar(&unlock, "unlock", false, "let them again")
	f.StringVar(&perm, "perm", "", "ask for this permission to change its builds")
	f.BoolVar(&noPerm, "no-perm", false, "ask for none")
	f.StringArrayVarP(&extra, "extra", "x", nil, "a setting, KEY=VALUE")
	f.StringArrayVarP(&removeExtra, "remove-extra", "r", nil, "remove this setting")
	f.StringArrayVarP(&blockExtra, "block-extra", "b", nil, "do not inherit this setting")
	c.MarkFlagsMutuallyExclusive("lock", "unlock")
	c.MarkFlagsMutuallyExclusive("perm", "no-perm")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if rename != "" {
			kw["name"] = rename
		}
		if len(arches) > 0 {
			kw["arches"] = strings.Join(arches, " ")
		}
		if lock || unlock {
			kw["locked"] = lock
		}
		if perm != "" || noPerm {
			kw["perm"] = client.Ref(perm)
			if noPerm {
				kw["perm"] = nil
			}
		}
		m, err := pairs(extra)
		if err != nil {
			return err
		}
		if len(m) > 0 {
			kw["extra"] = m
		}
		if len(removeExtra) > 0 {
			kw["remove_extra"] = removeExtra
		}
		if len(blockExtra) > 0 {
			kw["block_extra"] = blockExtra
		}
		if len(kw) == 0 {
			return usagef("what of tag %s should change? see \"kura tag edit --help\"", args[0])
		}
		return a.act(ctx, "changed tag "+args[0], "editTag2", client.Ref(args[0]), kw)
	}).cobra()
	return c
}

func newTagDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "delete TAG",
		Short:   "Delete a tag; its builds stay",
		Long:    "Delete a tag with its settings. Builds that were in it stay; its history does too.",
		Example: "  kura tag delete f43-old",
		Args:    want(1, 1, "a tag"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "deleted tag "+args[0], "deleteTag", client.Ref(args[0]))
	}).cobra()
	return c
}
