package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newNotification(a *app) *cobra.Command {
	return group("notification", "Say of which builds the hub sends you mail",
		newNotificationList(a), newNotificationAdd(a), newNotificationEdit(a),
		newNotificationDrop(a, "remove", "Send no more mail for these wishes", "removed notification", "deleteNotification"),
		newNotificationBlock(a),
		newNotificationDrop(a, "unblock", "Allow mail again that these blocks keep away", "removed block", "deleteNotificationBlock"))
}

func newNotificationList(a *app) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List of what the hub sends mail, and what is blocked",
		Long:    "List your wishes for mail, and what you have blocked: or another user's.",
		Example: "  kura notification list\n  kura notification list --user ann",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().StringVar(&user, "user", "", "this user's")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.hub()
		if err == nil && user == "" {
			err = a.login(ctx, h)
		}
		if err != nil {
			return err
		}
		u, err := h.User(ctx, user)
		if err != nil {
			return err
		}
		wishes, err := h.Maps(ctx, "getBuildNotifications", u.Int("id"))
		if err != nil {
			return err
		}
		blocks, err := h.Maps(ctx, "getBuildNotificationBlocks", u.Int("id"))
		if err != nil {
			return err
		}
		name, err := subjectNames(ctx, h, append(wishes[:len(wishes):len(wishes)], blocks...))
		if err != nil {
			return err
		}
		return a.show(map[string]any{"notifications": wishes, "blocks": blocks}, func(t *table) {
			if len(wishes) == 0 && len(blocks) == 0 {
				t.line("no notifications")
				return
			}
			if len(wishes) > 0 {
				t.head("ID", "TAG", "PACKAGE", "OF", "MAIL TO")
			}
			for _, m := range wishes {
				of := "all builds"
				if m.Bool("success_only") {
					of = "good builds"
				}
				t.row(m.Int("id"), name("tag", m), name("package", m), of, m.Str("email"))
			}
			if len(blocks) > 0 {
				t.line("")
				t.head("BLOCK", "TAG", "PACKAGE")
			}
			for _, m := range blocks {
				t.row(m.Int("id"), name("tag", m), name("package", m))
			}
		})
	}).cobra()
	return c
}

// subjectNames finds the names of the tags and packages that notifications
// give the numbers of. None is any.
func subjectNames(ctx context.Context, h *client.Hub, list []client.Map) (func(what string, m client.Map) string, error) {
	var calls []client.Invocation
	var keys []string
	for _, m := range list {
		for what, method := range map[string]string{"tag": "getTag", "package": "getPackage"} {
			if id := m.Int(what + "_id"); id != 0 {
				calls, keys = append(calls, client.Do(method, id)), append(keys, fmt.Sprint(what, id))
			}
		}
	}
	out, err := h.Multi(ctx, calls...)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i, o := range out {
		if m := client.AsMap(o.Value); m != nil {
			names[keys[i]] = m.Str("name")
		}
	}
	return func(what string, m client.Map) string {
		id := m.Int(what + "_id")
		name := names[fmt.Sprint(what, id)]
		switch {
		case id == 0:
			return "any"
		case name == "":
			return fmt.Sprintf("%d (deleted)", id)
		}
		return name
	}, nil
}

// mailSubject is what a wish or a block is for.
type mailSubject struct {
	pkg, tag, user string
	all            bool
}

func (s *mailSubject) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.pkg, "package", "", "builds of this package")
	f.StringVar(&s.tag, "tag", "", "builds that come into this tag")
	f.BoolVar(&s.all, "all", false, "builds of all packages, in all tags")
	f.StringVar(&s.user, "user", "", "for this user, if you may")
	c.MarkFlagsMutuallyExclusive("all", "package")
	c.MarkFlagsMutuallyExclusive("all", "tag")
}

func (s *mailSubject) String() string {
	parts := []string{"builds"}
	if s.pkg != "" {
		parts = append(parts, "of "+s.pkg)
	}
	if s.tag != "" {
		parts = append(parts, "in "+s.tag)
	}
	if len(parts) == 1 {
		return "all builds"
	}
	return strings.Join(parts, " ")
}

// ids gives the numbers that hubs want for names; nil stands for any.
func (s *mailSubject) ids(ctx context.Context, h *client.Hub) (pkg, tag any, err error) {
	if s.pkg != "" {
		m, err := h.Package(ctx, s.pkg)
		if err != nil {
			return nil, nil, err
		}
		pkg = m.Int("id")
	}
	if s.tag != "" {
		t, err := h.Tag(ctx, s.tag)
		if err != nil {
			return nil, nil, err
		}
		tag = t.ID
	}
	return pkg, tag, nil
}

// call makes a wish or a block with what the flags say.
func (s *mailSubject) call(ctx context.Context, a *app, said, method string, more ...any) error {
	if s.pkg == "" && s.tag == "" && !s.all {
		return usagef("of which builds? --package, --tag or --all says it")
	}
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	u, err := h.User(ctx, s.user)
	if err != nil {
		return err
	}
	pkg, tag, err := s.ids(ctx, h)
	if err != nil {
		return err
	}
	v, err := h.Call(ctx, method, append([]any{u.Int("id"), pkg, tag}, more...)...)
	if err != nil {
		return err
	}
	return a.done(said+" "+s.String()+" to "+u.Str("name"), v)
}

func newNotificationAdd(a *app) *cobra.Command {
	var s mailSubject
	var successOnly bool
	c := &cobra.Command{
		Use:     "add",
		Short:   "Have mail sent of builds",
		Long:    "Have mail sent of builds: of a package, in a tag, or both.",
		Example: "  kura notification add --package bash\n  kura notification add --tag f43-updates --success-only",
		Args:    want(0, 0, "nothing"),
	}
	s.flags(c)
	c.Flags().BoolVar(&successOnly, "success-only", false, "not of builds that failed")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		return s.call(ctx, a, "mail goes out for", "createNotification", successOnly)
	}).cobra()
	return c
}

func newNotificationBlock(a *app) *cobra.Command {
	var s mailSubject
	c := &cobra.Command{
		Use:   "block",
		Short: "Have no mail sent of builds, whatever else asks for it",
		Long: "Have no mail sent of builds of a package, in a tag, or both: also where a wish asks\n" +
			"for it, or the package is yours.",
		Example: "  kura notification block --package kernel --tag rawhide",
		Args:    want(0, 0, "nothing"),
	}
	s.flags(c)
	c.RunE = run(func(ctx context.Context, _ []string) error {
		return s.call(ctx, a, "blocked mail for", "createNotificationBlock")
	}).cobra()
	return c
}
