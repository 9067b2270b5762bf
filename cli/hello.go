package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newHello(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "hello",
		Aliases: []string{"moshimoshi"},
		Short:   "Log in, and say who you are to the hub",
		Long:    "Log in, and say who you are to the hub and what you may do there. It is the way to\nfind out whether a profile works.",
		Example: "  kura hello\n  kura hello --profile stage",
		Args:    want(0, 0, "nothing"),
	}
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		out, err := h.Multi(ctx, client.Do("getLoggedInUser"), client.Do("getPerms"))
		if err != nil {
			return err
		}
		for _, o := range out {
			if o.Err != nil {
				return o.Err
			}
		}
		user, perms := client.AsMap(out[0].Value), client.Map{"perms": out[1].Value}.Strs("perms")
		p := h.Profile()
		answer := map[string]any{"user": user, "permissions": out[1].Value, "server": p.Server, "profile": p.Name}
		return a.show(answer, func(t *table) {
			t.line("hello, %s!", user.Str("name"))
			t.line("")
			t.field("hub", p.Server)
			t.field("profile", p.Name)
			if len(perms) > 0 {
				t.field("permissions", join(perms, ", "))
			}
		})
	}).cobra()
	return c
}
