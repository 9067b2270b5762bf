package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "show BUILD",
		Aliases: []string{"build-info"},
		Short:   "Show a build with its packages and tags",
		Long:    "Show a build: where it comes from, in which tags it is, its packages and who has\nsigned them.",
		Example: "  kura show bash-5.3-1\n  kura show 1234 --json",
		Args:    want(1, 1, "a build, by name-version-release or number"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		b, err := h.Build(ctx, args[0])
		if err != nil {
			return err
		}
		out, err := h.Multi(ctx, client.Do("listTags", b.ID), client.Do("listRPMs", b.ID),
			client.Do("listArchives", b.ID))
		if err != nil {
			return err
		}
		for _, o := range out[:2] { // hubs may have no archives at all
			if o.Err != nil {
				return o.Err
			}
		}
		tags, rpms, archives := client.AsMaps(out[0].Value), client.AsMaps(out[1].Value), client.AsMaps(out[2].Value)
		signed, err := signatures(ctx, h, rpms)
		if err != nil {
			return err
		}
		answer := map[string]any{"build": b.Fields, "tags": tags, "rpms": rpms, "archives": archives, "signatures": signed}
		return a.show(answer, func(t *table) { a.buildText(t, &b, tags, rpms, archives, signed) })
	}).cobra()
	return c
}

// signatures gives the keys that each package is signed with, by its number.
func signatures(ctx context.Context, h *client.Hub, rpms []client.Map) (map[string][]string, error) {
	calls := make([]client.Invocation, len(rpms))
	for i, m := range rpms {
		calls[i] = client.Do("queryRPMSigs", m.Int("id"))
	}
	out, err := h.Multi(ctx, calls...)
	if err != nil {
		return nil, err
	}
	keys := map[string][]string{}
	for i, o := range out {
		for _, s := range client.AsMaps(o.Value) {
			if key := s.Str("sigkey"); key != "" {
				id := rpms[i].Str("id")
				keys[id] = append(keys[id], key)
			}
		}
	}
	return keys, nil
}

func (a *app) buildText(t *table, b *client.Build, tags, rpms, archives []client.Map, signed map[string][]string) {
	t.field("build", b.NVR)
	t.field("id", b.ID)
	t.field("state", buildTint(b.State))
	t.field("owner", b.OwnerName)
	t.field("task", number(b.Task))
	t.field("source", b.Source)
	t.field("started", a.when(b.Started))
	t.field("ended", a.when(b.Completed))
	if !b.Started.IsZero() && !b.Completed.IsZero() {
		t.field("took", span(b.Completed.Sub(b.Started)))
	}
	var names []string
	for _, m := range tags {
		names = append(names, m.Str("name"))
	}
	t.field("tags", strings.Join(names, " "))
	if len(rpms) > 0 {
		t.line("")
		t.row("RPM", "SIZE", "SIGNED BY")
		for _, m := range rpms {
			r := client.RPMOf(m)
			t.row(r.File(), bytesText(r.Size), strings.Join(signed[m.Str("id")], " "))
		}
	}
	if len(archives) > 0 {
		t.line("")
		t.row("FILE", "SIZE", "TYPE")
		for _, m := range archives {
			t.row(m.Str("filename"), bytesText(m.Int("size")), m.Str("btype"))
		}
	}
}

// number leaves out what is not there.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
