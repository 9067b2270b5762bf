package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Run runs one program in the scratch's space and waits for it. A limit that
// stops the program is in Result.Reason; an error means that the sandbox
// itself could not be made.
func (s *Scratch) Run(ctx context.Context, spec Spec) (Result, error) {
	p, err := s.plan(spec)
	if err != nil {
		return Result{}, err
	}
	defer os.Remove(p.Root)
	limits := spec.Limits
	if s.Kind == "tmpfs" && limits.Memory > 0 {
		limits.Memory += s.size // files in memory are charged to who writes them
	}
	g, err := s.host.cgroups.newGroup(limits)
	if err != nil {
		return Result{}, fmt.Errorf("make a cgroup: %w", err)
	}
	defer g.remove()
	type answer struct {
		r   Result
		err error
	}
	done := make(chan answer, 1)
	go func() {
		// The kernel kills the child when the thread that made it ends, so
		// this thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		r, err := s.supervise(ctx, spec, p, g)
		done <- answer{r, err}
	}()
	a := <-done
	return a.r, a.err
}

// plan makes the directories of one run and says what the first stage does.
func (s *Scratch) plan(spec Spec) (plan, error) {
	s.mu.Lock()
	s.runs++
	n := strconv.Itoa(s.runs)
	s.mu.Unlock()
	p := plan{
		Root: filepath.Join(s.host.dir, "mnt", filepath.Base(s.Dir)+"-"+n), UIDBase: idBase, Builder: uint32(s.builder()),
		ShmSize: 1 << 30, MaxProcs: spec.Limits.Processes,
		Spec: planSpec{spec.Argv, spec.Env, spec.Dir, spec.Hostname, spec.Layers, spec.HostTools, spec.Target,
			spec.Binds, spec.User, spec.Network, spec.Arch32},
	}
	if m := spec.Limits.Memory / 2; m > 0 && m < p.ShmSize {
		p.ShmSize = m
	}
	if err := os.Mkdir(p.Root, 0o755); err != nil {
		return p, err
	}
	if spec.HostTools {
		return p, nil
	}
	// A new top layer for each run: only what is bound in outlives it.
	p.Upper, p.Work = filepath.Join(s.Dir, "upper-"+n), filepath.Join(s.Dir, "work-"+n)
	return p, errors.Join(MakeUpper(p.Upper), os.Mkdir(p.Work, 0o700))
}

// MakeUpper makes a directory that can be the written layer of a root.
func MakeUpper(dir string) error {
	return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755), os.Chown(dir, idBase, idBase))
}

// supervise starts the first stage and stays with it to the end.
func (s *Scratch) supervise(ctx context.Context, spec Spec, p plan, g *group) (Result, error) {
	began := time.Now()
	planR, planW, err := os.Pipe()
	if err != nil {
		return Result{}, err
	}
	defer planW.Close()
	statusR, statusW, err := os.Pipe()
	if err != nil {
		planR.Close()
		return Result{}, err
	}
	defer statusR.Close()
	outR, outW, err := os.Pipe()
	if err != nil {
		planR.Close()
		statusW.Close()
		return Result{}, err
	}
	defer outR.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{stageOne}
	cmd.Env = []string{"PATH=" + defaultPath}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = outW, outW
	cmd.ExtraFiles = []*os.File{planR, statusW}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: cloneFlags(spec)}
	err = cmd.Start()
	planR.Close()
	statusW.Close()
	outW.Close()
	if err != nil {
		return Result{}, fmt.Errorf("enter the namespaces: %w", err)
	}
	out := &output{to: spec.Output}
	drained := make(chan struct{})
	go func() { out.drain(outR); close(drained) }()
	started := make(chan string, 1)
	go func() {
		msg, _ := io.ReadAll(io.LimitReader(statusR, 8192))
		started <- string(msg)
	}()
	err = g.add(cmd.Process.Pid)
	if err == nil {
		err = json.NewEncoder(planW).Encode(p)
	}
	planW.Close()
	if err != nil {
		_ = cmd.Process.Kill()
	}
	var msg string
	select {
	case msg = <-started:
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		msg = <-started
	}
	setUp := time.Since(began)
	if msg == "" && err == nil && spec.OnStart != nil {
		spec.OnStart()
	}
	w := watch{limits: spec.Limits, out: out, group: g, scratch: s, kill: func() { _ = cmd.Process.Kill() }}
	stop := make(chan struct{})
	watched := make(chan Reason, 1)
	go func() { watched <- w.run(ctx, stop) }()
	waitErr := cmd.Wait()
	close(stop)
	reason := <-watched
	<-drained
	switch {
	case err != nil:
		return Result{}, fmt.Errorf("set up the sandbox: %w", err)
	case strings.TrimSpace(msg) != "":
		return Result{}, errors.New(strings.TrimSpace(msg))
	}
	r := Result{Reason: reason, SetUp: setUp, Elapsed: time.Since(began) - setUp, Exit: cmd.ProcessState.ExitCode()}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		r.Exit = 128 + int(ws.Signal())
	}
	if waitErr != nil {
		r.Hint = w.hint()
	}
	return r, nil
}

func cloneFlags(spec Spec) uintptr {
	f := uintptr(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP)
	if !spec.Network {
		f |= unix.CLONE_NEWNET
	}
	return f
}

// RunOutput runs spec and gives what it wrote, at most 1 MiB of it.
func (s *Scratch) RunOutput(ctx context.Context, spec Spec) (Result, []byte, error) {
	var b bytes.Buffer
	spec.Output = &capped{&b, 1 << 20}
	r, err := s.Run(ctx, spec)
	return r, b.Bytes(), err
}

// capped keeps the first n bytes and swallows the rest.
type capped struct {
	b *bytes.Buffer
	n int
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.n - c.b.Len(); room > 0 {
		c.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
