package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Feature is one thing that a build host needs or may have.
type Feature struct {
	Name   string
	Have   bool
	Needed bool   // without it nothing can be built
	Detail string // what was found, or what to do
}

// Report is what a host has.
type Report []Feature

// OK reports whether everything needed is there.
func (r Report) OK() bool {
	for _, f := range r {
		if f.Needed && !f.Have {
			return false
		}
	}
	return true
}

// Probe finds out what this host has, by trying it where that is possible.
func Probe() Report {
	var r Report
	dir, err := os.MkdirTemp("", "kura-probe-")
	if err != nil {
		return Report{{Name: "a directory to try things in", Needed: true, Detail: err.Error()}}
	}
	defer os.RemoveAll(dir)
	r = append(r, trySandbox(dir))
	if data, _ := os.ReadFile("/proc/filesystems"); !strings.Contains(string(data), "\toverlay\n") {
		r = append(r, Feature{Name: "overlayfs", Needed: true, Detail: "not in this kernel: load the module 'overlay'"})
	} else {
		r = append(r, Feature{Name: "overlayfs", Needed: true, Have: true})
	}
	if err := unix.Access("/dev/loop-control", unix.W_OK); err != nil {
		r = append(r, Feature{Name: "loop devices", Detail: "large builds need them to have a disk limit: " + err.Error()})
	} else {
		r = append(r, Feature{Name: "loop devices", Have: true})
	}
	c := openCgroups()
	r = append(r, controllerFeature("memory", c.memory, "builds can use all memory of this host"),
		controllerFeature("pids", c.pids, "processes are limited by rlimit only"))
	_, kvm := os.Stat("/dev/kvm")
	r = append(r, Feature{Name: "/dev/kvm", Have: kvm == nil})
	for _, e := range Emulators() {
		r = append(r, Feature{Name: "emulation of " + e, Have: true, Detail: "qemu-user by binfmt_misc"})
	}
	return r
}

func controllerFeature(name string, c *controller, without string) Feature {
	if c == nil {
		return Feature{Name: "cgroup controller " + name, Detail: "none: " + without}
	}
	return Feature{Name: "cgroup controller " + name, Have: true, Detail: c.kind + " at " + c.dir}
}

func trySandbox(dir string) Feature {
	f := Feature{Name: "namespaces, seccomp, pivot_root", Needed: true}
	h, err := NewHost(filepath.Join(dir, "host"))
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	s, err := h.Scratch("probe", 0)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	res, out, err := s.RunOutput(ctx, Spec{Argv: []string{"true"}, HostTools: true})
	switch {
	case err != nil:
		f.Detail = err.Error()
	case res.Exit != 0:
		f.Detail = fmt.Sprintf("a trial run ended with exit status %d: %s", res.Exit, out)
	default:
		f.Have, f.Detail = true, fmt.Sprintf("a trial run took %d ms", (res.SetUp+res.Elapsed).Milliseconds())
	}
	return f
}

// Emulators lists the processor families (as rpm names them) whose programs
// this host runs by qemu-user from inside any root: registered with binfmt_misc
// and flag F, which opens the emulator at registration.
func Emulators() []string {
	var have []string
	files, _ := filepath.Glob("/proc/sys/fs/binfmt_misc/qemu-*")
	for _, f := range files {
		data, _ := os.ReadFile(f)
		enabled := strings.HasPrefix(string(data), "enabled")
		for line := range strings.SplitSeq(string(data), "\n") {
			if flags, ok := strings.CutPrefix(line, "flags: "); ok && enabled && strings.Contains(flags, "F") {
				have = append(have, strings.TrimPrefix(filepath.Base(f), "qemu-"))
			}
		}
	}
	return have
}
