package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/cli"
	"github.com/kura-build/kura/signer"
	"github.com/kura-build/kura/worker/sandbox"
)

func main() {
	sandbox.Init() // sandboxes are entered by running this program again
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := cli.New(cli.Env{Data: defaultData()})
	addServers(root)
	os.Exit(cli.Main(ctx, root, os.Args[1:], os.Stderr))
}

// defaultData is the data directory that is used when none is given.
func defaultData() string {
	if d := os.Getenv("KURA_DATA"); d != "" {
		return d
	}
	return "./var"
}

// addServers adds the roles to the client's commands.
func addServers(root *cobra.Command) {
	root.AddGroup(&cobra.Group{ID: "server", Title: "Running kura:"})
	var file string
	load := func(cmd *cobra.Command) (*Config, *slog.Logger, error) {
		data, err := cmd.Flags().GetString("data")
		if err != nil {
			return nil, nil, err
		}
		c, err := Load(data, file)
		if err != nil {
			return nil, nil, cli.Usage(err)
		}
		log, err := logger(c.Log, os.Stderr)
		return c, log, cli.Usage(err)
	}
	role := func(use, short, long string, run func(ctx context.Context, c *Config, log *slog.Logger) error) *cobra.Command {
		cmd := &cobra.Command{
			Use: use, Short: short, Long: long, GroupID: "server", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				c, log, err := load(cmd)
				if err != nil {
					return err
				}
				return run(cmd.Context(), c, log)
			},
		}
		root.AddCommand(cmd)
		return cmd
	}
	role("up", "Run hub, builder and signer in one process",
		"up runs all of kura on this machine: the hub with its embedded database, bus and\n"+
			"store, a builder, and the signer as a child process with its own user.\n\n"+
			"The first interrupt takes no new work and waits for running builds; the second\n"+
			"stops at once, and another start goes on where this one was.\n\nExample:\n  kura init && kura up", up)
	role("hub", "Run a hub",
		"hub runs only the hub. Any number of hubs may share one PostgreSQL and one store.\n\nExample:\n  kura hub --configuration /etc/kura/hub.toml", runHub)
	role("builder", "Run a builder",
		"builder runs only a build host. It reaches its hub over one TLS port and needs root\n"+
			"on this machine; kura doctor says what else it needs.\n\nExample:\n  kura builder --configuration /etc/kura/builder.toml", runBuilder)
	addInit(root, load)
	addMaintenance(root, load)
	addBackup(root, load)
	addDoctor(root, load)
	configured(root, &file)
	root.AddCommand(&cobra.Command{
		Use: "signer", Short: "Run the signer", GroupID: "server", DisableFlagParsing: true,
		Long: "signer runs the process that holds the private keys. kura up starts it by itself;\n" +
			"kura signer --help lists what it takes when it runs on its own.\n\nExample:\n  kura signer --dir /var/lib/kura/signer --socket /run/kura/signer.sock --allow-uid 990",
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "--help" }) {
				if err := cmd.Help(); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "\nFLAGS")
			}
			c, err := signer.ParseArgs(args, cmd.OutOrStdout())
			if errors.Is(err, flag.ErrHelp) {
				return nil
			}
			if err != nil {
				return cli.Usage(err)
			}
			if c.Log, err = logger(LogConfig{Level: cmp.Or(c.LogLevel, "info"), Format: cmp.Or(c.LogFormat, "text")}, os.Stderr); err != nil {
				return cli.Usage(err)
			}
			return signer.Run(cmd.Context(), c)
		},
	})
}

// configured lets every command that reads the configuration be told where it
// stands.
func configured(root *cobra.Command, file *string) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "up", "hub", "builder", "init", "cert", "backup", "doctor":
			cmd.PersistentFlags().StringVar(file, "configuration", "", "read this configuration in the place of DATA/kura.toml")
		}
	}
}

// logger makes the program's own log.
func logger(c LogConfig, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level is %q: it is one of debug, info, warn, error", c.Level)
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.Format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log.format is %q: it is text or json", c.Format)
}

// stopped turns the end of a context into the end of a program that went well.
func stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
