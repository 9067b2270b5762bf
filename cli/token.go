package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newToken(a *app) *cobra.Command {
	return group("token", "Make tokens, by which programs log in", newTokenCreate(a), newTokenList(a), newTokenRevoke(a))
}

func newTokenCreate(a *app) *cobra.Command {
	var scopes []string
	var days int
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token",
		Long: "Make a token, by which a program logs in as you. It may do what every user may, and\n" +
			"with the permissions that you give it as scopes also what those are for, as long as\n" +
			"you have them. The token is shown once: put it into a file, and name that in a\n" +
			"profile as token_file, or give it in KURA_TOKEN. With --quiet nothing else is printed.",
		Example: "  kura token create nightly --scope tag --days 90\n  kura token create ci --quiet > ~/.koji/token",
		Args:    want(1, 1, "a name that says what it is for"),
	}
	c.Flags().StringArrayVar(&scopes, "scope", nil, "a permission that it may use; * is all you have (can be given again)")
	c.Flags().IntVar(&days, "days", 0, "how long it is good; without it, until it is revoked")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		if len(scopes) > 0 {
			kw["scopes"] = anys(scopes)
		}
		if c.Flags().Changed("days") {
			if days <= 0 {
				return usagef("--days %d: a token must be good for a day at least", days)
			}
			kw["days"] = days
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "kura.createToken", args[0], kw)
		if err != nil {
			return err
		}
		m := client.AsMap(v)
		if a.quiet && !a.json {
			_, err := fmt.Fprintln(a.Out, clean(m.Str("token")))
			return err
		}
		return a.show(v, func(t *table) {
			t.line("made token %d, %s. It is shown only now:", m.Int("id"), m.Str("name"))
			t.line("")
			t.line("%s", m.Str("token"))
			t.line("")
			t.field("scopes", scopeNames(m))
			t.field("expires", a.expires(m))
		})
	}).cobra()
	return c
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func scopeNames(m client.Map) string {
	if names := m.Strs("scopes"); len(names) > 0 {
		return strings.Join(names, " ")
	}
	return "none"
}

func (a *app) expires(m client.Map) string {
	if s := a.when(m.Time("expires")); s != "" {
		return s
	}
	return "never"
}

func newTokenList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List your tokens",
		Long:    "List your tokens that were not revoked. The tokens themselves are not kept.",
		Example: "  kura token list",
		Args:    want(0, 0, "nothing"),
	}
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "kura.listTokens")
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no tokens: make one with `kura token create NAME`")
				return
			}
			t.head("ID", "NAME", "SCOPES", "CREATED", "EXPIRES")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("name"), scopeNames(m), a.when(m.Time("created")), a.expires(m))
			}
		})
	}).cobra()
	return c
}

func newTokenRevoke(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "revoke ID...",
		Short:   "End tokens",
		Long:    "End tokens of yours at once. An administrator can end anybody's.",
		Example: "  kura token revoke 12",
		Args:    want(1, -1, "the number of a token"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		ids := make([]int64, len(args))
		for i, arg := range args {
			id, err := strconv.ParseInt(arg, 10, 64)
			if err != nil || id <= 0 {
				return usagef("%q is no number of a token: see `kura token list`", arg)
			}
			ids[i] = id
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := h.Call(ctx, "kura.revokeToken", id); err != nil {
				return err
			}
		}
		return a.done("revoked "+strings.Join(args, ", "), ids)
	}).cobra()
	return c
}
