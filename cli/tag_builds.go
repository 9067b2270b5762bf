package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTagAdd(a *app) *cobra.Command {
	var force, nowait bool
	c := &cobra.Command{
		Use:     "add TAG BUILD...",
		Short:   "Put builds into a tag",
		Long:    "Put builds into a tag, in this order: the last one of a package is its latest.",
		Example: "  kura tag add f43-updates bash-5.3-1 zsh-5.9-2",
		Args:    want(2, -1, "a tag and a build"),
	}
	c.Flags().BoolVar(&force, "force", false, "even against policies and locks, if you may")
	c.Flags().BoolVar(&nowait, "nowait", false, "do not wait until it is done")
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.tagging(ctx, args[1:], nowait, "into "+args[0], func(b *client.Build) client.Invocation {
			return client.Do("tagBuild", args[0], b.ID, force)
		})
	}).cobra()
	return c
}

func newTagMove(a *app) *cobra.Command {
	var force, nowait bool
	c := &cobra.Command{
		Use:     "move FROM TO BUILD...",
		Short:   "Move builds from one tag to another",
		Long:    "Move builds from one tag to another, in this order.",
		Example: "  kura tag move f43-testing f43-updates bash-5.3-1",
		Args:    want(3, -1, "two tags and a build"),
	}
	c.Flags().BoolVar(&force, "force", false, "even against policies and locks, if you may")
	c.Flags().BoolVar(&nowait, "nowait", false, "do not wait until it is done")
	c.RunE = run(func(ctx context.Context, args []string) error {
		return a.tagging(ctx, args[2:], nowait, "from "+args[0]+" to "+args[1], func(b *client.Build) client.Invocation {
			return client.Do("moveBuild", args[0], args[1], b.ID, force)
		})
	}).cobra()
	return c
}

// tagging finds all builds before the first one is touched, starts the task of
// each and waits for them.
func (a *app) tagging(ctx context.Context, names []string, nowait bool, where string, do func(*client.Build) client.Invocation) error {
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	var calls []client.Invocation
	for _, name := range names {
		b, err := h.Build(ctx, name)
		if err != nil {
			return err
		}
		calls = append(calls, do(&b))
	}
	var ids []int64
	var values []any
	for _, c := range calls { // one by one: the order counts, and the first failure ends it
		v, err := h.Call(ctx, c.Method, c.Args...)
		if err != nil {
			return err
		}
		if id, ok := v.(int64); ok {
			ids = append(ids, id)
		}
		values = append(values, v)
	}
	if nowait || len(ids) == 0 {
		return a.done("on the way "+where+": "+strings.Join(names, ", "), values)
	}
	return a.follow(ctx, h, ids...)
}

func newTagRemove(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:     "remove TAG BUILD...",
		Short:   "Take builds out of a tag",
		Long:    "Take builds out of a tag. The builds themselves stay.",
		Example: "  kura tag remove f43-updates bash-5.3-1",
		Args:    want(2, -1, "a tag and a build"),
	}
	c.Flags().BoolVar(&force, "force", false, "even against policies and locks, if you may")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, name := range args[1:] {
			b, err := h.Build(ctx, name)
			if err == nil {
				_, err = h.Call(ctx, "untagBuild", args[0], b.ID, true, force)
			}
			if err != nil {
				return err
			}
		}
		return a.done("out of "+args[0]+": "+strings.Join(args[1:], ", "), args[1:])
	}).cobra()
	return c
}

func newTagBuilds(a *app) *cobra.Command {
	var latest, inherit, rpms bool
	var pkg, arch string
	var event int64
	c := &cobra.Command{
		Use:     "builds TAG",
		Short:   "List the builds in a tag",
		Long:    "List the builds in a tag, or in it and its parents; all of them, or the latest of\neach package.",
		Example: "  kura tag builds f43 --latest --inherit\n  kura tag builds f43 --package bash\n  kura tag builds f43 --rpms --arch x86_64 --latest",
		Args:    want(1, 1, "a tag"),
	}
	f := c.Flags()
	f.BoolVar(&latest, "latest", false, "only the latest of each package")
	f.BoolVar(&inherit, "inherit", false, "what it inherits too")
	f.StringVar(&pkg, "package", "", "only of this package")
	f.Int64Var(&event, "event", 0, "as it was at this event")
	f.BoolVar(&rpms, "rpms", false, "list package files instead")
	f.StringVar(&arch, "arch", "", "only files for this arch")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{"latest": latest, "inherit": inherit}
		if pkg != "" {
			kw["package"] = pkg
		}
		if event != 0 {
			kw["event"] = event
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		if rpms || arch != "" {
			if arch != "" {
				kw["arch"] = arch
			}
			v, err := h.Call(ctx, "listTaggedRPMS", client.Ref(args[0]), kw)
			if err != nil {
				return err
			}
			return a.show(v, func(t *table) { fileNames(t, v) })
		}
		list, err := h.Maps(ctx, "listTagged", client.Ref(args[0]), kw)
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no builds")
				return
			}
			t.head("BUILD", "TAG", "OWNER")
			for _, m := range list {
				b := client.BuildOf(m)
				t.row(b.NVR, b.TagName, b.OwnerName)
			}
		})
	}).cobra()
	return c
}

// fileNames lists the packages in an answer of [rpms, builds].
func fileNames(t *table, v any) {
	pair, _ := v.([]any)
	if len(pair) == 0 {
		return
	}
	for _, m := range client.AsMaps(pair[0]) {
		r := client.RPMOf(m)
		t.line("%s", r.File())
	}
}
