package sandbox

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestWhatABuildSees(t *testing.T) {
	w := newWorld(t)
	s := w.scratch("sees", 0)
	for name, c := range map[string]struct{ script, want string }{
		"its ids":          {"id -u; id -g; id -G", "1000\n1000\n1000"},
		"its own name":     {"uname -n", "kura"},
		"two processes":    {"p=(/proc/[0-9]*); echo ${#p[@]}", "2"}, // init and bash
		"the device nodes": {"ls /dev | tr '\\n' ' '", "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"},
		"no input":         {"cat; readlink /proc/self/fd/0", "/dev/null"},
		"no stray files":   {"ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3"}, // 3: ls reads the directory
		"no capabilities":  {"grep -E 'Cap(Prm|Eff|Bnd|Amb)' /proc/self/status | grep -vc 0000000000000000", "0"},
		"no new rights":    {"grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t'", "NoNewPrivs:1\nSeccomp:2"},
		"loopback is up":   {"exec 3<>/dev/udp/127.0.0.1/9 && echo up", "up"},
		"no /sys":          {"ls /sys | wc -l", "0"},
		"a shared memory":  {"echo x > /dev/shm/f && cat /dev/shm/f", "x"},
		"files of nobody":  {"touch /tmp/f; stat -c %u:%g /tmp/f", "1000:1000"},
	} {
		t.Run(name, func(t *testing.T) {
			_, out := w.run(s, w.spec("bash", "-c", c.script))
			if diff := cmp.Diff(c.want, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A build's traces are gone when the next one starts, except in what was bound.
func TestTheNextBuildSeesNothing(t *testing.T) {
	w := newWorld(t)
	first := w.scratch("first", 0)
	spec := w.spec("sh", "-c", "echo canary > /tmp/canary; echo canary > /dev/shm/canary; sleep 600 & echo canary > /var-canary 2>/dev/null; true")
	spec.OnStart = func() {}
	w.run(first, spec)
	second := w.scratch("second", 0)
	_, out := w.run(second, w.spec("sh", "-c", "cat /tmp/canary /dev/shm/canary; ps ax 2>/dev/null | grep -c '[s]leep 600'; ls "+first.Dir))
	if strings.Contains(out, "canary\n") || strings.Contains(out, "\n1\n") {
		t.Errorf("the next build saw: %s", out)
	}
	if _, err := os.Stat(filepath.Join(w.layer, "tmp/canary")); err == nil {
		t.Error("the shared layer was written to")
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	limits := Limits{Time: 30 * time.Second, Silence: 30 * time.Second, Memory: 256 << 20, Processes: 60}
	has := func(what *controller) bool { return what != nil }
	for name, c := range map[string]struct {
		argv   []string
		attack string
		change func(*Limits)
		want   Reason
		hint   bool
	}{
		"a fork bomb":        {attack: "forks", want: Processes},
		"a memory hog":       {attack: "memory", want: Memory},
		"a disk filler":      {attack: "disk", want: Disk, hint: true},
		"a stubborn one":     {argv: []string{"sh", "-c", "while :; do cat /dev/zero >> /builddir/f; done 2>/dev/null"}, want: Disk},
		"a silent one":       {argv: []string{"sleep", "600"}, change: func(l *Limits) { l.Silence = 300 * time.Millisecond }, want: Silence},
		"an endless one":     {argv: []string{"sh", "-c", "while :; do echo x; sleep 0.01; done"}, change: func(l *Limits) { l.Time = 400 * time.Millisecond }, want: Time},
		"one that forks off": {argv: []string{"sh", "-c", "setsid sleep 600 & exit 0"}, want: Ended},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == Memory && !has(w.host.cgroups.memory) || c.want == Processes && !has(w.host.cgroups.pids) {
				t.Logf("this host cannot enforce it; in force: %v", w.host.Limits())
				return
			}
			s := w.scratch(strings.ReplaceAll(name, " ", "-"), 32<<20)
			dir, err := s.Mkdir("builddir")
			if err != nil {
				t.Fatal(err)
			}
			spec := w.spec("/attack")
			if c.argv != nil {
				spec.Argv = c.argv
			}
			spec.Binds = append(spec.Binds, Bind{Source: dir, Target: "/builddir", Write: true, Exec: true})
			spec.Env = append(spec.Env, "KURA_TEST_ATTACK="+c.attack)
			spec.Limits = limits
			if c.change != nil {
				c.change(&spec.Limits)
			}
			r, out := w.run(s, spec)
			got := r.Reason
			if c.hint {
				got = r.Hint
			}
			if got != c.want {
				t.Errorf("ended for %q (hint %q, exit %d), want %q: %s", r.Reason, r.Hint, r.Exit, c.want, out)
			}
			// And the host goes on.
			if r, out := w.run(w.scratch("after-"+strings.ReplaceAll(name, " ", "-"), 0), w.spec("echo", "fine")); r.Exit != 0 || out != "fine" {
				t.Errorf("the next run: %s (exit %d)", out, r.Exit)
			}
		})
	}
}

func TestALoopDiskHasItsLimit(t *testing.T) {
	w := newWorld(t)
	dir := filepath.Join(w.host.dir, "scratch", "looped")
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	s := &Scratch{Dir: dir, Kind: "loop", host: w.host, slot: w.host.takeSlot(), loop: dir + ".img"}
	if err := mountLoop(s.loop, dir, 32<<20); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	b, err := s.Mkdir("builddir")
	if err != nil {
		t.Fatal(err)
	}
	spec := w.spec("sh", "-c", "cat /dev/zero > /builddir/f")
	spec.Binds = append(spec.Binds, Bind{Source: b, Target: "/builddir", Write: true})
	if r, out := w.run(s, spec); r.Exit == 0 || r.Hint != Disk {
		t.Errorf("exit %d, hint %q: %s", r.Exit, r.Hint, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.loop); err == nil {
		t.Error("the file behind the disk is still there")
	}
}

// Installing needs rights over files, in the target only.
func TestInstallingIntoATarget(t *testing.T) {
	w := newWorld(t)
	s := w.scratch("install", 0)
	dir := filepath.Join(s.Dir, "new")
	if err := MakeUpper(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"-work", 0o700); err != nil {
		t.Fatal(err)
	}
	r, out := w.run(s, Spec{
		Argv: []string{"sh", "-c", `set -e
echo one > /target/f; chown 12:34 /target/f; chmod 4755 /target/f
! touch /usr/x 2>/dev/null; ! mount -t tmpfs x /target/tmp 2>/dev/null; ! mknod /target/n b 254 0 2>/dev/null
! chown 0:0 /etc/hosts 2>/dev/null; ! cat /etc/shadow 2>/dev/null; ! echo x 2>/dev/null > /proc/sys/kernel/hostname
stat -c %u:%g:%a /target/f; ls /target/dev/null; id -u`},
		Env: []string{"PATH=/usr/bin:/usr/sbin"}, HostTools: true, User: Root,
		Target: &Target{Upper: dir, Work: dir + "-work"},
	})
	if want := "12:34:4755\n/target/dev/null\n0"; out != want || r.Exit != 0 {
		t.Errorf("exit %d: %s", r.Exit, out)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(dir, "f"), &st); err != nil || int(st.Uid) != ID(12) || int(st.Gid) != ID(34) {
		t.Errorf("on the host: %d:%d, %v", st.Uid, st.Gid, err)
	}
}

func TestABindNeverFollowsALinkOutOfTheRoot(t *testing.T) {
	w := newWorld(t)
	if err := os.Symlink("/etc", filepath.Join(w.layer, "builddir")); err != nil {
		t.Fatal(err)
	}
	s := w.scratch("link", 0)
	dir, err := s.Mkdir("b")
	if err != nil {
		t.Fatal(err)
	}
	spec := w.spec("true")
	spec.Binds = append(spec.Binds, Bind{Source: dir, Target: "/builddir/x", Write: true})
	if _, err := s.Run(context.Background(), spec); err == nil || !strings.Contains(err.Error(), "/builddir/x") {
		t.Errorf("got %v", err)
	}
}

func TestCancelEndsARun(t *testing.T) {
	w := newWorld(t)
	s := w.scratch("cancel", 0)
	ctx, cancel := context.WithCancel(context.Background())
	spec := w.spec("sleep", "600")
	spec.OnStart = cancel
	r, err := s.Run(ctx, spec)
	if err != nil || r.Reason != Canceled {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestASecondHostSweepsWhatWasLeft(t *testing.T) {
	w := newWorld(t)
	s, err := w.host.Scratch("left", 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mkdir("builddir"); err != nil {
		t.Fatal(err)
	}
	if _, err := NewHost(w.host.dir); err != nil {
		t.Fatal(err)
	}
	left, err := mountsBelow(w.host.dir)
	if err != nil || len(left) != 0 {
		t.Errorf("mounts left: %v, %v", left, err)
	}
	if _, err := os.Stat(s.Dir); err == nil {
		t.Error("the scratch is still there")
	}
}

// A killed builder takes its builds with it.
func TestABuildDiesWithItsBuilder(t *testing.T) {
	w := newWorld(t)
	cmd := exec.Command(w.exe, "-test.run=^TestHelperBuilder$", "-test.v")
	cmd.Env = append(os.Environ(), "KURA_TEST_BUILDER="+w.host.dir+"-2", "KURA_TEST_LAYER="+w.layer)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf, seen := make([]byte, 4096), ""
	for !strings.Contains(seen, "running") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the builder said %q: %v", seen, err)
		}
		seen += string(buf[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for exec.Command("pgrep", "-f", "^sleep 73519$").Run() == nil {
		if time.Now().After(deadline) {
			t.Fatal("the build lives on")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestHelperBuilder is the builder that is killed; on its own it does nothing.
func TestHelperBuilder(t *testing.T) {
	dir := os.Getenv("KURA_TEST_BUILDER")
	if dir == "" {
		return
	}
	h, err := NewHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Scratch("x", 0)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, host: h, layer: os.Getenv("KURA_TEST_LAYER"), exe: exe}
	spec := w.spec("sh", "-c", "sleep 73519 & echo running; wait")
	spec.Output = os.Stdout
	_, err = s.Run(context.Background(), spec)
	t.Fatal("the run ended: ", err)
}

func TestProbe(t *testing.T) {
	r := Probe()
	if !r.OK() {
		t.Errorf("this host cannot build: %+v", r)
	}
	for _, f := range r {
		t.Logf("%-32s %-5v %s", f.Name, f.Have, f.Detail)
	}
}

// What makes a sandbox must not load a library or an interpreter out of the
// root, which is foreign: here it has none at all.
func TestTheRootsOwnLibrariesAreNotTrusted(t *testing.T) {
	w := newWorld(t)
	for _, l := range []string{"lib", "lib64"} {
		_ = os.Remove(filepath.Join(w.layer, l))
	}
	_, _, err := w.scratch("bare", 0).RunOutput(context.Background(), w.spec("/attack"))
	if err != nil && !strings.HasPrefix(err.Error(), "run /attack: ") {
		t.Errorf("it got only as far as: %v", err)
	}
}
