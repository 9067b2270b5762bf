package main

import (
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command sees a server that answers; afterwards nothing is left of it, and
// a failure of the command is this program's own.
func TestRun(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	err := run("", []string{"sh", "-c", `echo "$KURA_TEST_POSTGRES" > "$0"; psql -XAtc "SELECT 6*7" "$KURA_TEST_POSTGRES" >> "$0"; exit 5`, seen})
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 5 {
		t.Errorf("the command's exit status 5 became %v", err)
	}
	b, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	address, answer, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if answer != "42" {
		t.Errorf("the server answered %q", answer)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	dir := u.Query().Get("host")
	if _, err := os.Stat(dir); dir == "" || !os.IsNotExist(err) {
		t.Errorf("the server's directory %q is still there: %v", dir, err)
	}
}

// A directory that is named stays, with what was written.
func TestKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	if err := os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o711); err != nil { // the server may run as somebody else
		t.Fatal(err)
	}
	for _, do := range []string{`psql -XAtqc "CREATE TABLE t AS SELECT 42 AS n" "$KURA_TEST_POSTGRES"`, `test "$(psql -XAtc "SELECT n FROM t" "$KURA_TEST_POSTGRES")" = 42`} {
		if err := run(dir, []string{"sh", "-c", do}); err != nil {
			t.Fatalf("%s: %v", do, err)
		}
	}
}
