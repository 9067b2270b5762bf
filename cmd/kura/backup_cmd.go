package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// addBackup adds the commands that back a kura up and bring it back.
func addBackup(root *cobra.Command, load loader) {
	root.AddCommand(backupCommand(load), restoreCommand())
}

func backupCommand(load loader) *cobra.Command {
	var o BackupOptions
	cmd := &cobra.Command{
		Use: "backup DIR|FILE.tar.zst", Short: "Back up records, bytes and keys, while kura runs", GroupID: "server", Args: cobra.ExactArgs(1),
		Long: "backup writes everything that cannot be made anew: a snapshot of the database, all\n" +
			"files that it names, the git repositories, certificates, the signer's sealed keys and\n" +
			"the configuration. Hubs and builders go on meanwhile.\n\n" +
			"In a directory, each backup copies only what is new since the last; a name that ends\n" +
			"with .tar.zst makes one file of it all. Keep it where only you can read: it holds the\n" +
			"authority's key.\n\n" +
			"The key that opens the signer's keys, signer/host.key, is left out, so that a stolen\n" +
			"backup cannot sign. Keep a copy of it in another place, or take it along with\n--with-host-key.\n\n" +
			"Example:\n  kura backup /srv/backup/kura --keep 30\n  kura backup /srv/kura-2026-01-31.tar.zst",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, log, err := load(cmd)
			if err != nil {
				return err
			}
			if f := cmd.Flags().Lookup("configuration"); f != nil {
				o.ConfigFile = f.Value.String()
			}
			o.Log = log
			r, err := Backup(cmd.Context(), c, args[0], o)
			if r != nil {
				sayBackup(cmd.OutOrStdout(), r)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&o.HostKey, "with-host-key", false, "take along the key that opens the signer's keys")
	cmd.Flags().IntVar(&o.Keep, "keep", 0, "keep so many backups in the directory; 0: all")
	return cmd
}

func sayBackup(w io.Writer, r *BackupReport) {
	fmt.Fprintf(w, "%s: the records, %d stored files, %d others; %s, of which %s are new\n", r.Name, r.Blobs, r.Files, amount(r.Bytes), amount(r.New))
	if r.HostKeyLeftOut {
		fmt.Fprintln(w, "signer/host.key is not in it; without that file the restored signer cannot open its keys: keep a copy in another place")
	}
}

func restoreCommand() *cobra.Command {
	var o RestoreOptions
	cmd := &cobra.Command{
		Use: "restore DIR|FILE.tar.zst", Short: "Make a kura out of a backup", GroupID: "server", Args: cobra.ExactArgs(1),
		Long: "restore fills an empty data directory, an empty database and an empty store from a\n" +
			"backup, and checks every file against its sum. Where they are is said by the\n" +
			"configuration in the backup, or here. Stop the old kura first: two that work from the\n" +
			"same records contradict each other.\n\n" +
			"Example:\n  kura restore /srv/backup/kura --data /srv/kura --host-key /root/host.key\n" +
			"  kura restore kura.tar.zst --data var --database 'postgres://kura@/kura?host=/run/postgresql'",
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := cmd.Flags().GetString("data")
			if err != nil {
				return err
			}
			r, err := Restore(cmd.Context(), args[0], data, o)
			if err != nil {
				return err
			}
			sayRestore(cmd.OutOrStdout(), r)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Backup, "backup", "", "which of a directory's backups: the beginning of its name, such as 20260131; default: the newest")
	f.StringVar(&o.Database, "database", "", "restore the records here: sqlite:PATH or postgres://…")
	f.StringVar(&o.Blobs, "blobs", "", "restore the bytes here: dir:PATH or s3://…")
	f.StringVar(&o.HostKey, "host-key", "", "the file with the signer's host key, when the backup has none")
	f.BoolVar(&o.Resume, "resume", false, "keep the bytes that an earlier try of this restore has stored")
	return cmd
}

func sayRestore(w io.Writer, r *RestoreReport) {
	fmt.Fprintf(w, "kura of %s is restored in %s: the records, %d stored files, %d others; %s\n",
		r.Made.Time.Format("2006-01-02 15:04:05"), r.Config.Data, r.Blobs, r.Files, amount(r.Bytes))
	if len(r.Owners) > 0 {
		fmt.Fprintf(w, "this machine does not know the owners of some files, which now belong to you: %s\n", strings.Join(r.Owners, ", "))
	}
	if r.NeedsHostKey {
		fmt.Fprintln(w, "the signer cannot open its keys yet: put host.key into its directory, with the directory's owner and mode 600")
	}
	if r.Made.Data != r.Config.Data {
		fmt.Fprintf(w, "client/koji.conf still names %s; kura init writes it anew and leaves all else\n", r.Made.Data)
	}
	fmt.Fprintf(w, "start it with kura up --data %s\n", r.Config.Data)
}

// amount is a number of bytes for people.
func amount(n int64) string {
	f, unit := float64(n), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for f >= 1024 && unit < len(units)-1 {
		f, unit = f/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[unit])
}
