package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kura-build/kura/protocol"
)

// Config is a worker's.
type Config struct {
	Name     string // as the hub knows it
	Hub      string // https://hub.example.org
	CertFile string
	KeyFile  string
	CAFile   string
	Dir      string   // on a disk with room: roots, packages, results not yet delivered
	Capacity float64  // sum of the weights of tasks that run at a time; 0: one for each processor
	Arches   []string // that it builds natively; empty: this host's own
	Emulate  []string // processor families that it builds under qemu-user
	Limits   protocol.Limits
	CacheMax int64         // bytes of roots to keep; 0: 20 GiB
	MinFree  int64         // bytes of Dir's disk below which no work is taken; 0: 4 GiB
	Drain    time.Duration // how long running builds may go on when the worker is told to stop
	Log      *slog.Logger
}

// The limits of a task whose order and configuration say nothing.
var defaultLimits = protocol.Limits{
	Time: 24 * time.Hour, Silence: 2 * time.Hour, Log: 200 << 20, Processes: 8192, Disk: 40 << 30,
}

func (c *Config) complete() error {
	switch {
	case c.Name == "":
		return errors.New("the worker has no name: set the one that the hub knows it by")
	case !filepath.IsAbs(c.Dir):
		return fmt.Errorf("the worker's directory %q is not an absolute path", c.Dir)
	}
	if c.Capacity <= 0 {
		c.Capacity = float64(runtime.NumCPU())
	}
	if len(c.Arches) == 0 {
		c.Arches = nativeArches()
	}
	if c.MinFree == 0 {
		c.MinFree = 4 << 30
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = tighten(c.Limits, defaultLimits)
	if c.Limits.Memory == 0 {
		c.Limits.Memory = totalMemory() / 4 * 3
	}
	for _, d := range []string{c.Dir, filepath.Join(c.Dir, "tasks")} {
		if err := os.MkdirAll(d, 0o711); err != nil {
			return err
		}
	}
	return nil
}

// tighten gives the limits of one task: the order's, where it has any, but
// never above the worker's own.
func tighten(order, most protocol.Limits) protocol.Limits {
	return protocol.Limits{
		Time: least(order.Time, most.Time), Silence: least(order.Silence, most.Silence), Log: least(order.Log, most.Log),
		Memory: least(order.Memory, most.Memory), Processes: least(order.Processes, most.Processes), Disk: least(order.Disk, most.Disk),
	}
}

// least is the smaller of two limits of which 0 is none.
func least[T int64 | time.Duration](a, b T) T {
	if a <= 0 || b > 0 && b < a {
		return b
	}
	return a
}

func nativeArches() []string {
	switch runtime.GOARCH {
	case "amd64":
		return []string{"x86_64", "i686", "noarch"}
	case "arm64":
		return []string{"aarch64", "noarch"}
	}
	return []string{runtime.GOARCH, "noarch"}
}

// buildHost is what packages carry as the host they were built on.
func buildHost(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, name)
	return clean[:min(len(clean), 64)]
}
