package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/kura-build/kura/db"
)

// Run runs a test once on each database.
func Run(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens an empty SQLite database in the test's directory.
func SQLite(t testing.TB) *db.DB {
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "kura.db"))
}

// Postgres opens a new, empty database of the test server.
func Postgres(t testing.TB) *db.DB {
	return open(t, PostgresURL(t))
}

// PostgresURL makes a new, empty database on the test server and gives its
// address.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("KURA_TEST_POSTGRES")
	if server == "" {
		t.Fatal("KURA_TEST_POSTGRES is not set: run the tests with make test, which starts a PostgreSQL for them")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	var b [6]byte
	rand.Read(b[:])
	name := "kura_" + hex.EncodeToString(b[:])
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create a database on the test server: %v", err)
	}
	t.Cleanup(func() {
		a, err := sql.Open("pgx", server)
		if err == nil {
			_, _ = a.Exec("DROP DATABASE " + name + " WITH (FORCE)") // one that stays is in nobody's way
			a.Close()
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
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
