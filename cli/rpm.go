package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newRPM(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "rpm RPM",
		Short:   "Show a package file: its build, size, hash and signatures",
		Long:    "Show a package file by name-version-release.arch or number.",
		Example: "  kura rpm bash-5.3-1.x86_64",
		Args:    want(1, 1, "a package, by name-version-release.arch or number"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		r, err := h.RPM(ctx, strings.TrimSuffix(args[0], ".rpm"))
		if err != nil {
			return err
		}
		answer := map[string]any{"rpm": r.Fields}
		var b client.Build
		if r.Build != 0 {
			v, err := h.Call(ctx, "getBuild", r.Build)
			if err != nil {
				return err
			}
			b = client.BuildOf(client.AsMap(v))
			answer["build"] = b.Fields
		}
		signed, err := signatures(ctx, h, []client.Map{r.Fields})
		if err != nil {
			return err
		}
		keys := signed[r.Fields.Str("id")]
		answer["signatures"] = keys
		return a.show(answer, func(t *table) {
			t.field("rpm", r.File())
			t.field("id", r.ID)
			t.field("epoch", r.Epoch)
			if b.ID != 0 {
				t.field("build", b.NVR)
			}
			t.field("external repo", strings.TrimPrefix(r.External, "INTERNAL"))
			t.field("size", bytesText(r.Size))
			t.field("built", a.when(r.BuildTime))
			t.field("payload hash", r.PayloadHash)
			t.field("signed by", strings.Join(keys, " "))
			t.field("url", rpmURL(h, &b, &r))
		})
	}).cobra()
	return c
}

// rpmURL is where the file is to be had; empty if that is not known, as of
// packages from elsewhere.
func rpmURL(h *client.Hub, b *client.Build, r *client.RPM) string {
	dir, err := b.Dir()
	if err != nil || h.Profile().TopURL == "" {
		return ""
	}
	path, err := r.Path("")
	if err != nil {
		return ""
	}
	u, err := h.FileURL(dir + "/" + path)
	if err != nil {
		return ""
	}
	return u.String()
}
