package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kura-build/kura/client"
)

// demo is one run.
type demo struct {
	ctx    context.Context
	kura   string // the program
	dir    string // everything of the demo
	data   string // the hub's data
	base   string // a base repository's address; empty: made of Debian packages
	once   bool
	start  time.Time
	step   int
	hub    *client.Hub
	server *exec.Cmd
}

func main() {
	d := &demo{start: time.Now()}
	var stop bool
	flag.StringVar(&d.kura, "kura", "bin/kura", "the program")
	flag.StringVar(&d.dir, "dir", "var/demo", "where the demo keeps everything")
	flag.StringVar(&d.base, "base", "", "address of a base repository, with $arch, in the place of one made of Debian packages")
	flag.BoolVar(&d.once, "once", false, "stop the hub at the end")
	flag.BoolVar(&stop, "stop", false, "stop the hub that an earlier demo left running")
	serve := flag.String("serve", "", "serve this directory (the demo starts itself so)")
	address := flag.String("address", "", "where to serve it")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	d.ctx = ctx
	var err error
	switch {
	case *serve != "":
		err = serveDir(ctx, *serve, *address)
	case stop:
		err = d.paths()
		if err == nil {
			err = d.stopAll()
		}
	default:
		err = d.run()
		if err != nil {
			err = errors.Join(err, d.stopAll())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// paths makes the demo's paths absolute: programs are run in several places.
func (d *demo) paths() error {
	for _, p := range []*string{&d.dir, &d.kura} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	d.data = filepath.Join(d.dir, "data")
	return nil
}

func (d *demo) run() error {
	if err := d.paths(); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return errors.New("building in clean roots needs root: run it as root")
	}
	if err := d.stopAll(); err != nil { // of an earlier demo
		return err
	}
	if err := d.clean(); err != nil {
		return err
	}
	for _, s := range []struct {
		what string
		do   func() error
	}{
		{"A new kura: one process with database, bus, store, builder and signer", d.up},
		{"A base distribution, made of Debian packages", d.distribution},
		{"Tags, a target, groups, a package and the external repository", d.tags},
		{"A dist-git repository of GNU hello, its tarball in the lookaside cache", d.sources},
		{"A build from SCM: source package in its own clean root, then the binary build", d.build},
		{"A signing key, signed packages, a signed repository", d.publish},
		{"dnf, trusting only that key, installs hello into an empty root", d.install},
	} {
		d.step++
		fmt.Printf("\n== %d. %s\n", d.step, s.what)
		began := time.Now()
		if err := s.do(); err != nil {
			return fmt.Errorf("step %d: %w", d.step, err)
		}
		fmt.Printf("   done in %.1f s\n", time.Since(began).Seconds())
	}
	return d.finish()
}

// clean forgets the hub of an earlier demo, and keeps what is costly and
// belongs to no hub: the builder's roots.
func (d *demo) clean() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range entries {
		if e.Name() == "builder" || e.Name() == "distro" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(d.dir, e.Name())); err != nil {
			return err
		}
	}
	return os.MkdirAll(d.dir, 0o755)
}

func (d *demo) finish() error {
	fmt.Printf("\nIn a browser: https://localhost:8443/ (authority: %s, the browser's certificate: %s, its password is empty)\n",
		filepath.Join(d.data, "client/ca.crt"), filepath.Join(d.data, "client/admin.p12"))
	fmt.Printf("With koji's client: koji --config %s -p local-admin buildinfo %s\n", filepath.Join(d.data, "client/koji.conf"), nvr)
	fmt.Printf("With kura's own: %s --data %s tasks\n", d.kura, d.data)
	if d.once {
		if err := d.stopAll(); err != nil {
			return err
		}
	} else {
		fmt.Println("It goes on running; stop it with: make demo-stop")
	}
	fmt.Printf("demo ok: %s built, signed, installed in %.0fs\n", nvr, time.Since(d.start).Seconds())
	return nil
}

// say tells what is being done, as the command that does the same.
func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

// exec runs a program and shows what it says only when it fails.
func (d *demo) exec(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(d.ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// background starts a program that outlives the demo, its output in a log,
// its number in a file.
func (d *demo) background(name, program string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(d.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd, os.WriteFile(d.pidFile(name), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
}

func (d *demo) pidFile(name string) string { return filepath.Join(d.dir, name+".pid") }

// stopAll ends what an earlier demo, or this one, left running.
func (d *demo) stopAll() error {
	for _, name := range []string{"kura", "base"} {
		b, err := os.ReadFile(d.pidFile(name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return fmt.Errorf("%s: %w", d.pidFile(name), err)
		}
		if d.ours(pid) {
			if err := end(pid); err != nil {
				return fmt.Errorf("stop %s (%d): %w", name, pid, err)
			}
		}
		if err := os.Remove(d.pidFile(name)); err != nil {
			return err
		}
	}
	return nil
}

// ours reports whether a process is one that the demo started: the number may
// be another's by now.
func (d *demo) ours(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(b), d.dir)
}

func end(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	for i := range 150 {
		sig := syscall.SIGTERM
		if i > 100 {
			sig = syscall.SIGKILL
		}
		if i == 0 || i == 10 || i > 100 { // the second one does not wait for builds
			if err := p.Signal(sig); err != nil {
				return nil // gone
			}
		}
		var status syscall.WaitStatus
		_, _ = syscall.Wait4(pid, &status, syscall.WNOHANG, nil) // if it is our child
		if err := p.Signal(syscall.Signal(0)); err != nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("it does not end")
}
