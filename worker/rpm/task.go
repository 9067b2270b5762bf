package rpm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

// task is what the two kinds of work share: a scratch, a home for the builder,
// a root, logs, and the clock.
type task struct {
	b           *Builder
	hub         Hub
	scratch     *sandbox.Scratch
	home        string // /builddir, as the host sees it
	limits      protocol.Limits
	deadline    time.Time
	began       time.Time
	rootLog     *lineLog
	buildLog    *cutLog
	checkoutLog io.Writer
	root        *cleanRoot
	record      int64
	order       protocol.Root
	time        int64 // fixed build time, 0 none
	timings     map[string]int64
}

func (b *Builder) begin(name string, root protocol.Root, l protocol.Limits, hub Hub) (*task, error) {
	t := &task{b: b, hub: hub, limits: l, began: time.Now(), order: root, timings: map[string]int64{}}
	if l.Time > 0 {
		t.deadline = t.began.Add(l.Time)
	}
	if emulated(root.Arch) && !slices.Contains(sandbox.Emulators(), root.Arch) {
		return nil, hostFault("buildroot", fmt.Errorf("it cannot run programs of %s: no qemu-user is registered", root.Arch))
	}
	var err error
	if t.scratch, err = b.host.Scratch(name, l.Disk); err != nil {
		return nil, hostFault("buildroot", err)
	}
	if t.home, err = t.scratch.Mkdir("builddir"); err != nil {
		_ = t.scratch.Close()
		return nil, hostFault("buildroot", err)
	}
	for _, d := range []string{"", "BUILD", "BUILDROOT", "RPMS", "SOURCES", "SPECS", "SRPMS"} {
		p := filepath.Join(t.home, "build", d)
		if err := errors.Join(os.Mkdir(p, 0o755), t.scratch.Give(p)); err != nil {
			_ = t.scratch.Close()
			return nil, hostFault("buildroot", err)
		}
	}
	t.rootLog = &lineLog{out: hub.Log("root.log")}
	t.buildLog = newCutLog(hub.Log("build.log"), l.Log)
	return t, nil
}

// grace is how much longer than the programs it runs a task may be at work: so
// it is told as the program's time that was over.
const grace = 20 * time.Second

// bound ends ctx when the task's time is over. Programs have limits of their
// own; this is for what the builder does itself.
func (t *task) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.deadline.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, t.deadline.Add(grace))
}

func (t *task) close() {
	t.buildLog.end()
	if t.root != nil {
		t.root.close()
	}
	_ = t.scratch.Close() // what stays is swept at the next start
}

// mark notes when something was reached, since the task's beginning.
func (t *task) mark(what string) { t.timings[what] = time.Since(t.began).Milliseconds() }

// program is a program of the root's own in the task's home.
func (t *task) program(argv ...string) sandbox.Spec {
	spec := t.b.inside(t.root.layerDirs(), t.order.Arch, argv...)
	spec.Env = append(spec.Env, envOf(t.order.Env)...)
	if t.time > 0 {
		spec.Env = append(spec.Env, "SOURCE_DATE_EPOCH="+strconv.FormatInt(t.time, 10))
	}
	spec.Binds = []sandbox.Bind{{Source: t.home, Target: "/builddir", Write: true, Exec: true}}
	spec.Limits = limits(t.limits, t.deadline, true)
	return spec
}

// login runs argv by a login shell, as mock does: packages put settings for
// builds into /etc/profile.d. The words of argv are passed as they are.
func login(argv ...string) []string {
	return append([]string{"/bin/bash", "--login", "-c", `exec "$@"`, "kura"}, argv...)
}

// rpmbuild runs rpmbuild and reads along.
func (t *task) rpmbuild(ctx context.Context, onStart func(), args ...string) (sandbox.Result, *reader, error) {
	argv := []string{"rpmbuild"}
	if t.time > 0 {
		argv = append(argv, "--define", "use_source_date_epoch_as_buildtime 1")
	}
	spec := t.program(login(append(argv, args...)...)...)
	return t.logged(ctx, spec, onStart)
}

// logged runs a program whose words go to build.log.
func (t *task) logged(ctx context.Context, spec sandbox.Spec, onStart func()) (sandbox.Result, *reader, error) {
	r := newReader(t.hub.Phase)
	fmt.Fprintf(t.buildLog, "$ %s\n", strings.Join(spec.Argv[5:], " ")) // without the login shell
	r.line++
	spec.Output, spec.OnStart = io.MultiWriter(t.buildLog, r), onStart
	res, err := t.scratch.Run(ctx, spec)
	if err != nil {
		return res, r, hostFault("buildroot", err)
	}
	return res, r, nil
}

// failed makes a failure of a run that did not end well.
func (t *task) failed(res sandbox.Result, r *reader, what string) *Failure {
	var f *Failure
	if res.Reason != sandbox.Ended {
		doing := "reading the spec file of " + what
		if r.section != "" {
			doing = "running %" + r.section + " of " + what
		}
		f = &Failure{Phase: phaseOf(r.section), Log: "build.log", Line: r.line, Cause: r.last}
		f.Message = stopped(res.Reason, limits(t.limits, t.deadline, true), doing)
		if res.Reason == sandbox.Time {
			f.Message += " (" + t.limits.Time.String() + ")"
		}
		fmt.Fprintf(t.buildLog, "\n[kura] %s.\n", f.Message)
	} else {
		f = r.failure("build.log", what)
		switch res.Hint {
		case sandbox.Disk:
			f.Message += fmt.Sprintf(" (the build's disk of %s was full)", size(t.limits.Disk))
		case sandbox.Processes:
			f.Message += fmt.Sprintf(" (it had reached its limit of %d processes)", t.limits.Processes)
		}
	}
	f.Line = t.buildLog.place(f.Line)
	f.Buildroot = t.record
	return f
}

// report tells the hub what is in the root.
func (t *task) report(ctx context.Context, state string) error {
	id, err := t.hub.Buildroot(ctx, protocol.Buildroot{
		State: state, Arch: t.order.Arch, Packages: t.root.packages(), Emulated: emulated(t.order.Arch),
		Cached: t.root.cached, Sandbox: "kura: namespaces, user ids, overlay, seccomp, no network",
		InForce: t.b.host.Limits(), HostOS: hostOS(), ReadyMS: time.Since(t.began).Milliseconds(), Container: "kura",
	})
	if err != nil {
		return err
	}
	t.record = id
	return nil
}

// fetch stores a source package that the hub named, outside of the builder's
// reach, and checks it.
func (t *task) fetch(ctx context.Context, r protocol.RemoteRPM) (string, error) {
	if !rpmName.MatchString(r.Name) {
		return "", failf("source", "The hub names a source package %q, which is no file name of one", r.Name)
	}
	dir := filepath.Join(t.scratch.Dir, "in-"+unique())
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
		return "", hostFault("source", err)
	}
	in, err := t.hub.Fetch(ctx, r.URL)
	if err != nil {
		return "", &Failure{Phase: "source", Message: "Cannot fetch " + r.Name + " from the hub: " + err.Error(), Retryable: true}
	}
	defer in.Close()
	p := filepath.Join(dir, r.Name)
	f, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", hostFault("source", err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(in, r.Size+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", hostFault("source", err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != r.SHA256 || n != r.Size {
		return "", &Failure{Phase: "source", Retryable: true, Message: fmt.Sprintf(
			"%s arrived damaged from the hub: %d bytes with SHA-256 %s, not %d with %s", r.Name, n, got, r.Size, r.SHA256)}
	}
	return p, nil
}

var rpmName = regexp.MustCompile(`^[A-Za-z0-9._+~^][A-Za-z0-9._+~^-]{0,250}\.rpm$`)

// collect copies the packages in one directory of the builder's out of its
// reach. A build can put anything there: links, pipes, devices are left.
func (t *task) collect(from, to string) ([]string, error) {
	root, err := os.OpenRoot(t.home)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var names []string
	for _, pattern := range []string{"build/" + from, "build/" + from + "/*"} {
		found, err := collectDir(root, pattern, to)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	sort.Strings(names)
	return names, nil
}

func emulated(arch string) bool {
	if arch == "noarch" || arch == hostArch {
		return false
	}
	return !(hostArch == "x86_64" && (arch32(arch) && arch != "armv7hl" || strings.HasPrefix(arch, "x86_64_v")))
}

// hostOS names the host's system, for the record.
func hostOS() string {
	data, _ := os.ReadFile("/etc/os-release")
	for line := range strings.SplitSeq(string(data), "\n") {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(v, `"`)
		}
	}
	return "Linux"
}

func envOf(m map[string]string) []string {
	var env []string
	for k, v := range m {
		if envName.MatchString(k) && !strings.Contains(v, "\x00") {
			env = append(env, k+"="+v)
		}
	}
	sort.Strings(env)
	return env
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
