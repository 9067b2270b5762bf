package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
)

func newChain(a *app) *cobra.Command {
	var nowait, background bool
	c := &cobra.Command{
		Use:   "chain TARGET SOURCE... : SOURCE...",
		Short: "Build packages that need each other, group by group",
		Long: "Build packages in groups, divided by colons: each group is built with the packages\n" +
			"of those before it, once a repository holds them. Within a group all are built at\n" +
			"the same time.\n\n" +
			"SOURCE is the address of a repository with what to build of it\n" +
			"(git+https://HOST/PATH#BRANCH-OR-COMMIT). A build's name-version-release in the\n" +
			"place of one is not built: the groups after it wait until a repository holds it.",
		Example: "  kura chain f43 git+https://src.example.org/rpms/libfoo#main : \\\n" +
			"    git+https://src.example.org/rpms/foo#main git+https://src.example.org/rpms/bar#main\n" +
			"  kura chain f43 libfoo-2.0-1.fc43 : git+https://src.example.org/rpms/foo#main",
		Args: want(4, -1, "a target, and two groups of sources with a colon between"),
	}
	c.Flags().BoolVar(&nowait, "nowait", false, "do not wait for the builds")
	c.Flags().BoolVar(&background, "background", false, "let others go first")
	c.RunE = run(func(ctx context.Context, args []string) error {
		groups, err := chainGroups(args[1:])
		if err != nil {
			return err
		}
		h, err := a.session(ctx)
		if err != nil {
			return err
		}
		if err := checkChain(ctx, h, args[0], groups); err != nil {
			return err
		}
		var priority any
		if background {
			priority = int64(5)
		}
		srcs := make([]any, len(groups))
		for i, g := range groups {
			srcs[i] = g
		}
		id, err := h.Int(ctx, "chainBuild", srcs, args[0], map[string]any{}, priority)
		if err != nil {
			return err
		}
		return a.started(ctx, h, id, nowait)
	}).cobra()
	return c
}

// chainGroups divides sources at the colons.
func chainGroups(args []string) ([][]string, error) {
	groups := make([][]string, 1)
	for _, arg := range args {
		if arg == ":" {
			groups = append(groups, nil)
			continue
		}
		if strings.HasSuffix(arg, ".src.rpm") {
			return nil, usagef("%s: a chain is built of repositories' addresses (git+https://…#main) and builds: build this with \"kura build\" first", arg)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], arg)
	}
	if len(groups) < 2 {
		return nil, usagef("a chain has two groups of sources or more, with a lone colon between them: for one use \"kura build\"")
	}
	for _, g := range groups {
		if len(g) == 0 {
			return nil, usagef("a group of the chain is empty: there must be a source on either side of each colon")
		}
	}
	return groups, nil
}

// checkChain sees beforehand to what would let a chain wait in vain, or fail
// after hours: builds that are not there, and a target whose builds never get
// into its own build roots.
func checkChain(ctx context.Context, h *client.Hub, target string, groups [][]string) error {
	const op = "cli.chain"
	m, err := h.Target(ctx, target)
	if err != nil {
		return err
	}
	for _, src := range slices.Concat(groups...) {
		if strings.Contains(src, "://") {
			continue
		}
		b, err := h.Build(ctx, src)
		if err != nil {
			if client.Code(err) != 0 || kura.Is(err, kura.NotFound) {
				return kura.Errorf(op, kura.NotFound, "%q is neither the address of a repository (git+https://…#main) nor a build: %w", src, err)
			}
			return err
		}
		if b.State != client.BuildComplete {
			return kura.Errorf(op, kura.Conflict, "build %s cannot be waited for: it is %s", b.NVR, b.State)
		}
	}
	dest := m.Int("dest_tag")
	if dest == m.Int("build_tag") {
		return nil
	}
	parents, err := h.Maps(ctx, "getFullInheritance", m.Int("build_tag"))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(parents, func(p client.Map) bool { return p.Int("parent_id") == dest }) {
		return nil
	}
	return kura.Errorf(op, kura.Conflict, "target %s is no good for a chain: tag %s, with which it builds, does not inherit from %s, into which its builds go; see \"kura tag inherit %s\"",
		target, m.Str("build_tag_name"), m.Str("dest_tag_name"), m.Str("build_tag_name"))
}
