package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
)

func newVersion(a *app) *cobra.Command {
	var only bool
	c := &cobra.Command{
		Use:     "version",
		Short:   "Show the version of this program and of the hub",
		Long:    "Show the version of this program and, if one is configured, of the hub's interface.",
		Example: "  kura version\n  kura version --client",
		Args:    want(0, 0, "nothing"),
	}
	c.Flags().BoolVar(&only, "client", false, "do not ask the hub")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		answer := map[string]any{"kura": kura.Version}
		h, err := a.hub()
		if !only && err == nil {
			v, err := h.Call(ctx, "getKojiVersion")
			if err != nil {
				return err
			}
			answer["hub"], answer["server"] = v, h.Profile().Server
		}
		return a.show(answer, func(t *table) {
			t.field("kura", kura.Version)
			if v, ok := answer["hub"].(string); ok {
				t.field("hub", v+" at "+h.Profile().Server)
			}
		})
	}).cobra()
	return c
}
