package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// idBase is the first of the user and group ids that sandboxes use on the
// host. The range lies above what systemd gives to containers and below 2^31,
// where nothing hands out ids.
const (
	idBase  = 0x7c000000
	idCount = 65536
)

// ID gives the host's number for a user id inside (not for the builder's own,
// which differs from task to task).
func ID(inside int) int { return idBase + inside }

// Host is the part of this machine that sandboxes may use.
type Host struct {
	dir     string
	cgroups *cgroups

	mu    sync.Mutex
	slots map[int]bool // builder ids in use
	inRAM int64        // bytes promised to scratches in memory
}

// NewHost takes dir, an absolute path that nobody else uses, sweeps what an
// earlier process left in it (mounts, disks, cgroups) and makes it ready.
func NewHost(dir string) (*Host, error) {
	if !filepath.IsAbs(dir) || strings.ContainsAny(dir, ":,\\\n") {
		return nil, fmt.Errorf("sandbox directory %q: give an absolute path without ':', ',' or '\\'", dir)
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("sandboxes need root: start the builder as root, it gives its rights up for builds")
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	for _, d := range []string{"scratch", "mnt"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o711); err != nil {
			return nil, err
		}
	}
	return &Host{dir: dir, cgroups: openCgroups(), slots: map[int]bool{}}, nil
}

// sweep undoes what a killed process left: processes have died with it.
func sweep(dir string) error {
	removeStaleCgroups()
	mounts, err := mountsBelow(filepath.Join(dir, "scratch"))
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if err := unix.Unmount(m, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s, left by an earlier builder: %w", m, err)
		}
	}
	for _, d := range []string{"scratch", "mnt"} {
		if err := os.RemoveAll(filepath.Join(dir, d)); err != nil {
			return fmt.Errorf("sweep %s: %w", dir, err)
		}
	}
	return nil
}

// mountsBelow lists the mount points at or below dir, the deepest first.
func mountsBelow(dir string) ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.SplitSeq(string(data), "\n") {
		f := strings.Fields(line)
		if len(f) > 4 && (f[4] == dir || strings.HasPrefix(f[4], dir+"/")) {
			found = append(found, f[4])
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(found)))
	return found, nil
}

// takeSlot reserves a builder id that no running task has.
func (h *Host) takeSlot() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := 0; ; i++ {
		if !h.slots[i] {
			h.slots[i] = true
			return i
		}
	}
}

func (h *Host) freeSlot(i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.slots, i)
}

// Limits names the limits that this host's kernel enforces.
func (h *Host) Limits() []string {
	in := []string{"time", "silence", "log", "disk"}
	if h.cgroups.memory != nil {
		in = append(in, "memory ("+h.cgroups.memory.kind+")")
	}
	if h.cgroups.pids != nil {
		return append(in, "processes ("+h.cgroups.pids.kind+")")
	}
	return append(in, "processes (rlimit)")
}
