package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newUser(a *app) *cobra.Command {
	permission := func(use, short, done, method string) *cobra.Command {
		c := &cobra.Command{
			Use:     use + " PERMISSION USER...",
			Short:   short,
			Long:    short + ".",
			Example: "  kura user " + use + " tag ann",
			Args:    want(2, -1, "a permission and a user"),
		}
		c.RunE = run(func(ctx context.Context, args []string) error {
			h, err := a.session(ctx)
			if err != nil {
				return err
			}
			for _, user := range args[1:] {
				if _, err := h.Call(ctx, method, user, args[0]); err != nil {
					return err
				}
			}
			return a.done(done+" "+args[0]+": "+strings.Join(args[1:], ", "), args[1:])
		}).cobra()
		return c
	}
	return group("user", "Look at users and what they may do",
		newUserList(a), newUserInfo(a), newUserAdd(a), newUserPassword(a),
		permission("grant", "Give users a permission", "granted", "grantPermission"),
		permission("revoke", "Take a permission from users", "revoked", "revokePermission"))
}

func newUserList(a *app) *cobra.Command {
	var prefix, perm string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List users",
		Long:    "List users, or those with a permission.",
		Example: "  kura user list --perm admin",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().StringVar(&prefix, "prefix", "", "only whose name begins so")
	c.Flags().StringVar(&perm, "perm", "", "only who has this permission")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{}
		if prefix != "" {
			kw["prefix"] = prefix
		}
		if perm != "" {
			kw["perm"], kw["inherited_perm"] = perm, true
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "listUsers", kw)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b client.Map) int { return strings.Compare(a.Str("name"), b.Str("name")) })
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no users")
				return
			}
			t.head("ID", "USER", "")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("name"), userNote(m))
			}
		})
	}).cobra()
	return c
}

func userNote(m client.Map) string {
	if m.Int("status") != 0 {
		return "blocked"
	}
	return ""
}

func newUserInfo(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "info USER",
		Short:   "Show a user and what they may do",
		Long:    "Show a user with their permissions.",
		Example: "  kura user info ann",
		Args:    want(1, 1, "a user"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		u, err := h.User(ctx, args[0])
		if err != nil {
			return err
		}
		perms, err := h.Call(ctx, "getUserPerms", u.Int("id"))
		if err != nil {
			return err
		}
		return a.show(map[string]any{"user": u, "permissions": perms}, func(t *table) {
			t.field("user", u.Str("name"))
			t.field("id", u.Int("id"))
			t.field("state", userNote(u))
			t.field("principals", strings.Join(u.Strs("krb_principals"), " "))
			t.field("permissions", strings.Join(client.Map{"p": perms}.Strs("p"), " "))
		})
	}).cobra()
	return c
}

func newUserAdd(a *app) *cobra.Command {
	var principal string
	c := &cobra.Command{
		Use:     "add USER",
		Short:   "Make a user known",
		Long:    "Make a user known. They log in with a certificate, or with a password:\nsee `kura user password`.",
		Example: "  kura user add ann",
		Args:    want(1, 1, "a name"),
	}
	c.Flags().StringVar(&principal, "principal", "", "their Kerberos principal")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if principal != "" {
			kw["krb_principal"] = principal
		}
		return a.act(ctx, "added user "+args[0], "createUser", args[0], kw)
	}).cobra()
	return c
}
