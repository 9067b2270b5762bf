package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// server is a PostgreSQL in a directory of its own.
type server struct {
	dir  string
	keep bool // the directory is for the next server too
	log  *bytes.Buffer
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// settings are those of a server whose data nobody wants to keep. Tests of
// many packages run at a time, each with a database and a pool of its own.
var settings = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
	"max_connections=300", "shared_buffers=128MB", "jit=off", "timezone=UTC", "log_min_messages=warning",
}

// ready is how long a new server may take; far more than it needs.
const ready = 60 * time.Second

// start starts a server in a new directory, or in one that is kept.
func start(ctx context.Context, kept string) (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	s := &server{dir: kept, keep: kept != "", log: new(bytes.Buffer), done: make(chan struct{})}
	if s.keep {
		err = os.MkdirAll(s.dir, 0o711)
	} else {
		s.dir, err = os.MkdirTemp("", "kura-postgres-")
	}
	if err != nil {
		return nil, err
	}
	if err := s.launch(ctx, bin, as); err != nil {
		return nil, errors.Join(err, s.clean())
	}
	return s, nil
}

func (s *server) launch(ctx context.Context, bin string, as *syscall.Credential) error {
	if as != nil {
		if err := os.Chown(s.dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.dir, 0o711); err != nil { // tests that drop their privileges must reach the socket
		return err
	}
	data := filepath.Join(s.dir, "data")
	if err := s.initialise(ctx, bin, data, as); err != nil {
		return err
	}
	args := []string{"-D", data, "-k", s.dir, "-h", ""}
	for _, v := range settings {
		args = append(args, "-c", v)
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), args...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.log, s.log
	// A group of its own: Ctrl-C reaches the tests first and the server last.
	// Should this program be killed, the kernel stops the server.
	died := syscall.SIGQUIT
	if s.keep {
		died = syscall.SIGINT // what it has not written yet would be lost
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: died}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start the test server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // ProcessState tells
		close(s.done)
	}()
	return s.wait(ctx, bin)
}

// initialise makes the directory of a server's data, unless it is there.
func (s *server) initialise(ctx context.Context, bin, data string, as *syscall.Credential) error {
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		return nil
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+data, "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("make the test server's directory %s: %w\n%s", data, err, out)
	}
	return nil
}

// wait waits until the server answers.
func (s *server) wait(ctx context.Context, bin string) error {
	ctx, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	for {
		if exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "--quiet", "--host="+s.dir).Run() == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the test server ended before it was ready (%s)\n%s", s.cmd.ProcessState, s.log)
		case <-ctx.Done():
			err := context.Cause(ctx)
			_ = s.stop()
			return fmt.Errorf("the test server was not ready within %s: %w\n%s", ready, err, s.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// url is the address of the server's own database.
func (s *server) url() string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// stop ends the server at once, as nobody wants its data, and removes all of it;
// one that is kept writes all of it first.
func (s *server) stop() error {
	if s.cmd != nil {
		end := syscall.SIGQUIT
		if s.keep {
			end = syscall.SIGINT
		}
		if err := s.cmd.Process.Signal(end); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop the test server: %w", err)
		}
		<-s.done // what it says of being stopped so rudely is no news
		s.cmd = nil
	}
	return s.clean()
}

func (s *server) clean() error {
	if s.keep {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// programs is the directory of the newest PostgreSQL here. Debian keeps initdb
// and postgres out of the path.
func programs() (string, error) {
	if dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(dirs) > 0 { // the pattern is well-formed
		newest := slices.MaxFunc(dirs, func(a, b string) int { return major(a) - major(b) })
		return filepath.Dir(newest), nil
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	return "", errors.New("PostgreSQL is not installed here: run test/bootstrap as root, or install Debian's postgresql-15")
}

func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // not a number: older than all
	return n
}

// unprivileged is who the server runs as: PostgreSQL refuses root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is neither a user postgres nor nobody: PostgreSQL does not run as root")
}
