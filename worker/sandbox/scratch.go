package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Scratch is the throw-away space of one task. Dir is on a disk of its own
// whose size is the task's disk limit, so that a build that fills it harms
// nobody.
type Scratch struct {
	Dir  string
	Kind string // tmpfs, loop or directory: what keeps the limit
	host *Host
	slot int
	size int64
	loop string // file behind a loop device

	mu   sync.Mutex
	runs int
}

// Scratch makes the space called name (letters, digits, dashes) of at most
// limit bytes; 0 is no limit.
func (h *Host) Scratch(name string, limit int64) (*Scratch, error) {
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return nil, fmt.Errorf("scratch name %q: only a-z, 0-9 and -", name)
		}
	}
	s := &Scratch{Dir: filepath.Join(h.dir, "scratch", name), host: h, slot: h.takeSlot(), Kind: "directory"}
	if err := os.Mkdir(s.Dir, 0o711); err != nil {
		h.freeSlot(s.slot)
		return nil, err
	}
	if err := s.mount(limit); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("make room for a build in %s: %w", s.Dir, err)
	}
	return s, nil
}

// mount puts a file system of the right size on Dir: in memory if there is
// plenty, else in a file.
func (s *Scratch) mount(limit int64) error {
	if limit <= 0 {
		return nil
	}
	if s.host.reserveRAM(limit) {
		err := unix.Mount("kura-scratch", s.Dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV,
			"mode=0711,size="+strconv.FormatInt(limit, 10))
		if err == nil {
			s.Kind, s.size = "tmpfs", limit
			return nil
		}
		s.host.releaseRAM(limit)
	}
	file := s.Dir + ".img"
	if err := mountLoop(file, s.Dir, limit); err != nil {
		_ = os.Remove(file)
		return err
	}
	s.Kind, s.loop = "loop", file
	return os.Chmod(s.Dir, 0o711)
}

// reserveRAM promises memory to a scratch if all promises together stay below
// half of what the machine has, and twice as much is free now.
func (h *Host) reserveRAM(n int64) bool {
	total, free := memory()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.inRAM+n > total/2 || 2*n > free {
		return false
	}
	h.inRAM += n
	return true
}

func (h *Host) releaseRAM(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inRAM -= n
}

// Mkdir makes a directory in the scratch that belongs to the builder and gives
// its path on the host.
func (s *Scratch) Mkdir(name string) (string, error) {
	p := filepath.Join(s.Dir, filepath.Base(name))
	if err := os.Mkdir(p, 0o755); err != nil {
		return "", err
	}
	return p, s.Give(p)
}

// Give makes the builder the owner of a file that the host put in.
func (s *Scratch) Give(path string) error {
	return os.Lchown(path, s.builder(), s.builder())
}

// builder is the host's id of this scratch's builder.
func (s *Scratch) builder() int { return idBase + idCount + s.slot }

// Full reports whether the disk has no room left.
func (s *Scratch) Full() bool {
	var st unix.Statfs_t
	if unix.Statfs(s.Dir, &st) != nil {
		return false
	}
	return st.Bavail*uint64(st.Bsize) < 128<<10 || st.Files > 0 && st.Ffree < 8
}

// Used gives the bytes written to a scratch that has a limit.
func (s *Scratch) Used() int64 {
	var st unix.Statfs_t
	if s.Kind == "directory" || unix.Statfs(s.Dir, &st) != nil {
		return 0
	}
	return int64(st.Blocks-st.Bfree) * st.Bsize
}

// Close throws the space away.
func (s *Scratch) Close() error {
	defer s.host.freeSlot(s.slot)
	if s.Kind != "directory" {
		if err := unix.Unmount(s.Dir, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", s.Dir, err)
		}
	}
	if s.size > 0 {
		s.host.releaseRAM(s.size)
	}
	if s.loop != "" {
		_ = os.Remove(s.loop)
	}
	return os.RemoveAll(s.Dir)
}
