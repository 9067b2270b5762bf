package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newNotificationEdit(a *app) *cobra.Command {
	var s mailSubject
	var anyPkg, anyTag, successOnly, noSuccessOnly bool
	c := &cobra.Command{
		Use:     "edit NOTIFICATION",
		Short:   "Change of which builds mail is sent",
		Long:    "Change a wish for mail, by its number in `kura notification list`. What is not named\nstays as it is.",
		Example: "  kura notification edit 12 --tag f44-updates\n  kura notification edit 12 --any-package --success-only",
		Args:    want(1, 1, "the number of a notification"),
	}
	f := c.Flags()
	f.StringVar(&s.pkg, "package", "", "builds of this package")
	f.StringVar(&s.tag, "tag", "", "builds that come into this tag")
	f.BoolVar(&anyPkg, "any-package", false, "builds of all packages")
	f.BoolVar(&anyTag, "any-tag", false, "builds in all tags")
	f.BoolVar(&successOnly, "success-only", false, "not of builds that failed")
	f.BoolVar(&noSuccessOnly, "no-success-only", false, "of those too")
	c.MarkFlagsMutuallyExclusive("package", "any-package")
	c.MarkFlagsMutuallyExclusive("tag", "any-tag")
	c.MarkFlagsMutuallyExclusive("success-only", "no-success-only")
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := notificationIDs(args)
		if err != nil {
			return err
		}
		if s == (mailSubject{}) && !anyPkg && !anyTag && !successOnly && !noSuccessOnly {
			return usagef("what of notification %s should change? see \"kura notification edit --help\"", args[0])
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "getBuildNotification", ids[0])
		if err != nil {
			return err
		}
		old := client.AsMap(v)
		if old == nil {
			return kura.Errorf("cli.notification", kura.NotFound, "there is no notification %d: see \"kura notification list\"", ids[0])
		}
		pkg, tag, err := s.ids(ctx, h)
		if err != nil {
			return err
		}
		if pkg == nil && !anyPkg {
			pkg = old["package_id"]
		}
		if tag == nil && !anyTag {
			tag = old["tag_id"]
		}
		only := successOnly || old.Bool("success_only") && !noSuccessOnly
		if v, err = h.Call(ctx, "updateNotification", ids[0], pkg, tag, only); err != nil {
			return about("notification "+args[0], err)
		}
		return a.done("changed notification "+args[0], v)
	}).cobra()
	return c
}

func newNotificationDrop(a *app, use, short, said, method string) *cobra.Command {
	what := "NOTIFICATION"
	if use == "unblock" {
		what = "BLOCK"
	}
	c := &cobra.Command{
		Use:     use + " " + what + "...",
		Short:   short,
		Long:    short + ".\n`kura notification list` shows the numbers.",
		Example: "  kura notification " + use + " 12",
		Args:    want(1, -1, "a number from the list"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids, err := notificationIDs(args)
		if err != nil {
			return err
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := h.Call(ctx, method, id); err != nil {
				return err
			}
		}
		return a.done(said+" "+strings.Join(args, ", "), args)
	}).cobra()
	return c
}

func notificationIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id <= 0 {
			return nil, usagef("%q is no number of a notification: see \"kura notification list\"", arg)
		}
		ids[i] = id
	}
	return ids, nil
}
