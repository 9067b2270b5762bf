package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// cgroups finds the controllers that this host really has. A host may have
// version 1, version 2, or both with the controllers on either side.
type cgroups struct {
	memory *controller
	pids   *controller
	next   atomic.Int64
}

// controller is one controller and the directory in which our groups are made.
type controller struct {
	name string
	kind string // "cgroup v1" or "cgroup v2"
	dir  string
}

// groupPrefix begins the name of each group of ours, followed by the pid of
// its owner: so a later process knows which ones nobody needs.
const groupPrefix = "kura-"

func openCgroups() *cgroups {
	c := &cgroups{}
	for _, x := range ownGroups() {
		switch {
		case x.name == "memory" && c.memory == nil:
			c.memory = &x
		case x.name == "pids" && c.pids == nil:
			c.pids = &x
		}
	}
	return c
}

// ownGroups lists the memory and pids controllers with this process's own
// group in each, version 2 first.
func ownGroups() []controller {
	mounts := cgroupMounts()
	f, err := os.Open("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	defer f.Close()
	var v1, v2 []controller
	for s := bufio.NewScanner(f); s.Scan(); {
		parts := strings.SplitN(s.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if parts[1] == "" && mounts["v2"] != "" {
			v2 = delegated(filepath.Join(mounts["v2"], parts[2]))
			continue
		}
		for name := range strings.SplitSeq(parts[1], ",") {
			if (name == "memory" || name == "pids") && mounts[name] != "" {
				v1 = append(v1, controller{name: name, kind: "cgroup v1", dir: filepath.Join(mounts[name], parts[2])})
			}
		}
	}
	return append(v2, v1...)
}

// cgroupMounts maps "v2" and the names of version 1 controllers to mount points.
func cgroupMounts() map[string]string {
	found := map[string]string{}
	data, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.SplitSeq(string(data), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		switch f[2] {
		case "cgroup2":
			found["v2"] = f[1]
		case "cgroup":
			for o := range strings.SplitSeq(f[3], ",") {
				found[o] = f[1]
			}
		}
	}
	return found
}

// delegated switches the controllers on for the children of a version 2 group.
// A group with processes of its own must not have such children, so this
// process moves into a leaf if it has to.
func delegated(dir string) []controller {
	data, _ := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	has := strings.Fields(string(data))
	var got []controller
	for _, name := range []string{"memory", "pids"} {
		if !contains(has, name) {
			continue
		}
		on := filepath.Join(dir, "cgroup.subtree_control")
		err := os.WriteFile(on, []byte("+"+name), 0)
		if errors.Is(err, unix.EBUSY) {
			leaf := filepath.Join(dir, "kura-main")
			_ = os.Mkdir(leaf, 0o755)
			_ = os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0)
			err = os.WriteFile(on, []byte("+"+name), 0)
		}
		if err == nil {
			got = append(got, controller{name: name, kind: "cgroup v2", dir: dir})
		}
	}
	return got
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// group is the cgroup of one run.
type group struct {
	memory, pids string // directories; empty if the host has no controller
	v2mem        bool
	maxPids      int64
}

// newGroup makes a group with the limits.
func (c *cgroups) newGroup(l Limits) (*group, error) {
	name := fmt.Sprintf("%s%d-%d", groupPrefix, os.Getpid(), c.next.Add(1))
	g := &group{maxPids: l.Processes}
	if c.memory != nil {
		g.memory, g.v2mem = filepath.Join(c.memory.dir, name), c.memory.kind == "cgroup v2"
		if err := os.Mkdir(g.memory, 0o755); err != nil {
			return nil, err
		}
	}
	if c.pids != nil {
		g.pids = filepath.Join(c.pids.dir, name)
		if err := os.Mkdir(g.pids, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			g.remove()
			return nil, err
		}
	}
	if err := g.limit(l); err != nil {
		g.remove()
		return nil, err
	}
	return g, nil
}

func (g *group) limit(l Limits) error {
	set := func(dir, file string, n int64) error {
		return os.WriteFile(filepath.Join(dir, file), []byte(strconv.FormatInt(n, 10)), 0)
	}
	if g.memory != "" && l.Memory > 0 {
		if g.v2mem {
			if err := set(g.memory, "memory.max", l.Memory); err != nil {
				return err
			}
			_ = set(g.memory, "memory.swap.max", 0)  // not there without swap
			_ = set(g.memory, "memory.oom.group", 1) // all die, not just one
		} else {
			if err := set(g.memory, "memory.limit_in_bytes", l.Memory); err != nil {
				return err
			}
			_ = set(g.memory, "memory.memsw.limit_in_bytes", l.Memory)
		}
	}
	if g.pids != "" && l.Processes > 0 {
		return set(g.pids, "pids.max", l.Processes)
	}
	return nil
}

// add puts a process, and so all its children to come, into the group.
func (g *group) add(pid int) error {
	for _, dir := range []string{g.memory, g.pids} {
		if dir == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return err
		}
	}
	return nil
}

// killedForMemory reports whether the kernel killed for want of memory.
func (g *group) killedForMemory() bool {
	if g.memory == "" {
		return false
	}
	file := "memory.oom_control"
	if g.v2mem {
		file = "memory.events"
	}
	return counter(filepath.Join(g.memory, file), "oom_kill") > 0
}

// forksRefused counts the forks that the limit refused.
func (g *group) forksRefused() int64 {
	if g.pids == "" {
		return 0
	}
	return counter(filepath.Join(g.pids, "pids.events"), "max")
}

// crowded reports whether the group is at its limit of processes.
func (g *group) crowded() bool {
	if g.pids == "" || g.maxPids == 0 {
		return false
	}
	data, _ := os.ReadFile(filepath.Join(g.pids, "pids.current"))
	n, _ := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n >= g.maxPids-g.maxPids/50
}

func counter(file, key string) int64 {
	data, _ := os.ReadFile(file)
	for line := range strings.SplitSeq(string(data), "\n") {
		if v, ok := strings.CutPrefix(line, key+" "); ok {
			n, _ := strconv.ParseInt(v, 10, 64)
			return n
		}
	}
	return 0
}

// remove takes the group away. Dead processes leave it a moment after their
// parent has been told.
func (g *group) remove() {
	for _, dir := range []string{g.memory, g.pids} {
		for i := 0; dir != "" && i < 100; i++ {
			if err := os.Remove(dir); err == nil || errors.Is(err, os.ErrNotExist) {
				break
			}
			time.Sleep(time.Duration(i) * time.Millisecond)
		}
	}
}

// removeStaleCgroups takes away the empty groups of owners that are gone.
func removeStaleCgroups() {
	for _, c := range ownGroups() {
		dirs, _ := filepath.Glob(filepath.Join(c.dir, groupPrefix+"[0-9]*-[0-9]*"))
		for _, d := range dirs {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(d), groupPrefix), "-")
			pid, err := strconv.Atoi(owner)
			if err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
				_ = os.Remove(d)
			}
		}
	}
}
