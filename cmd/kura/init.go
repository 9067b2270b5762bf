package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/signer"
)

// life is how long the certificates are good that init issues.
const life = 3 * 365 * 24 * time.Hour

// The people that init makes, with the profiles that they get.
var people = []struct{ user, profile, file string }{
	{"kojiadmin", "local-admin", "admin"},
	{"koji-user", "local-koji", "user"},
}

func addInit(root *cobra.Command, load func(*cobra.Command) (*Config, *slog.Logger, error)) {
	var quiet bool
	cmd := &cobra.Command{
		Use: "init", Short: "Make a new kura in the data directory", GroupID: "server", Args: cobra.NoArgs,
		Long: "init makes what a new kura needs: its certificate authority, certificates for the hub,\n" +
			"an administrator, a user and a builder, the signer's directory, the database, and a\n" +
			"configuration for Koji's client. It can be run again: what is there stays.\n\nExample:\n  kura init --data /var/lib/kura",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := load(cmd)
			if err != nil {
				return err
			}
			if err := initialise(cmd.Context(), c); err != nil {
				return err
			}
			if !quiet {
				fmt.Fprint(cmd.OutOrStdout(), welcome(c))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&quiet, "silent", false, "print nothing when it went well")
	root.AddCommand(cmd)
}

func initialise(ctx context.Context, c *Config) error {
	// The signer's user must be able to pass through; each folder below has
	// its own mode.
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return err
	}
	pki := filepath.Join(c.Data, "pki")
	ca, err := authority.Open(pki)
	if errors.Is(err, os.ErrNotExist) {
		ca, err = authority.Create(pki, c.Organization)
	}
	if err != nil {
		return err
	}
	if err := signerFiles(c); err != nil {
		return err
	}
	d, _, err := openLegs(ctx, c)
	if err != nil {
		return err
	}
	defer d.Close()
	i := &issuer{ca: ca, db: d}
	if err := i.issue(ctx, authority.Server, c.Hub.Name, serverNames(c), filepath.Join(pki, "hub.pem"), ""); err != nil {
		return err
	}
	if err := i.issue(ctx, authority.Builder, c.Builder.Name, nil, filepath.Join(pki, "builder.pem"), ""); err != nil {
		return err
	}
	dir := filepath.Join(c.Data, "client")
	for _, p := range people {
		if err := i.issue(ctx, authority.User, p.user, nil, filepath.Join(dir, p.file+".pem"), filepath.Join(dir, p.file+".p12")); err != nil {
			return err
		}
	}
	if err := write(filepath.Join(dir, "ca.crt"), ca.PEM(), 0o644); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "koji.conf"), []byte(profiles(c)), 0o644); err != nil {
		return err
	}
	return i.records(ctx, c)
}

// serverNames are the names that the hub's certificate is good for.
func serverNames(c *Config) []string {
	names := append([]string{"localhost", "127.0.0.1", "::1", c.Hub.Name}, c.Hub.Hosts...)
	if h, err := os.Hostname(); err == nil {
		names = append(names, h)
	}
	seen := map[string]bool{}
	var out []string
	for _, n := range names {
		if n != "" && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// issuer issues certificates and records them.
type issuer struct {
	ca *authority.Authority
	db *db.DB
}

func (i *issuer) issue(ctx context.Context, p authority.Purpose, name string, hosts []string, file, p12 string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	made, err := i.ca.Issue(p, name, hosts, life)
	if err != nil {
		return err
	}
	// recorded first: a certificate without a record is refused
	err = i.db.Update(ctx, func(tx *db.Tx) error {
		return account.RecordCertificate(ctx, tx, account.Certificate{
			Serial: made.Serial(), Name: name, Purpose: string(p), Issued: db.Now(), Expires: made.Cert.NotAfter.UnixMicro(),
		})
	})
	if err != nil {
		return err
	}
	if p12 != "" {
		b, err := made.PKCS12("")
		if err != nil {
			return err
		}
		if err := write(p12, b, 0o600); err != nil {
			return err
		}
	}
	return write(file, made.PEM, 0o600)
}

// write puts a file in place whole.
func write(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := errors.Join(tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// records makes the people and the builder in the database.
func (i *issuer) records(ctx context.Context, c *Config) error {
	return i.db.Update(ctx, func(tx *db.Tx) error {
		for n, p := range people {
			_, err := account.Get(ctx, tx, account.ByName(p.user))
			if kura.Is(err, kura.NotFound) {
				if _, err = account.Create(ctx, tx, p.user, account.Person); err == nil && n == 0 {
					err = account.Grant(ctx, tx, account.System, account.ByName(p.user), account.ByName(account.Admin))
				}
			}
			if err != nil {
				return err
			}
		}
		if !c.Builder.Enabled {
			return nil
		}
		room := task.New(nil)
		arches := append(append([]string{}, c.Builder.Arches...), c.Builder.Emulate...)
		_, err := room.AddHost(ctx, tx, account.System, c.Builder.Name, arches)
		if kura.Is(err, kura.Exists) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = room.EditHost(ctx, tx, account.System, task.Ref{Name: c.Builder.Name}, task.HostEdit{Capacity: &c.Builder.Capacity})
		return err
	})
}

// signerFiles makes the hub's key for the signer and the signer's directory.
func signerFiles(c *Config) error {
	path := filepath.Join(c.Data, "pki", signerAuthFile)
	var key ed25519.PrivateKey
	if b, err := os.ReadFile(path); err == nil {
		block, _ := pem.Decode(b)
		if block == nil {
			return fmt.Errorf("%s holds no key", path)
		}
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		key, _ = k.(ed25519.PrivateKey)
	} else if errors.Is(err, os.ErrNotExist) {
		if _, key, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		if err := write(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			return err
		}
	} else {
		return err
	}
	if !c.Signer.Enabled {
		return nil
	}
	uid, gid, err := signerUser(c)
	if err != nil {
		return err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("%s holds no Ed25519 key", path)
	}
	return signer.Init(filepath.Dir(c.Signer.Socket), signer.Setup{Hubs: []ed25519.PublicKey{public}, UID: uid, GID: gid})
}

// signerUser is whom the signer runs as: a user of its own where we may make
// one, ourselves otherwise.
func signerUser(c *Config) (uid, gid int, err error) {
	if os.Getuid() != 0 || c.Signer.User == "" {
		return 0, 0, nil
	}
	return signer.EnsureUser(c.Signer.User)
}

// address is how people on this machine reach a listener.
func address(scheme, listen string) string { return scheme + "://" + dialable(listen) }

// profiles is the configuration for Koji's client, and for kura's own.
func profiles(c *Config) string {
	top := address("https", c.Listen.Web)
	if c.Listen.Plain != "" {
		top = address("http", c.Listen.Plain) // Koji's client downloads without asking for our authority
	}
	var b strings.Builder
	fmt.Fprintln(&b, "# Koji's client reads this as ~/.koji/config, or with --config.")
	dir := filepath.Join(c.Data, "client")
	for _, p := range people {
		fmt.Fprintf(&b, "\n[%s]\nserver = %s/kojihub\nweburl = %s/koji\ntopurl = %s/kojifiles\nauthtype = ssl\ncert = %s\nserverca = %s\n",
			p.profile, address("https", c.Listen.Certificate), address("https", c.Listen.Web), top,
			filepath.Join(dir, p.file+".pem"), filepath.Join(dir, "ca.crt"))
	}
	return b.String()
}

func welcome(c *Config) string {
	_, port, _ := net.SplitHostPort(c.Listen.Web)
	return fmt.Sprintf(`kura is ready in %[1]s.

  start it          kura up --data %[1]s
  in a browser      https://localhost:%[2]s/
                    (import %[1]s/client/ca.crt as an authority; the browser's
                    certificate is %[1]s/client/admin.p12, its password is empty)
  koji's client     koji --config %[1]s/client/koji.conf -p local-admin moshimoshi

The profiles for ~/.koji/config:

%[3]s`, c.Data, port, profiles(c))
}
