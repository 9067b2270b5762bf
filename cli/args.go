package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// want checks the number of arguments; most < 0 is no limit. The names are
// those of the command's usage line.
func want(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s needs %s: see \"%s --help\"", cmd.CommandPath(), names, cmd.CommandPath())
		case most >= 0 && len(args) > most:
			return usagef("%s takes no %q: see \"%s --help\"", cmd.CommandPath(), args[most], cmd.CommandPath())
		}
		return nil
	}
}

// run is a command's work.
type run func(ctx context.Context, args []string) error

func (r run) cobra() func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error { return r(cmd.Context(), args) }
}

func taskIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id <= 0 {
			return nil, usagef("%q is no number of a task", arg)
		}
		ids[i] = id
	}
	return ids, nil
}

// pairs reads KEY=VALUE arguments. Values are numbers and truths if they look
// like ones: that is how hubs keep them.
func pairs(list []string) (map[string]any, error) {
	m := map[string]any{}
	for _, p := range list {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			return nil, usagef("%q: want KEY=VALUE", p)
		}
		m[k] = literal(v)
	}
	return m, nil
}

func literal(v string) any {
	switch v {
	case "true", "True":
		return true
	case "false", "False":
		return false
	case "nil", "None", "null":
		return nil
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return n
	}
	return v
}

// group makes a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("%s has no command %q: see \"%s --help\"", cmd.CommandPath(), args[0], cmd.CommandPath())
		}
		return nil
	}}
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	c.AddCommand(children...)
	for _, child := range children { // one of each
		if example, _, _ := strings.Cut(child.Example, "\n"); example != "" {
			c.Example += "\n" + example
		}
	}
	c.Example = strings.TrimPrefix(c.Example, "\n")
	return c
}
