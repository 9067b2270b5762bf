package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/worker/sandbox"
)

const gib = 1 << 30

func (d *doctor) machine() {
	d.area = "This machine"
	d.clock()
	if free, dir, err := freeBelow(d.conf.Data); err != nil {
		d.say(verdictFail, "data directory", err.Error(), "make a directory that you can write to, and name it with --data")
	} else if free < gib {
		d.say(verdictWarn, "data directory", fmt.Sprintf("%s free in %s", amount(free), dir), "free some space there, or move it to a larger disk")
	} else {
		d.say(verdictOK, "data directory", fmt.Sprintf("%s free in %s", amount(free), dir), "")
	}
}

// clock asks the kernel whether somebody keeps the clock right. Certificates,
// leases and signatures have times that other machines check.
func (d *doctor) clock() {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		d.say(verdictWarn, "clock", "the kernel does not tell whether it is kept right: "+err.Error(), "")
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		d.say(verdictWarn, "clock", "nothing keeps it right", "apt install chrony (dnf install chrony); in a container the host does it")
	default:
		d.say(verdictOK, "clock", "kept right", "")
	}
}

// freeBelow gives the space for unprivileged processes where a directory is,
// or where it would be made.
func freeBelow(dir string) (free int64, at string, err error) {
	for at = dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
	}
	if err := unix.Access(at, unix.W_OK); err != nil {
		return 0, at, fmt.Errorf("%s cannot be written to: %w", at, err)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(at, &s); err != nil {
		return 0, at, fmt.Errorf("%s: %w", at, err)
	}
	return int64(s.Bavail) * s.Bsize, at, nil
}

func (d *doctor) builder(ctx context.Context) {
	d.area = "Building"
	if os.Geteuid() != 0 {
		d.say(verdictFail, "user", "builds need root, to make namespaces and mounts; what else is missing shows only then", "run this as root: sudo kura doctor")
	} else {
		d.features(d.host())
	}
	d.features(d.programs())
	d.arches()
	d.memory()
	if free, dir, err := freeBelow(d.conf.Builder.Dir); err != nil {
		d.say(verdictFail, "disk for builds", err.Error(), "set builder.dir to a directory that root can write to")
	} else {
		state := verdictOK
		if free < 5*gib {
			state = verdictFail
		} else if free < 20*gib {
			state = verdictWarn
		}
		d.say(state, "disk for builds", fmt.Sprintf("%s free in %s; large packages need 20 GiB and more", amount(free), dir),
			"free some space, or set builder.dir to a place on a larger disk")
	}
	d.toHub(ctx)
}

// mends says how to get what a probe misses.
var mends = map[string]string{
	"namespaces, seccomp, pivot_root": "in a container, give it all of root's rights (podman run --privileged); on a host, see the message",
	"overlayfs":                       "modprobe overlay, and put the word overlay into /etc/modules-load.d/kura.conf",
	"loop devices":                    "modprobe loop; in a container, also give it /dev/loop-control and /dev/loop*",
	"cgroup controller memory":        "let systemd start kura with Delegate=yes; in a container, mount cgroups so that it can write them",
	"cgroup controller pids":          "let systemd start kura with Delegate=yes; in a container, mount cgroups so that it can write them",
	"/dev/kvm":                        "modprobe kvm_intel or kvm_amd, where the processor has it; without it, images that need a virtual machine are slow",
	"program dnf":                     "apt install dnf (dnf install dnf)",
	"program rpm":                     "apt install rpm (dnf install rpm)",
	"program git":                     "apt install git (dnf install git)",
	"program mkfs.ext4":               "apt install e2fsprogs (dnf install e2fsprogs)",
}

func (d *doctor) features(r sandbox.Report) {
	for _, f := range r {
		state := verdictOK
		if !f.Have {
			if state = verdictWarn; f.Needed {
				state = verdictFail
			}
		}
		d.say(state, f.Name, f.Detail, mends[f.Name])
	}
}

// machines is what rpm calls the processors that Go names otherwise.
var machines = map[string]string{"amd64": "x86_64", "386": "i686", "arm64": "aarch64"}

// families are the emulators' names for the processors of rpm's architectures.
var families = map[string]string{"i386": "i386", "i686": "i386", "armv7hl": "arm", "armhfp": "arm", "loongarch64": "loongarch64"}

func (d *doctor) arches() {
	native := runtime.GOARCH
	if m := machines[native]; m != "" {
		native = m
	}
	for _, a := range d.conf.Builder.Arches {
		switch {
		case a == native, a == "noarch", native == "x86_64" && (a == "i386" || a == "i686"):
			d.say(verdictOK, "architecture "+a, "this processor's", "")
		default:
			d.say(verdictFail, "architecture "+a, "this machine is "+native, "move it from builder.arches to builder.emulate, or take it out")
		}
	}
	have := sandbox.Emulators()
	for _, a := range d.conf.Builder.Emulate {
		family := a
		if f := families[a]; f != "" {
			family = f
		}
		if slices.Contains(have, family) || slices.Contains(have, a) {
			d.say(verdictOK, "emulation of "+a, "qemu-user by binfmt_misc", "")
			continue
		}
		d.say(verdictFail, "emulation of "+a, "no emulator is registered in binfmt_misc for use inside of roots (flag F)",
			"apt install qemu-user-static binfmt-support (dnf install qemu-user-static), in a container on its host")
	}
}

// memory compares what there is with what builds take: an ordinary one weighs
// 1.5 and wants 2 GiB.
func (d *doctor) memory() {
	total := int64(0)
	data, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		var kib int64
		for line := range strings.SplitSeq(string(data), "\n") {
			if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kib); err == nil {
				total = kib << 10
			}
		}
	}
	builds := max(1, int64(d.conf.Builder.Capacity/1.5))
	detail := fmt.Sprintf("%s for %d builds at once", amount(total), builds)
	switch {
	case total == 0:
		d.say(verdictWarn, "memory", "not known", "")
	case total < 2*gib:
		d.say(verdictFail, "memory", detail, "builds of ordinary packages need 2 GiB")
	case total < 2*gib*builds:
		d.say(verdictWarn, "memory", detail, fmt.Sprintf("set builder.capacity to %.1f or less", float64(total/(2*gib))*1.5))
	default:
		d.say(verdictOK, "memory", detail, "")
	}
}
