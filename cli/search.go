package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

// searchTypes are what hubs search among. Koji's had files too, and have
// forbidden that since.
var searchTypes = []string{"build", "host", "maven", "package", "rpm", "tag", "target", "user", "win"}

func newSearch(a *app) *cobra.Command {
	var regex, exact bool
	var limit int64
	c := &cobra.Command{
		Use:   "search TYPE PATTERN",
		Short: "Find packages, builds, tags and others by their names",
		Long: "Find things by their names. TYPE is one of " + strings.Join(searchTypes[:5], ", ") + ",\n" +
			strings.Join(searchTypes[5:], ", ") + ".\n\n" +
			"In PATTERN * stands for any text and ? for any letter, unless --regex or --exact\n" +
			"say otherwise.",
		Example: "  kura search package 'python3-*'\n  kura search build --regex '^kernel-6\\.1[0-9]\\.'\n  kura search rpm --exact bash-5.3-1.x86_64.rpm",
		Args:    want(2, 2, "a type and a pattern"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return searchTypes, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&regex, "regex", false, "the pattern is a regular expression, found anywhere in a name")
	c.Flags().BoolVar(&exact, "exact", false, "the pattern is the whole name")
	c.Flags().Int64VarP(&limit, "limit", "n", 1000, "at most so many")
	c.MarkFlagsMutuallyExclusive("regex", "exact")
	c.RunE = run(func(ctx context.Context, args []string) error {
		kind := strings.TrimSuffix(args[0], "s")
		if !slices.Contains(searchTypes, kind) {
			return usagef("%q is nothing that can be searched: use %s", args[0], strings.Join(searchTypes, ", "))
		}
		how := "glob"
		switch {
		case regex:
			how = "regexp"
		case exact:
			how = "exact"
		}
		h, err := a.hub()
		if err != nil {
			return err
		}
		list, err := h.Maps(ctx, "search", args[1], kind, how, client.Keywords{"queryOpts": map[string]any{"order": "name", "limit": limit}})
		if err != nil {
			return err
		}
		return a.show(list, func(t *table) {
			if len(list) == 0 {
				t.line("no %s is like %s", kind, args[1])
				return
			}
			t.head("ID", strings.ToUpper(kind))
			for _, m := range list {
				t.row(m.Int("id"), m.Str("name"))
			}
		})
	}).cobra()
	return c
}
