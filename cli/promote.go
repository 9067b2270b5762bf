package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newPromote(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "promote BUILD...",
		Short: "Make drafts the builds that they are drafts of",
		Long: "Make drafts, built with `kura build --draft`, the builds that they are drafts of:\n" +
			"they get the release that was asked for. There can be only one such build.",
		Example: "  kura promote bash-5.3-1,draft_1234",
		Args:    want(1, -1, "a draft, by name-version-release or number"),
	}
	c.Flags().BoolVar(&force, "force", false, "even against policies, if you may")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		var drafts []client.Build
		for _, name := range args {
			b, err := h.Build(ctx, name)
			if err != nil {
				return err
			}
			drafts = append(drafts, b)
		}
		made := []client.Map{}
		for _, d := range drafts {
			v, err := h.Call(ctx, "promoteBuild", d.ID, client.Keywords{"force": force})
			if err != nil {
				return about("build "+d.NVR, err)
			}
			b := client.BuildOf(client.AsMap(v))
			made = append(made, b.Fields)
			if !a.json && !a.quiet {
				fmt.Fprintf(a.Out, "promoted %s to %s\n", clean(d.NVR), clean(b.NVR))
			}
		}
		if a.json {
			return a.writeJSON(made)
		}
		return nil
	}).cobra()
	return c
}
