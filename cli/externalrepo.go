package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newExternalRepo(a *app) *cobra.Command {
	return group("external-repo", "Use repositories from elsewhere in builds",
		newExternalList(a), newExternalCreate(a), newExternalEdit(a), newExternalDelete(a),
		newExternalAttach(a), newExternalDetach(a))
}

func newExternalList(a *app) *cobra.Command {
	var tag string
	var inherit bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List external repositories",
		Long:    "List external repositories: all, or those of a tag.",
		Example: "  kura external-repo list\n  kura external-repo list --tag f43-build --inherit",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().StringVar(&tag, "tag", "", "those of this tag")
	c.Flags().BoolVar(&inherit, "inherit", false, "what the tag inherits too")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		var list []client.Map
		switch {
		case tag == "":
			list, err = h.Maps(ctx, "listExternalRepos")
		case inherit:
			list, err = h.Maps(ctx, "getExternalRepoList", tag)
		default:
			list, err = h.Maps(ctx, "getTagExternalRepos", tag)
		}
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			switch {
			case len(list) == 0:
				t.line("no external repositories")
			case tag == "":
				t.head("ID", "NAME", "ADDRESS")
				for _, m := range list {
					t.row(m.Int("id"), m.Str("name"), m.Str("url"))
				}
			default:
				t.head("PRIORITY", "NAME", "TAG", "MODE", "ARCHES", "ADDRESS")
				for _, m := range list {
					t.row(m.Int("priority"), m.Str("external_repo_name"), m.Str("tag_name"), m.Str("merge_mode"), m.Str("arches"), m.Str("url"))
				}
			}
		})
	}).cobra()
	return c
}

func newExternalCreate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "create NAME ADDRESS",
		Short:   "Make an external repository known",
		Long:    "Make an external repository known. $arch in the address stands for the arch.",
		Example: "  kura external-repo create f43-ga 'https://mirror.example.org/f43/$arch/os/'",
		Args:    want(2, 2, "a name and an address"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "made external repository "+args[0], "createExternalRepo", args[0], args[1])
	}).cobra()
	return c
}

func newExternalEdit(a *app) *cobra.Command {
	var rename, address string
	c := &cobra.Command{
		Use:     "edit NAME",
		Short:   "Change an external repository",
		Long:    "Change an external repository's name or address.",
		Example: "  kura external-repo edit f43-ga --address 'https://other.example.org/f43/$arch/os/'",
		Args:    want(1, 1, "an external repository"),
	}
	c.Flags().StringVar(&rename, "rename", "", "the new name")
	c.Flags().StringVar(&address, "address", "", "the new address")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if rename != "" {
			kw["name"] = rename
		}
		if address != "" {
			kw["url"] = address
		}
		if len(kw) == 0 {
			return usagef("what of %s should change: --rename or --address?", args[0])
		}
		return a.act(ctx, "changed external repository "+args[0], "editExternalRepo", client.Ref(args[0]), kw)
	}).cobra()
	return c
}

func newExternalDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "delete NAME",
		Short:   "Forget an external repository",
		Long:    "Forget an external repository. Tags must not use it any more.",
		Example: "  kura external-repo delete f42-ga",
		Args:    want(1, 1, "an external repository"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "deleted external repository "+args[0], "deleteExternalRepo", client.Ref(args[0]))
	}).cobra()
	return c
}

func newExternalAttach(a *app) *cobra.Command {
	var priority int64
	var mode string
	var arches []string
	c := &cobra.Command{
		Use:   "attach NAME TAG",
		Short: "Use an external repository in builds of a tag",
		Long: "Use an external repository in builds with a tag. Of two the one with the lower\n" +
			"priority goes first. The mode says whose package wins: with koji the tag's own and\n" +
			"then the first repository's, with simple, bare or split others; see the hub's terms.",
		Example: "  kura external-repo attach f43-ga f43-build --priority 10 --mode bare",
		Args:    want(2, 2, "an external repository and a tag"),
	}
	c.Flags().Int64Var(&priority, "priority", -1, "its priority; without it, after the others")
	c.Flags().StringVar(&mode, "mode", "koji", "how it is merged: koji, simple, bare, split")
	c.Flags().StringSliceVar(&arches, "arch", nil, "use it only for these arches")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		if priority < 0 {
			have, err := h.Maps(ctx, "getTagExternalRepos", args[1])
			if err != nil {
				return err
			}
			priority = 0
			for _, m := range have {
				priority = max(priority, m.Int("priority")+5)
			}
		}
		kw := client.Keywords{"merge_mode": mode}
		if len(arches) > 0 {
			kw["arches"] = strings.Join(arches, " ")
		}
		if _, err := h.Call(ctx, "addExternalRepoToTag", args[1], args[0], priority, kw); err != nil {
			return err
		}
		return a.done(fmt.Sprintf("tag %s uses %s with priority %d", args[1], args[0], priority), nil)
	}).cobra()
	return c
}

func newExternalDetach(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "detach NAME TAG",
		Short:   "No longer use an external repository in builds of a tag",
		Long:    "No longer use an external repository in builds with a tag.",
		Example: "  kura external-repo detach f42-ga f43-build",
		Args:    want(2, 2, "an external repository and a tag"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.act(ctx, "tag "+args[1]+" no longer uses "+args[0], "removeExternalRepoFromTag", args[1], args[0])
	}).cobra()
	return c
}
