package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	_ "github.com/jackc/pgx/v5/stdlib" // makes the hub's database

	"github.com/kura-build/kura/client"
)

const hubConfig = `organization = "bench"
[listen]
web = "localhost:%d"
certificate = "localhost:%d"
[database]
url = %q
[sources]
allowed_scms = "localhost:/rpms/*"
[builder]
enabled = false
[signer]
per_minute = 1000000
[log]
level = "warn"
`

// hub is a kura that runs beside this program, with an administrator's session.
type hub struct {
	*client.Hub
	b       *bench
	dir     string
	url     string
	records string // the address of its database
	profile *client.Profile
	cmd     *exec.Cmd
	log     *bytes.Buffer
}

// database is one that a hub can use.
type database struct{ name, url string }

// databases are SQLite and, where there is one, PostgreSQL.
func (b *bench) databases() ([]database, func(), error) {
	list := []database{{"sqlite", ""}}
	server := os.Getenv("KURA_TEST_POSTGRES")
	if server == "" {
		fmt.Println("# no PostgreSQL: KURA_TEST_POSTGRES is not set")
		return list, func() {}, nil
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("kura_bench_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(b.ctx, "CREATE DATABASE "+name); err != nil {
		return nil, nil, fmt.Errorf("create a database at KURA_TEST_POSTGRES: %w", errors.Join(err, admin.Close()))
	}
	u, err := url.Parse(server)
	if err != nil {
		return nil, nil, err
	}
	u.Path = "/" + name
	return append(list, database{"postgres", u.String()}), func() {
		_, _ = admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		_ = admin.Close()
	}, nil
}

// each runs a part on a new hub for each database.
func (b *bench) each(run func(h *hub, db string) error) error {
	list, drop, err := b.databases()
	if err != nil {
		return err
	}
	defer drop()
	for _, d := range list {
		h, err := b.start(d)
		if err == nil {
			err = run(h, d.name)
			err = errors.Join(err, h.end(err != nil))
		}
		if err != nil {
			return fmt.Errorf("on %s: %w", d.name, err)
		}
	}
	return nil
}

// start makes a hub and waits until it answers.
func (b *bench) start(d database) (*hub, error) {
	if err := b.program(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "hub-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the signer is another user
		return nil, err
	}
	web, cert, err := twoPorts()
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf(hubConfig, web, cert, d.url)
	if err := os.WriteFile(filepath.Join(dir, "kura.toml"), []byte(conf), 0o600); err != nil {
		return nil, err
	}
	h := &hub{b: b, dir: dir, url: fmt.Sprintf("https://localhost:%d", cert), log: &bytes.Buffer{}}
	if h.records = d.url; h.records == "" {
		h.records = "sqlite:" + filepath.Join(dir, "db", "kura.db")
	}
	if err := h.kura("init", "--data", dir, "--silent"); err != nil {
		return nil, err
	}
	if err := h.up(); err != nil {
		return nil, err
	}
	if h.profile, err = client.Load(client.Where{Data: dir, Profile: "local-admin"}); err == nil {
		err = h.login()
	}
	if err != nil {
		return nil, errors.Join(err, h.end(true))
	}
	return h, nil
}

func (h *hub) up() error {
	h.cmd = exec.Command(h.b.kura, "up", "--data", h.dir)
	h.cmd.Stdout, h.cmd.Stderr = h.log, h.log
	return h.cmd.Start()
}

// again stops the hub and gives how long it takes from its next start to its
// first answer.
func (h *hub) again() (time.Duration, error) {
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	if err := h.cmd.Wait(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := h.up(); err != nil {
		return 0, err
	}
	for {
		c, err := h.session(false)
		if err != nil {
			return 0, err
		}
		_, err = c.Call(h.b.ctx, "getAPIVersion")
		c.Close()
		switch {
		case err == nil:
			return time.Since(began), nil
		case h.b.ctx.Err() != nil || time.Since(began) > 30*time.Second:
			return 0, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (h *hub) login() (err error) {
	ctx, cancel := context.WithTimeout(h.b.ctx, 30*time.Second)
	defer cancel()
	for {
		if h.Hub, err = h.session(true); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// session is a new caller of the hub.
func (h *hub) session(login bool) (*client.Hub, error) {
	c, err := client.New(h.profile)
	if err == nil && login {
		err = c.Login(h.b.ctx)
	}
	return c, err
}

// end stops the hub; it says what it had said where something went wrong.
func (h *hub) end(wrong bool) error {
	if h.Hub != nil {
		h.Close()
	}
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { _ = h.cmd.Process.Kill() })
	defer timer.Stop()
	err := h.cmd.Wait()
	if err != nil || wrong {
		fmt.Fprintf(os.Stderr, "the hub ended (%v); it said:\n%s", err, h.log)
	}
	return os.RemoveAll(h.dir)
}

// program builds the hub that is measured, unless one is named.
func (b *bench) program() error {
	if b.kura != "" {
		return nil
	}
	out := filepath.Join(b.dir, "kura")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-o", out, "github.com/kura-build/kura/cmd/kura")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build kura: %w: %s: run this in kura's sources, or name the program with -kura", err, text)
	}
	b.kura = out
	return nil
}

// kura runs one of the program's commands.
func (h *hub) kura(args ...string) error {
	text, err := exec.CommandContext(h.b.ctx, h.b.kura, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kura %s: %w: %s", args[0], err, text)
	}
	return nil
}

// cpu is the processor time that the hub has used.
func (h *hub) cpu() time.Duration { return processTime(h.cmd.Process.Pid) }

func processTime(pid int) time.Duration { return ticks(pid, 11) }

// ticks is the time that stands in a process's statistics in two places, of the
// program and of the kernel for it, the first of them so many behind its name.
func ticks(pid, at int) time.Duration {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	if len(f) < at+2 {
		return 0
	}
	user, _ := strconv.Atoi(f[at])
	system, _ := strconv.Atoi(f[at+1])
	return time.Duration(user+system) * 10 * time.Millisecond // Linux's clock tick towards programs
}

// twoPorts finds ports that nobody listens on.
func twoPorts() (int, int, error) {
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			return 0, 0, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1], nil
}

// tags makes what a build needs of a hub, and a repository. It gives the
// repository's number.
func (h *hub) tags() (int64, error) {
	for _, c := range []client.Invocation{
		client.Do("createTag", "bench", client.Keywords{"arches": "x86_64"}),
		client.Do("createTag", "bench-build", client.Keywords{"parent": "bench", "arches": "x86_64"}),
		client.Do("createBuildTarget", "bench", "bench-build", "bench"),
		client.Do("groupListAdd", "bench-build", "srpm-build"),
		client.Do("groupPackageListAdd", "bench-build", "srpm-build", "bash"),
	} {
		if _, err := h.Call(h.b.ctx, c.Method, c.Args...); err != nil {
			return 0, err
		}
	}
	if err := h.newRepo(); err != nil {
		return 0, err
	}
	v, err := h.Call(h.b.ctx, "getRepo", "bench-build")
	if err != nil {
		return 0, err
	}
	return client.AsMap(v).Int("id"), nil
}

// newRepo makes a repository of the build tag and waits for it.
func (h *hub) newRepo() error {
	id, err := h.Int(h.b.ctx, "newRepo", "bench-build")
	if err != nil {
		return err
	}
	for {
		v, err := h.Call(h.b.ctx, "getTaskInfo", id)
		if err != nil {
			return err
		}
		switch client.AsMap(v).Int("state") {
		case 2:
			return nil
		case 3, 5:
			_, err := h.Call(h.b.ctx, "getTaskResult", id)
			return fmt.Errorf("newRepo task %d did not end well: %w", id, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// many calls something for 0 to n-1, from as many sides at once.
func (b *bench) many(sides, n int, do func(side, i int) error) error {
	g, ctx := errgroup.WithContext(b.ctx)
	for side := range sides {
		g.Go(func() error {
			for i := side; i < n; i += sides {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err := do(side, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}
