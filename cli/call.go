package cli

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/client"
)

func newCall(a *app) *cobra.Command {
	var anonymous bool
	c := &cobra.Command{
		Use:   "call METHOD [ARGUMENT | NAME=ARGUMENT]...",
		Short: "Call any method of the hub's interface",
		Long: "Call a method of the hub's interface and print the answer as JSON.\n\n" +
			"Arguments that are JSON are sent as what they are, others as text. NAME=ARGUMENT is\n" +
			"an argument by name.",
		Example: "  kura call getBuild bash-5.3-1\n  kura call listTagged f43 latest=true package=bash\n" +
			"  kura call listTasks '{\"state\": [0]}' --anonymous",
		Args: want(1, -1, "the name of a method"),
	}
	c.Flags().BoolVar(&anonymous, "anonymous", false, "do not log in")
	c.RunE = run(func(ctx context.Context, args []string) error {
		h, err := a.hub()
		if err == nil && !anonymous {
			err = a.login(ctx, h)
		}
		if err != nil {
			return err
		}
		var params []any
		names := client.Keywords{}
		for _, arg := range args[1:] {
			if name, value, ok := strings.Cut(arg, "="); ok && isName(name) {
				names[name] = argument(value)
				continue
			}
			params = append(params, argument(arg))
		}
		v, err := h.Call(ctx, args[0], append(params, names)...)
		if err != nil {
			return err
		}
		return a.writeJSON(v)
	}).cobra()
	return c
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// argument reads JSON, with whole numbers as such.
func argument(s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return s
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
