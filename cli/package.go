package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newPackage(a *app) *cobra.Command {
	change := func(use, short, done, method string) *cobra.Command {
		var force bool
		c := &cobra.Command{
			Use:     use + " TAG PACKAGE...",
			Short:   short,
			Long:    short + ".",
			Example: "  kura package " + use + " f43 bash",
			Args:    want(2, -1, "a tag and a package"),
		}
		if use != "unblock" {
			c.Flags().BoolVar(&force, "force", false, "even against policies, if you may")
		}
		c.RunE = run(func(ctx context.Context, args []string) error {
			kw := client.Keywords{}
			if force {
				kw["force"] = true
			}
			return a.packages(ctx, done+" "+args[0], method, args[0], args[1:], kw)
		}).cobra()
		return c
	}
	return group("package", "Say which packages a tag may hold",
		newPackageAdd(a),
		change("block", "Keep packages out of a tag, also inherited ones", "blocked in", "packageListBlock"),
		change("unblock", "Let blocked packages in again", "no longer blocked in", "packageListUnblock"),
		change("remove", "Take packages off a tag's list", "off the list of", "packageListRemove"),
		newPackageList(a))
}

func newPackageAdd(a *app) *cobra.Command {
	var owner string
	var arches []string
	var force bool
	c := &cobra.Command{
		Use:     "add TAG PACKAGE...",
		Short:   "Let a tag hold packages",
		Long:    "Put packages on a tag's list: only what is listed may be built for it. Without\n--owner you own them there.",
		Example: "  kura package add f43 bash zsh --owner ann",
		Args:    want(2, -1, "a tag and a package"),
	}
	c.Flags().StringVar(&owner, "owner", "", "who owns the packages in this tag")
	c.Flags().StringSliceVar(&arches, "extra-arch", nil, "arches to build them for beside the tag's own")
	c.Flags().BoolVar(&force, "force", false, "even against policies, if you may")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		u, err := h.User(ctx, owner)
		if err != nil {
			return err
		}
		kw := client.Keywords{"owner": u.Int("id")}
		if len(arches) > 0 {
			kw["extra_arches"] = strings.Join(arches, " ")
		}
		if force {
			kw["force"] = true
		}
		return a.packagesOn(ctx, h, "listed in "+args[0], "packageListAdd", args[0], args[1:], kw)
	}).cobra()
	return c
}

func (a *app) packages(ctx context.Context, said, method, tag string, names []string, kw client.Keywords) error {
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	return a.packagesOn(ctx, h, said, method, tag, names, kw)
}

// packagesOn makes the same change to several packages; the first failure is
// the one that is told, with what went well before it.
func (a *app) packagesOn(ctx context.Context, h *client.Hub, said, method, tag string, names []string, kw client.Keywords) error {
	calls := make([]client.Invocation, len(names))
	for i, name := range names {
		calls[i] = client.Do(method, tag, name, kw)
	}
	out, err := h.Multi(ctx, calls...)
	if err != nil {
		return err
	}
	var good []string
	var failed error
	for i, o := range out {
		if o.Err == nil {
			good = append(good, names[i])
		} else if failed == nil {
			failed = o.Err
		}
	}
	if len(good) > 0 {
		if err := a.done(said+": "+strings.Join(good, ", "), good); err != nil {
			return err
		}
	}
	return failed
}

// newTagPackages is `tag packages`, another name for `package list`.
func newTagPackages(a *app) *cobra.Command {
	c := newPackageList(a)
	c.Use = "packages TAG"
	c.Example = "  kura tag packages f43 --own"
	return c
}

func newPackageList(a *app) *cobra.Command {
	var own, blocked bool
	var user string
	c := &cobra.Command{
		Use:     "list TAG",
		Short:   "List the packages that a tag may hold",
		Long:    "List the packages that a tag may hold, with those that it inherits.",
		Example: "  kura package list f43\n  kura package list f43 --user ann",
		Args:    want(1, 1, "a tag"),
	}
	c.Flags().BoolVar(&own, "own", false, "leave out what it inherits")
	c.Flags().BoolVar(&blocked, "blocked", false, "show blocked packages too")
	c.Flags().StringVar(&user, "user", "", "only packages of this user")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		kw := client.Keywords{"tagID": client.Ref(args[0]), "inherited": !own, "with_blocked": blocked}
		if user != "" {
			kw["userID"] = client.Ref(user)
		}
		list, err := h.Maps(ctx, "listPackages", kw)
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no packages")
				return
			}
			t.head("PACKAGE", "TAG", "OWNER", "EXTRA ARCHES", "")
			for _, m := range list {
				note := ""
				if m.Bool("blocked") {
					note = "blocked"
				}
				t.row(m.Str("package_name"), m.Str("tag_name"), m.Str("owner_name"), m.Str("extra_arches"), note)
			}
		})
	}).cobra()
	return c
}
