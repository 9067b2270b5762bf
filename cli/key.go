package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newKey(a *app) *cobra.Command {
	return group("key", "Look at signing keys and make them", newKeyList(a), newKeyShow(a), newKeyCreate(a))
}

func newKeyList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List signing keys",
		Long:    "List the signing keys that the hub's signer holds.",
		Example: "  kura key list",
		Args:    want(0, 0, "nothing"),
	}
	c.RunE = run(func(ctx context.Context, _ []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "kura.listKeys")
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no keys: make one with `kura key create NAME`")
				return
			}
			t.head("NAME", "ID", "KIND", "CREATED")
			for _, m := range list {
				t.row(m.Str("name"), m.Str("keyid"), m.Str("kind"), a.created(m))
			}
		})
	}).cobra()
	return c
}

// created reads the time of making, which is a text or seconds.
func (a *app) created(m client.Map) string {
	if s, ok := m["created"].(string); ok {
		return s
	}
	return a.when(m.Time("created"))
}

func newKeyShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "show KEY",
		Short:   "Print a key's public part",
		Long:    "Print the public part of a signing key, as users import it.",
		Example: "  kura key show release > RPM-GPG-KEY-release",
		Args:    want(1, 1, "a key"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "kura.listKeys")
		if err != nil {
			return err
		}
		k := findKey(list, args[0])
		if k == nil {
			return kura.Errorf("cli.key", kura.NotFound, "there is no key %s: see `kura key list`", args[0])
		}
		if a.json {
			return a.writeJSON(k)
		}
		_, err = a.Out.Write([]byte(cleanLog([]byte(k.Str("public")))))
		return err
	}).cobra()
	return c
}

func newKeyCreate(a *app) *cobra.Command {
	var kind, userID, email string
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a signing key in the hub's signer",
		Long:    "Make a signing key in the hub's signer. The secret part never leaves it.",
		Example: "  kura key create release --user-id 'Example Linux' --email keys@example.org",
		Args:    want(1, 1, "a name"),
	}
	c.Flags().StringVar(&kind, "kind", "rsa4096", "the kind of key")
	c.Flags().StringVar(&userID, "user-id", "", "whose key it is; without it, the name")
	c.Flags().StringVar(&email, "email", "", "whose address")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if userID == "" {
			userID = args[0]
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		v, err := h.Call(ctx, "kura.createKey", args[0], kind, userID, email)
		if err != nil {
			return err
		}
		k := client.AsMap(v)
		return a.show(v, func(t *table) {
			t.line("made key %s with id %s; print its public part with: kura key show %s", k.Str("name"), k.Str("keyid"), k.Str("name"))
		})
	}).cobra()
	return c
}
