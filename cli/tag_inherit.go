package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newTagInherit(a *app) *cobra.Command {
	var add, remove, filter string
	var priority, maxDepth int64
	var intransitive, noConfig, reverse bool
	c := &cobra.Command{
		Use:   "inherit TAG",
		Short: "Show what a tag inherits, or change it",
		Long: "Show the tags that a tag inherits from, as a tree. With --add or --remove the tag's\n" +
			"own parents are changed. Of two parents the one with the lower priority goes first.",
		Example: "  kura tag inherit f43-build\n  kura tag inherit f43-build --add f43 --priority 10\n  kura tag inherit f43-build --remove f42",
		Args:    want(1, 1, "a tag"),
	}
	f := c.Flags()
	f.StringVar(&add, "add", "", "inherit from this tag, or change how")
	f.StringVar(&remove, "remove", "", "no longer inherit from this tag")
	f.Int64Var(&priority, "priority", -1, "the parent's priority; without it, after the others")
	f.Int64Var(&maxDepth, "max-depth", -1, "go up so many tags beyond the parent")
	f.StringVar(&filter, "package-filter", "", "inherit only packages that match this expression")
	f.BoolVar(&intransitive, "intransitive", false, "do not pass it on to heirs of the tag")
	f.BoolVar(&noConfig, "no-config", false, "inherit builds, not settings")
	f.BoolVar(&reverse, "reverse", false, "show the heirs instead")
	c.MarkFlagsMutuallyExclusive("add", "remove", "reverse")
	c.RunE = run(func(ctx context.Context, args []string) error {
		if add == "" && remove == "" {
			return a.showInheritance(ctx, args[0], reverse)
		}
		link := client.Map{"priority": priority, "maxdepth": nil, "intransitive": intransitive, "noconfig": noConfig, "pkg_filter": filter}
		if maxDepth >= 0 {
			link["maxdepth"] = maxDepth
		}
		return a.changeInheritance(ctx, args[0], add, remove, link)
	}).cobra()
	return c
}

func (a *app) showInheritance(ctx context.Context, tag string, reverse bool) error {
	h, err := a.hub()
	if err != nil {
		return err
	}
	t, err := h.Tag(ctx, tag)
	if err != nil {
		return err
	}
	list, err := h.Maps(ctx, "getFullInheritance", t.ID, client.Keywords{"reverse": reverse})
	if err != nil {
		return err
	}
	return a.show(list, func(out *table) {
		out.line("%s", t.Name)
		for i, m := range list {
			out.rows = append(out.rows, []any{clean(inheritBranch(list, i) + m.Str("name") + linkFlags(m))})
		}
	})
}

// inheritBranch draws the lines that lead to a tag of the tree, which is
// given by depths.
func inheritBranch(list []client.Map, i int) string {
	depth := func(j int) int64 { return list[j].Int("currdepth") }
	more := func(level int64) bool { // does another tag of that level follow below the same parent?
		for j := i + 1; j < len(list); j++ {
			if depth(j) == level {
				return true
			}
			if depth(j) < level {
				return false
			}
		}
		return false
	}
	var b strings.Builder
	for level := int64(1); level < depth(i) && level < 100; level++ {
		if more(level) {
			b.WriteString("│ ")
		} else {
			b.WriteString("  ")
		}
	}
	if more(depth(i)) {
		return b.String() + "├ "
	}
	return b.String() + "└ "
}

func linkFlags(m client.Map) string {
	var flags []string
	if m["maxdepth"] != nil {
		flags = append(flags, fmt.Sprintf("max depth %d", m.Int("maxdepth")))
	}
	if m.Bool("intransitive") {
		flags = append(flags, "intransitive")
	}
	if m.Bool("noconfig") {
		flags = append(flags, "no config")
	}
	if f := m.Str("pkg_filter"); f != "" {
		flags = append(flags, "packages "+f)
	}
	if len(flags) == 0 {
		return ""
	}
	return " [" + strings.Join(flags, ", ") + "]"
}

func (a *app) changeInheritance(ctx context.Context, child, add, remove string, link client.Map) error {
	h, err := a.session(ctx)
	if err != nil {
		return err
	}
	tag, err := h.Tag(ctx, child)
	if err != nil {
		return err
	}
	parent, err := h.Tag(ctx, add+remove)
	if err != nil {
		return err
	}
	links, err := h.Maps(ctx, "getInheritanceData", tag.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(links, func(m client.Map) bool { return m.Int("parent_id") == parent.ID })
	if remove != "" {
		if i < 0 {
			return kura.Errorf("cli.inherit", kura.NotFound, "tag %s does not inherit from %s", tag.Name, parent.Name)
		}
		links[i]["delete link"] = true
		_, err := h.Call(ctx, "setInheritanceData", tag.ID, plainMaps(links))
		if err != nil {
			return err
		}
		return a.done(fmt.Sprintf("tag %s no longer inherits from %s", tag.Name, parent.Name), nil)
	}
	link["parent_id"] = parent.ID
	if link.Int("priority") < 0 {
		link["priority"] = freePriority(links, i)
	}
	if i >= 0 {
		links[i] = link
	} else {
		links = append(links, link)
	}
	if _, err := h.Call(ctx, "setInheritanceData", tag.ID, plainMaps(links)); err != nil {
		return err
	}
	return a.done(fmt.Sprintf("tag %s inherits from %s", tag.Name, parent.Name), nil)
}

// freePriority is the one that the link has, or one after all others.
func freePriority(links []client.Map, i int) int64 {
	if i >= 0 {
		return links[i].Int("priority")
	}
	var last int64 = -10
	for _, m := range links {
		last = max(last, m.Int("priority"))
	}
	return last + 10
}

func plainMaps(list []client.Map) []any {
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = map[string]any(m)
	}
	return out
}
