package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// String names the dialect in backups and messages.
func (d Dialect) String() string {
	if d == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Snapshot writes the whole database, as it is at one moment, into a new file,
// while hubs go on reading and writing. same then gets a transaction that sees
// exactly that moment: what else belongs to a backup is asked there.
//
// For SQLite the file is a database, compacted; for PostgreSQL it is an archive
// of pg_dump, which must be installed in a version not older than the server.
func (d *DB) Snapshot(ctx context.Context, file string, same func(*Tx) error) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("write a snapshot of the database: %s is there already", file)
	}
	if d.dialect == Postgres {
		return d.snapshotPostgres(ctx, file, same)
	}
	if _, err := d.read.ExecContext(ctx, "VACUUM INTO $1", file); err != nil {
		return fmt.Errorf("write a snapshot of the database into %s: %w", file, err)
	}
	if err := settle(file); err != nil {
		return err
	}
	copied, err := openSQLite(ctx, file)
	if err != nil {
		return err
	}
	return errors.Join(copied.View(ctx, same), copied.Close())
}

// snapshotPostgres has pg_dump look through the snapshot of a transaction of
// ours.
func (d *DB) snapshotPostgres(ctx context.Context, file string, same func(*Tx) error) error {
	return d.View(ctx, func(tx *Tx) error {
		var id string
		if err := tx.Row(ctx, "SELECT pg_export_snapshot()").Scan(&id); err != nil {
			return err
		}
		if err := runPG(ctx, d.url, "pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges",
			"--snapshot="+id, "--file="+file); err != nil {
			return err
		}
		if err := settle(file); err != nil {
			return err
		}
		return same(tx)
	})
}

// settle makes a file durable, and readable for its owner alone.
func settle(file string) error {
	if err := os.Chmod(file, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// DialectOf tells which database an address names.
func DialectOf(address string) (Dialect, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return SQLite, nil
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return Postgres, nil
	}
	return SQLite, fmt.Errorf("database address is neither sqlite:PATH nor postgres://…")
}

// Empty reports whether there is nothing at an address that a restore would
// overwrite or mix with.
func Empty(ctx context.Context, address string) (bool, error) {
	dialect, err := DialectOf(address)
	if err != nil {
		return false, err
	}
	if dialect == SQLite {
		_, err := os.Lstat(strings.TrimPrefix(address, "sqlite:"))
		if os.IsNotExist(err) {
			return true, nil
		}
		return false, err
	}
	d, err := openPostgres(ctx, address)
	if err != nil {
		return false, err
	}
	defer d.Close()
	var n int
	err = d.read.QueryRowContext(ctx, `SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`).Scan(&n)
	return n == 0, err
}

// Restore makes a database out of the file of a snapshot, at an address where
// nothing is yet. The file must come from the same kind of database.
func Restore(ctx context.Context, address, file string) error {
	empty, err := Empty(ctx, address)
	if err != nil {
		return fmt.Errorf("look at the database to restore into: %w", err)
	}
	if !empty {
		return errors.New("restore the database: there is one already; give an empty one, or remove it first")
	}
	if dialect, _ := DialectOf(address); dialect == Postgres {
		return runPG(ctx, address, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", file)
	}
	path := strings.TrimPrefix(address, "sqlite:")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := copyFile(path, file); err != nil {
		return fmt.Errorf("restore the database into %s: %w", path, err)
	}
	d, err := openSQLite(ctx, path)
	if err != nil {
		return err
	}
	defer d.Close()
	var answer string
	err = d.read.QueryRowContext(ctx, "PRAGMA quick_check").Scan(&answer)
	if err == nil && answer != "ok" {
		err = errors.New(answer)
	}
	if err != nil {
		return fmt.Errorf("check the restored database %s: %w", path, err)
	}
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// runPG runs one of PostgreSQL's own programs on the database of an address.
// The password goes through the environment: everybody can read the arguments
// of a process.
func runPG(ctx context.Context, address, program string, args ...string) error {
	bare, password, err := splitPassword(address)
	if err != nil {
		return err
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is not installed on this machine: apt install postgresql-client (or dnf install postgresql)", program)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"--no-password", "--dbname=" + bare}, args...)...)
	cmd.Env = os.Environ()
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// splitPassword takes the password out of an address. What only our own driver
// understands goes too.
func splitPassword(address string) (bare, password string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", errors.New("the address of the database is no URL") // err would show the password
	}
	if p, ok := u.User.Password(); ok {
		password = p
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	if p := q.Get("password"); p != "" {
		password = p
	}
	for key := range q {
		if key == "password" || strings.HasPrefix(key, "pool_") || strings.Contains(key, "_cache_capacity") || key == "default_query_exec_mode" {
			q.Del(key)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), password, nil
}
