package db

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counted opens a database that counts how often its state is read.
func counted(t *testing.T, path string) (*DB, *atomic.Int64) {
	t.Helper()
	d, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	d.state.stop()
	d.state = share(func(ctx context.Context) (State, error) {
		n.Add(1)
		return d.readState(ctx)
	})
	return d, &n
}

func add(ctx context.Context, d *DB, name string) error {
	return d.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO package (name) VALUES ($1)", name)
		return err
	})
}

func counts(t *testing.T, d *DB) int64 {
	t.Helper()
	s, err := d.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Others
}

// TestMain is another process if it is told to: it adds a package and says so, or why
// it could not.
func TestMain(m *testing.M) {
	path := os.Getenv("KURA_TEST_OTHER")
	if path == "" {
		os.Exit(m.Run())
	}
	d, err := Open(context.Background(), "sqlite:"+path)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := add(ctx, d, os.Getenv("KURA_TEST_NAME")); err != nil {
		os.Stdout.WriteString("failed")
	} else {
		os.Stdout.WriteString("added")
	}
	d.Close()
}

func other(t *testing.T, path, name string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), "KURA_TEST_OTHER="+path, "KURA_TEST_NAME="+name)
	said, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(said))
}

// TestGlance reads a state only after something was committed, by whomever.
func TestGlance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kura.db")
	d, reads := counted(t, path)
	second, _ := counted(t, path)
	want := counts(t, d)
	for _, change := range []struct {
		name string
		more int64
		do   func() error
	}{
		{"nothing", 0, func() error { return nil }},
		{"its own", 1, func() error { return add(t.Context(), d, "own") }},
		{"of another", 1, func() error { return add(t.Context(), second, "another") }},
		{"of another process", 1, func() error {
			if said := other(t, path, "process"); said != "added" {
				return errors.New(said)
			}
			return nil
		}},
		{"taken back", 0, func() error {
			return d.Update(t.Context(), func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO package (name) VALUES ('back')")
				return errors.Join(err, errors.New("back"))
			})
		}},
		{"a checkpoint", 0, func() error {
			_, err := second.write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			return err
		}},
		{"after a checkpoint", 1, func() error { return add(t.Context(), second, "after") }},
	} {
		before := reads.Load()
		if err := change.do(); err != nil && change.name != "taken back" {
			t.Fatal(change.name, err)
		}
		for range 3 {
			if got := counts(t, d); got != want+change.more {
				t.Fatalf("%s: state %d, want %d", change.name, got, want+change.more)
			}
		}
		want += change.more
		if n := reads.Load() - before; n > 1 || n < change.more {
			t.Errorf("%s: the state was read %d times", change.name, n)
		}
	}
}

// TestGlanceAtOnce has many look while there are changes: what was committed before
// they looked is in what they get.
func TestGlanceAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kura.db")
	d, _ := counted(t, path)
	second, _ := counted(t, path)
	first := counts(t, d)
	var committed atomic.Int64
	done := make(chan error, 1)
	go func() {
		for range 200 {
			if err := add(t.Context(), second, "p"+time.Now().Format(time.RFC3339Nano)); err != nil {
				done <- err
				return
			}
			committed.Add(1)
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		least := committed.Load()
		if got := counts(t, d) - first; got < least {
			t.Fatalf("%d changes were committed, and the state knows of %d", least, got)
		}
	}
}

// staysLocked has a database be closed while a transaction goes on, and another process
// try to write meanwhile.
func staysLocked(t *testing.T, path string, d, closed *DB) {
	t.Helper()
	err := d.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.Exec(t.Context(), "INSERT INTO package (name) VALUES ('held')"); err != nil {
			return err
		}
		if err := closed.Close(); err != nil {
			return err
		}
		if said := other(t, path, "meanwhile"); said != "failed" {
			return errors.New("another process wrote meanwhile: " + said)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestGlanceLocks has one of two databases of a process closed: what the other holds
// stays locked for other processes.
func TestGlanceLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kura.db")
	d, _ := counted(t, path)
	second, _ := counted(t, path)
	staysLocked(t, path, d, second)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if len(indexes.by) != 0 {
		t.Errorf("%d indexes are open", len(indexes.by))
	}
	if _, err := d.State(t.Context()); err == nil {
		t.Error("a closed database told its state")
	}
}

// TestGlanceLocksOfWhatGoesOn has a database closed while a transaction goes on in it.
func TestGlanceLocksOfWhatGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kura.db")
	d, _ := counted(t, path)
	staysLocked(t, path, d, d)
	clear(indexes.by) // for the other tests
	again, _ := counted(t, path)
	var n int
	if err := again.read.QueryRow("SELECT count(*) FROM package WHERE name = 'held'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows of what was committed: %v", n, err)
	}
}

// TestGlanceWithoutLog opens a database whose log is of another kind, beside an index
// that was left behind.
func TestGlanceWithoutLog(t *testing.T) {
	left := filepath.Join(t.TempDir(), "left.db")
	if err := os.WriteFile(left+"-shm", make([]byte, walHeadSize), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := sql.Open("sqlite", left+"?_pragma=journal_mode(DELETE)")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	of := newGlance(left)
	defer of.close()
	if err := of.begin(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if of.index.mem != nil {
		t.Error("an index that is of no log is looked at")
	}
	if err := of.end(); err != nil {
		t.Fatal(err)
	}
}

// TestMark takes a mark only from memory that nobody is writing to.
func TestMark(t *testing.T) {
	good := make([]byte, walHeadSize)
	for _, at := range []int{0, walHeadSize / 2} {
		binary.NativeEndian.PutUint32(good[at:], walVersion)
		good[at+8], good[at+walInit], good[at+47] = 7, 1, 9
	}
	for _, c := range []struct {
		name   string
		change func(mem []byte)
		ok     bool
	}{
		{"whole", func([]byte) {}, true},
		{"half written", func(mem []byte) { mem[walHeadSize/2+47]++ }, false},
		{"another version", func(mem []byte) { mem[0]++; mem[walHeadSize/2]++ }, false},
		{"not begun", func(mem []byte) { mem[walInit], mem[walHeadSize/2+walInit] = 0, 0 }, false},
	} {
		mem := bytes.Clone(good)
		c.change(mem)
		if _, ok := (&walIndex{mem: mem}).mark(); ok != c.ok {
			t.Errorf("%s: a mark: %v", c.name, ok)
		}
	}
	if _, ok := new(walIndex).mark(); ok {
		t.Error("a mark of nothing")
	}
}
