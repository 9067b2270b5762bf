package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newSign(a *app) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:     "sign BUILD... --key NAME",
		Short:   "Sign the packages of builds",
		Long:    "Sign all packages of builds with a key of the hub's signer. What is signed with it\nalready stays as it is.",
		Example: "  kura sign bash-5.3-1 --key release",
		Args:    want(1, -1, "a build"),
	}
	c.Flags().StringVar(&key, "key", "", "the key's name")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if key == "" {
			return usagef("with which key? name it with --key; `kura key list` shows them")
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		answer := map[string]any{}
		for _, name := range args {
			b, err := h.Build(ctx, name)
			if err != nil {
				return err
			}
			v, err := h.Call(ctx, "kura.signBuild", b.ID, key)
			if err != nil {
				return fmt.Errorf("sign %s with %s: %w", b.NVR, key, err)
			}
			signed := client.Map{"rpms": v}.Strs("rpms")
			answer[b.NVR] = signed
			if !a.json && !a.quiet {
				fmt.Fprintf(a.Out, "%s: %d packages signed with %s\n", clean(b.NVR), len(signed), clean(key))
			}
		}
		if a.json {
			return a.writeJSON(answer)
		}
		return nil
	}).cobra()
	return c
}
