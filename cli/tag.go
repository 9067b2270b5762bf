package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newTag(a *app) *cobra.Command {
	return group("tag", "Look at tags and change them",
		newTagList(a), newTagInfo(a), newTagCreate(a), newTagEdit(a), newTagDelete(a),
		newTagAdd(a), newTagRemove(a), newTagMove(a), newTagPackages(a), newTagBuilds(a), newTagInherit(a))
}

func newTagList(a *app) *cobra.Command {
	var build, pkg string
	c := &cobra.Command{
		Use:     "list [PATTERN]",
		Short:   "List tags",
		Long:    "List tags: all, those like a pattern, or those of a build or a package.",
		Example: "  kura tag list 'f43*'\n  kura tag list --build bash-5.3-1",
		Args:    want(0, 1, "a pattern"),
	}
	c.Flags().StringVar(&build, "build", "", "only those that hold this build")
	c.Flags().StringVar(&pkg, "package", "", "only those that list this package")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		kw := client.Keywords{}
		if build != "" {
			b, err := h.Build(ctx, build)
			if err != nil {
				return err
			}
			kw["build"] = b.ID
		}
		if pkg != "" {
			kw["package"] = client.Ref(pkg)
		}
		if len(args) > 0 {
			kw["pattern"] = args[0]
		}
		list, err := h.Maps(ctx, "listTags", kw)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b client.Map) int { return strings.Compare(a.Str("name"), b.Str("name")) })
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no tags")
				return
			}
			t.head("TAG", "ARCHES", "PERMISSION", "LOCKED")
			for _, m := range list {
				tag := client.TagOf(m)
				locked := ""
				if tag.Locked {
					locked = "locked"
				}
				t.row(tag.Name, tag.Arches, tag.Perm, locked)
			}
		})
	}).cobra()
	return c
}

func newTagInfo(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "info TAG",
		Short:   "Show a tag's settings, targets, parents and external repositories",
		Long:    "Show a tag: its settings, the targets that use it, its parents, its external\nrepositories and its newest repository.",
		Example: "  kura tag info f43-build",
		Args:    want(1, 1, "a tag"),
	}
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err != nil {
			return err
		}
		tag, err := h.Tag(ctx, args[0])
		if err != nil {
			return err
		}
		out, err := h.Multi(ctx, client.Do("getInheritanceData", tag.ID),
			client.Do("getBuildTargets", client.Keywords{"buildTagID": tag.ID}),
			client.Do("getBuildTargets", client.Keywords{"destTagID": tag.ID}),
			client.Do("getTagExternalRepos", client.Keywords{"tag_info": tag.ID}),
			client.Do("getRepo", tag.ID))
		if err != nil {
			return err
		}
		for _, o := range out[:4] { // a hub without repositories has tags all the same
			if o.Err != nil {
				return o.Err
			}
		}
		answer := map[string]any{"tag": tag.Fields, "inheritance": out[0].Value, "build_targets": out[1].Value,
			"dest_targets": out[2].Value, "external_repos": out[3].Value, "repo": out[4].Value}
		return a.show(answer, func(t *table) { a.tagText(t, &tag, out) })
	}).cobra()
	return c
}

func (a *app) tagText(t *table, tag *client.Tag, out []client.Outcome) {
	t.field("tag", tag.Name)
	t.field("id", tag.ID)
	t.field("arches", tag.Arches)
	t.field("permission", tag.Perm)
	if tag.Locked {
		t.field("locked", true)
	}
	t.field("builds for", names(client.AsMaps(out[1].Value), "name"))
	t.field("takes from", names(client.AsMaps(out[2].Value), "name"))
	if repo := client.AsMap(out[4].Value); repo != nil {
		t.field("repository", fmt.Sprintf("%d of %s", repo.Int("id"), a.when(repo.Time("create_ts"))))
	}
	for _, m := range client.AsMaps(out[0].Value) {
		t.field("parent", fmt.Sprintf("%s (priority %d)%s", m.Str("name"), m.Int("priority"), linkFlags(m)))
	}
	for _, m := range client.AsMaps(out[3].Value) {
		t.field("external repo", fmt.Sprintf("%s %s (priority %d, %s)", m.Str("external_repo_name"), m.Str("url"), m.Int("priority"), m.Str("merge_mode")))
	}
	keys := make([]string, 0, len(tag.Extra))
	for k := range tag.Extra {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.field("extra "+k, fmt.Sprint(tag.Extra[k]))
	}
}

func names(list []client.Map, key string) string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = m.Str(key)
	}
	return strings.Join(out, " ")
}
