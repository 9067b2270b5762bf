package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/authority"
)

// loader reads the configuration that a command is to use.
type loader func(*cobra.Command) (*Config, *slog.Logger, error)

// addMaintenance adds the commands by which an administrator looks after a
// kura on this machine.
func addMaintenance(root *cobra.Command, load loader) {
	cert := &cobra.Command{
		Use: "cert", Short: "Issue, list and revoke certificates", GroupID: "server",
		Long: "cert works on this kura's own certificate authority, in the data directory.\n\n" +
			"Example:\n  kura cert issue alice\n  kura cert list alice\n  kura cert revoke 5f0c9b1d77a2e34c",
	}
	cert.AddCommand(certIssue(load), certList(load), certRevoke(load))
	root.AddCommand(cert)
}

// withDB runs a command on the hub's database.
func withDB(cmd *cobra.Command, load loader, fn func(context.Context, *Config, *db.DB) error) error {
	c, _, err := load(cmd)
	if err != nil {
		return err
	}
	d, _, err := openLegs(cmd.Context(), c)
	if err != nil {
		return err
	}
	return errors.Join(fn(cmd.Context(), c, d), d.Close())
}

func certIssue(load loader) *cobra.Command {
	var builder bool
	var out string
	cmd := &cobra.Command{
		Use: "issue NAME", Short: "Issue a certificate for a user or a builder", Args: cobra.ExactArgs(1),
		Long: "issue writes NAME.pem (certificate and key, as Koji's client wants it) and, for a\n" +
			"user, NAME.p12 for a browser, with an empty password. A builder must also be added:\n" +
			"koji add-host NAME ARCH.\n\nExample:\n  kura cert issue alice\n  kura cert issue --builder builder2.example.org -o builder2.pem",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDB(cmd, load, func(ctx context.Context, c *Config, d *db.DB) error {
				ca, err := authority.Open(filepath.Join(c.Data, "pki"))
				if err != nil {
					return err
				}
				if err := account.CheckUserName(args[0]); err != nil {
					return err
				}
				if out == "" {
					out = args[0] + ".pem"
				}
				purpose, p12 := authority.User, out[:len(out)-len(filepath.Ext(out))]+".p12"
				if builder {
					purpose, p12 = authority.Builder, ""
				}
				i := &issuer{ca: ca, db: d}
				if err := i.issue(ctx, purpose, args[0], nil, out, p12); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s holds the certificate and key of %s\n", out, args[0])
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&builder, "builder", false, "for a build host")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write it here; default: NAME.pem")
	return cmd
}

func certList(load loader) *cobra.Command {
	return &cobra.Command{
		Use: "list [NAME]", Short: "List the certificates that were issued", Args: cobra.MaximumNArgs(1),
		Example: "  kura cert list\n  kura cert list alice",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return withDB(cmd, load, func(ctx context.Context, _ *Config, d *db.DB) error {
				return d.View(ctx, func(tx *db.Tx) error {
					all, err := account.ListCertificates(ctx, tx, name)
					for _, c := range all {
						state := "until " + db.Time(c.Expires).Format("2006-01-02")
						if c.Revoked != 0 {
							state = "revoked " + db.Time(c.Revoked).Format("2006-01-02")
						}
						fmt.Fprintf(cmd.OutOrStdout(), "%s  %-8s %s  %s\n", c.Serial, c.Purpose, c.Name, state)
					}
					return err
				})
			})
		},
	}
}

func certRevoke(load loader) *cobra.Command {
	return &cobra.Command{
		Use: "revoke SERIAL", Short: "Revoke a certificate; it counts at once", Args: cobra.ExactArgs(1),
		Example: "  kura cert revoke 5f0c9b1d77a2e34c",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDB(cmd, load, func(ctx context.Context, _ *Config, d *db.DB) error {
				return d.Update(ctx, func(tx *db.Tx) error { return account.RevokeCertificate(ctx, tx, args[0]) })
			})
		},
	}
}
