package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newRepo(a *app) *cobra.Command {
	return group("repo", "Look at the repositories of tags and ask for them",
		newRepoList(a), newRepoShow(a), newRepoRequest(a), newRepoQueue(a))
}

// repoStates are Koji's, by number.
var repoStates = []string{"init", "ready", "expired", "deleted", "problem"}

func repoTint(m client.Map) tint {
	n := m.Int("state")
	if n < 0 || n >= int64(len(repoStates)) {
		return tint{"unknown", gray}
	}
	return tint{repoStates[n], []shade{cyan, green, gray, gray, red}[n]}
}

// repoKind tells what builds use from what users get.
func repoKind(m client.Map) string {
	if m.Bool("dist") {
		return "for users"
	}
	return "for builds"
}

func newRepoList(a *app) *cobra.Command {
	var states []string
	var dist bool
	c := &cobra.Command{
		Use:     "list [TAG]",
		Short:   "List repositories",
		Long:    "List the repositories that have not been deleted, the newest first: all, or those\nof a tag.",
		Example: "  kura repo list f43-build\n  kura repo list --dist --state ready",
		Args:    want(0, 1, "a tag"),
	}
	c.Flags().StringSliceVar(&states, "state", nil, "only in these states: init, ready, expired, problem")
	c.Flags().BoolVar(&dist, "dist", false, "only those for users, which kura dist-repo makes")
	c.RunE = run(func(ctx context.Context, args []string) error {
		for _, s := range states {
			if !slices.Contains(repoStates, s) || s == "deleted" {
				return usagef("%q is no state of a repository that is there: use init, ready, expired or problem", s)
			}
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		var tag client.Tag
		if len(args) > 0 {
			if tag, err = h.Tag(ctx, args[0]); err != nil {
				return err
			}
		}
		list, err := h.Maps(ctx, "getActiveRepos")
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(m client.Map) bool {
			return tag.ID != 0 && m.Str("tag_name") != tag.Name || dist && !m.Bool("dist") ||
				len(states) > 0 && !slices.Contains(states, repoTint(m).text)
		})
		slices.SortFunc(list, func(x, y client.Map) int { return cmp.Compare(y.Int("id"), x.Int("id")) })
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no repositories")
				return
			}
			t.head("ID", "TAG", "STATE", "KIND", "EVENT", "OF", "TASK")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("tag_name"), repoTint(m), repoKind(m), m.Int("create_event"), a.when(m.Time("create_ts")), number(m.Int("task_id")))
			}
		})
	}).cobra()
	return c
}

func newRepoShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "show REPOSITORY",
		Aliases: []string{"info"},
		Short:   "Show a repository",
		Long:    "Show a repository, by its number: of which tag and of what time it is, what made it,\nand where it is.",
		Example: "  kura repo show 1234",
		Args:    want(1, 1, "the number of a repository"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id <= 0 {
			return usagef("%q is no number of a repository: see \"kura repo list\"", args[0])
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		m, err := h.Repo(ctx, id)
		if err != nil {
			return err
		}
		return a.show(m, func(t *table) { a.repoText(t, h, m) })
	}).cobra()
	return c
}

func (a *app) repoText(t *table, h *client.Hub, m client.Map) {
	t.field("repository", m.Int("id"))
	t.field("tag", m.Str("tag_name"))
	t.field("state", repoTint(m))
	t.field("kind", repoKind(m))
	t.field("tag's event", fmt.Sprintf("%d of %s", m.Int("create_event"), a.when(m.Time("create_ts"))))
	if end := m.Int("end_event"); end != 0 {
		t.field("tag changed at", strings.TrimSuffix(fmt.Sprintf("%d of %s", end, a.when(m.Time("end_ts"))), " of "))
	}
	t.field("made", a.when(m.Time("creation_ts")))
	t.field("state since", a.when(m.Time("state_ts")))
	t.field("task", number(m.Int("task_id")))
	var with []string
	for name, v := range m.Map("opts") {
		if v == true {
			with = append(with, name)
		}
	}
	slices.Sort(with)
	t.field("with", strings.Join(with, " "))
	if top := h.Profile().TopURL; top != "" && repoTint(m).text != "deleted" {
		dir := "repos"
		if m.Bool("dist") {
			dir = "repos-dist"
		}
		t.field("address", fmt.Sprintf("%s/%s/%s/%d", top, dir, m.Str("tag_name"), m.Int("id")))
	}
}

func newRepoRequest(a *app) *cobra.Command {
	var nowait, force, src, debuginfo bool
	var event, since, priority int64
	c := &cobra.Command{
		Use:   "request TAG",
		Short: "Ask for a repository of a tag, also of an earlier time",
		Long: "Ask for a repository of a tag as it is now, or as it was at an event, and wait for\n" +
			"it. If there is one already, that is what you get.",
		Example: "  kura repo request f43-build\n  kura repo request f43-build --event 12345 --debuginfo --nowait",
		Args:    want(1, 1, "a tag"),
	}
	f := c.Flags()
	f.Int64Var(&event, "event", 0, "of the tag as it was at this event")
	f.Int64Var(&since, "min-event", 0, "of the tag as it was at this event or later")
	f.BoolVar(&src, "src", false, "with source packages in it")
	f.BoolVar(&debuginfo, "debuginfo", false, "with debuginfo packages in it")
	f.BoolVar(&force, "force", false, "make a new one, also where there is one")
	f.Int64Var(&priority, "priority", 0, "so much later than others, or sooner if below 0 and you may")
	f.BoolVar(&nowait, "nowait", false, "do not wait for the repository")
	c.MarkFlagsMutuallyExclusive("event", "min-event")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kw := client.Keywords{}
		switch {
		case event != 0:
			kw["at_event"] = event
		case since != 0:
			kw["min_event"] = since
		default:
			kw["min_event"] = "last"
		}
		opts := map[string]any{}
		for name, on := range map[string]bool{"src": src, "debuginfo": debuginfo} {
			if on {
				opts[name] = true
			}
		}
		if len(opts) > 0 {
			kw["opts"] = opts
		}
		if force {
			kw["force"] = true
		}
		if priority != 0 {
			kw["priority"] = priority
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		return a.regen(ctx, h, args[0], kw, nowait)
	}).cobra()
	return c
}

func newRepoQueue(a *app) *cobra.Command {
	var all bool
	var limit int64
	c := &cobra.Command{
		Use:     "queue [TAG]",
		Short:   "List the repositories that are asked for",
		Long:    "List the repositories that are asked for and not there yet, the newest wish first.",
		Example: "  kura repo queue\n  kura repo queue f43-build --all",
		Args:    want(0, 1, "a tag"),
	}
	c.Flags().BoolVarP(&all, "all", "a", false, "also wishes that were met or given up")
	c.Flags().Int64VarP(&limit, "limit", "n", 50, "at most so many")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		clauses := []any{}
		if !all {
			clauses = append(clauses, []any{"active", "IS", true})
		}
		if len(args) > 0 {
			tag, err := h.Tag(ctx, args[0])
			if err != nil {
				return err
			}
			clauses = append(clauses, []any{"tag_id", "=", tag.ID})
		}
		list, err := h.Maps(ctx, "repo.queryQueue", clauses, "**", map[string]any{"order": "-id", "limit": limit})
		if err != nil {
			if client.Code(err) != 0 && strings.Contains(err.Error(), "Invalid method") {
				return kura.Errorf("cli.repo", kura.Other, "this hub has no queue of repositories, it is too old: see \"kura tasks --method newRepo\": %w", err)
			}
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no repository is asked for")
				return
			}
			t.head("ID", "TAG", "OF", "PRIORITY", "WHO", "ASKED", "TASK", "REPOSITORY")
			for _, m := range list {
				t.row(m.Int("id"), m.Str("tag_name"), wishText(m), m.Int("priority"), m.Str("owner_name"), a.when(m.Time("create_ts")),
					number(m.Int("task_id")), number(m.Int("repo_id")))
			}
		})
	}).cobra()
	return c
}

// wishText says which time of a tag a repository is asked for.
func wishText(m client.Map) string {
	if at := m.Int("at_event"); at != 0 {
		return fmt.Sprintf("event %d", at)
	}
	return fmt.Sprintf("since event %d", m.Int("min_event"))
}
