package cli

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newRegen(a *app) *cobra.Command {
	var nowait bool
	var target bool
	c := &cobra.Command{
		Use:   "regen TAG",
		Short: "Make a repository of a tag as it is now",
		Long: "Make a repository of a tag as it is now, and wait for it. If there is one already,\n" +
			"that is what you get.",
		Example: "  kura regen f43-build\n  kura regen --target f43",
		Args:    want(1, 1, "a tag"),
	}
	c.Flags().BoolVar(&nowait, "nowait", false, "do not wait for the repository")
	c.Flags().BoolVar(&target, "target", false, "TAG is a target: take the tag that it is built with")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		tag := args[0]
		if target {
			m, err := h.Target(ctx, tag)
			if err != nil {
				return err
			}
			tag = m.Str("build_tag_name")
		}
		return a.regen(ctx, h, tag, client.Keywords{"min_event": "last"}, nowait)
	}).cobra()
	return c
}

// regen asks for a repository and waits for it; the wish is what repo.request
// takes.
func (a *app) regen(ctx context.Context, h *client.Hub, tag string, wish client.Keywords, nowait bool) error {
	v, err := h.Call(ctx, "repo.request", client.Ref(tag), wish)
	if err != nil && strings.Contains(err.Error(), "Invalid method") { // hubs before 1.34
		id, err := h.Int(ctx, "newRepo", client.Ref(tag), oldWish(wish))
		if err != nil {
			return err
		}
		return a.started(ctx, h, id, nowait)
	}
	told := int64(0)
	for err == nil {
		m := client.AsMap(v)
		if repo := m.Map("repo"); repo != nil {
			return a.show(repo, func(t *table) { t.line("repository %d of %s is ready", repo.Int("id"), tag) })
		}
		req := m.Map("request")
		if nowait {
			return a.show(req, func(t *table) { t.line("request %d for a repository of %s is under way", req.Int("id"), tag) })
		}
		if req == nil || req["active"] == false {
			return kura.Errorf("cli.regen", kura.Other, "the hub gave up making a repository of %s", tag)
		}
		if task := m.Map("task").Int("id"); task != 0 && task != told && !a.json && !a.quiet {
			told = task
			fmt.Fprintf(a.Out, "task %d makes it\n", task)
		}
		if err := a.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
		v, err = h.Call(ctx, "repo.checkRequest", req.Int("id"))
	}
	return err
}

// oldWish is what newRepo calls the parts of a wish that it can meet.
func oldWish(wish client.Keywords) client.Keywords {
	old := client.Keywords{}
	if event, ok := wish["at_event"]; ok {
		old["event"] = event
	}
	opts, _ := wish["opts"].(map[string]any)
	maps.Copy(old, opts)
	return old
}
