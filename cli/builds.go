package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newBuilds(a *app) *cobra.Command {
	var pkg, user, prefix, pattern, state, since string
	var task, limit int64
	var mine bool
	c := &cobra.Command{
		Use:     "builds",
		Short:   "List builds",
		Long:    "List builds, the newest first.",
		Example: "  kura builds --package bash\n  kura builds --mine --state failed\n  kura builds --pattern 'kernel-6*' --since 168h",
		Args:    want(0, 0, "nothing"),
	}
	f := c.Flags()
	f.StringVar(&pkg, "package", "", "only of this package")
	f.StringVar(&user, "user", "", "only this user's")
	f.BoolVar(&mine, "mine", false, "only my own")
	f.StringVar(&prefix, "prefix", "", "only of packages whose name begins so")
	f.StringVar(&pattern, "pattern", "", "only whose name-version-release is like this (*, ?)")
	f.StringVar(&state, "state", "", "only in this state: building, complete, deleted, failed, canceled")
	f.Int64Var(&task, "task", 0, "only what this task has built")
	f.StringVar(&since, "since", "", "only those ended since: a time, or how long ago (24h)")
	f.Int64VarP(&limit, "limit", "n", 50, "at most so many")
	c.RunE = run(func(ctx context.Context, _ []string) error {
		kw := client.Keywords{"queryOpts": map[string]any{"order": "-build_id", "limit": limit}}
		if state != "" {
			s, ok := client.ParseBuildState(state)
			if !ok {
				return usagef("%q is no state: use building, complete, deleted, failed or canceled", state)
			}
			kw["state"] = int64(s)
		}
		if since != "" {
			t, err := a.instant(since)
			if err != nil {
				return err
			}
			kw["completeAfter"] = float64(t.UnixMicro()) / 1e6
		}
		for key, value := range map[string]string{"prefix": prefix, "pattern": pattern} {
			if value != "" {
				kw[key] = value
			}
		}
		if task != 0 {
			kw["taskID"] = task
		}
		h, err := a.hub()
		if err == nil && mine {
			err = a.login(ctx, h)
		}
		if err != nil {
			return err
		}
		if mine || user != "" {
			if mine {
				user = ""
			}
			u, err := h.User(ctx, user)
			if err != nil {
				return err
			}
			kw["userID"] = u.Int("id")
		}
		if pkg != "" {
			id, err := h.Int(ctx, "getPackageID", pkg)
			if err != nil {
				return err
			}
			if id == 0 {
				return kura.Errorf("cli.builds", kura.NotFound, "there is no package %s", pkg)
			}
			kw["packageID"] = id
		}
		list, err := h.Maps(ctx, "listBuilds", kw)
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) { a.buildTable(t, list) })
	}).cobra()
	return c
}

func (a *app) buildTable(t *table, list []client.Map) {
	if len(list) == 0 {
		t.line("no builds")
		return
	}
	t.head("ID", "BUILD", "STATE", "OWNER", "ENDED")
	for _, m := range list {
		b := client.BuildOf(m)
		t.row(b.ID, b.NVR, buildTint(b.State), b.OwnerName, a.when(b.Completed))
	}
}
