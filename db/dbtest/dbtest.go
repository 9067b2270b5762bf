package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kura-build/kura/db"
)

// Run runs a test once on each database.
func Run(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens a SQLite database without records in the test's directory.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	made, err := sqliteTables()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kura.db")
	if err := os.WriteFile(path, made, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, "sqlite:"+path)
}

// sqliteTables is a database with all tables. Migrations take longer than most
// tests, so they run once a process, and databases are copies.
var sqliteTables = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kura-tables-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kura.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(address string) error {
	d, err := db.Open(context.Background(), address)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background()), d.Close())
}

// Postgres opens a new database of the test server, without records.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	template, err := postgresTables()
	if err != nil {
		t.Fatal(err)
	}
	return open(t, create(t, template))
}

// postgresTables is the name of a database with all tables: see sqliteTables. It
// stays on the test server, where it is in nobody's way.
var postgresTables = sync.OnceValues(func() (string, error) {
	server := os.Getenv("KURA_TEST_POSTGRES")
	if server == "" {
		return "", errNoServer
	}
	name := newName()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	address, err := at(server, name)
	if err != nil {
		return "", err
	}
	return name, migrate(address)
})

var errNoServer = errors.New("KURA_TEST_POSTGRES is not set: run the tests with make test, which starts a PostgreSQL for them")

// PostgresURL makes a new, empty database on the test server and gives its
// address.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return create(t, "template1")
}

// create makes a database like another one, which ends with the test.
func create(t testing.TB, template string) string {
	t.Helper()
	server := os.Getenv("KURA_TEST_POSTGRES")
	if server == "" {
		t.Fatal(errNoServer)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := newName()
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatalf("create a database on the test server: %v", err)
	}
	t.Cleanup(func() {
		a, err := sql.Open("pgx", server)
		if err == nil {
			_, _ = a.Exec("DROP DATABASE " + name + " WITH (FORCE)") // one that stays is in nobody's way
			a.Close()
		}
	})
	address, err := at(server, name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func newName() string {
	var b [6]byte
	rand.Read(b[:])
	return "kura_" + hex.EncodeToString(b[:])
}

// at is the address of another database of a server.
func at(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}
