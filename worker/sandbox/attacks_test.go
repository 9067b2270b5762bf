package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attacks are tried from inside. Each gives an error that says how it was
// refused, or nil when it got through.
var attacks = map[string]func() error{
	"mount a tmpfs":      func() error { return unix.Mount("x", "/tmp", "tmpfs", 0, "") },
	"remount /proc/sys":  func() error { return unix.Mount("", "/proc/sys", "", unix.MS_BIND|unix.MS_REMOUNT, "") },
	"unmount /proc":      func() error { return unix.Unmount("/proc", unix.MNT_DETACH) },
	"a user namespace":   cloneUser,
	"a mount namespace":  func() error { return unix.Unshare(unix.CLONE_NEWNS) },
	"enter init's":       func() error { return enter("/proc/1/ns/mnt") },
	"a device node":      func() error { return unix.Mknod("/tmp/vda", unix.S_IFBLK|0o666, int(unix.Mkdev(254, 0))) },
	"chroot":             func() error { return unix.Chroot("/tmp") },
	"become root":        func() error { return unix.Setuid(0) },
	"give a file away":   func() error { return errors.Join(os.WriteFile("/tmp/f", nil, 0o644), os.Chown("/tmp/f", 0, 0)) },
	"the keyring":        func() error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true); return err },
	"bpf":                func() error { return call(unix.SYS_BPF) },
	"perf_event_open":    func() error { return call(unix.SYS_PERF_EVENT_OPEN) },
	"userfaultfd":        func() error { return call(unix.SYS_USERFAULTFD) },
	"io_uring":           func() error { return call(unix.SYS_IO_URING_SETUP) },
	"open_by_handle_at":  func() error { return call(unix.SYS_OPEN_BY_HANDLE_AT) },
	"kexec":              func() error { return call(unix.SYS_KEXEC_LOAD) },
	"load a module":      func() error { return call(unix.SYS_FINIT_MODULE) },
	"reboot":             func() error { return call(unix.SYS_REBOOT) },
	"set the clock":      func() error { return unix.Settimeofday(&unix.Timeval{Sec: 1}) },
	"the kernel's log":   func() error { _, err := unix.Klogctl(unix.SYSLOG_ACTION_SIZE_BUFFER, nil); return err },
	"TIOCSTI":            tiocsti,
	"TIOCSTI, high bits": func() error { return ptyIoctl(1<<32 | unix.TIOCSTI) },
	"a vsock":            func() error { _, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0); return err },
	"a raw socket":       func() error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, 1); return err },
	"a packet socket":    func() error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err },
	"the network": func() error {
		_, err := net.DialTimeout("tcp", "169.254.169.254:80", time.Second)
		return err
	},
	"the host's loopback": func() error {
		_, err := net.DialTimeout("tcp", os.Getenv("HOST_LISTENS"), time.Second)
		return err
	},
	"the host's files":      func() error { _, err := os.Stat(os.Getenv("HOST_FILE")); return err },
	"the host's root":       func() error { _, err := os.ReadDir("/proc/1/root/"); return err },
	"init's environment":    func() error { _, err := os.ReadFile("/proc/1/environ"); return err },
	"init's memory":         func() error { _, err := os.OpenFile("/proc/1/mem", os.O_RDWR, 0); return err },
	"init's program":        func() error { _, err := os.Open("/proc/1/exe"); return err },
	"trace init":            func() error { return unix.PtraceAttach(1) },
	"kill init":             func() error { return unix.Kill(1, unix.SIGKILL) },
	"write /usr":            func() error { return os.WriteFile("/usr/bin/x", nil, 0o755) },
	"write the root":        func() error { return os.WriteFile("/x", nil, 0o755) },
	"overwrite the program": func() error { _, err := os.OpenFile("/attack", os.O_WRONLY, 0); return err },
	"write /proc/sys":       func() error { return os.WriteFile("/proc/sys/kernel/core_pattern", []byte("|/tmp/x"), 0) },
	"sysrq":                 func() error { return os.WriteFile("/proc/sysrq-trigger", []byte("h"), 0o200) },
	"read kernel memory":    empty("/proc/kcore"),
	"cgroup files":          func() error { _, err := os.ReadDir("/sys/fs/cgroup"); return err },
	"raise a limit": func() error {
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	},
	"a controlling tty": func() error { _, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); return err },
}

func call(nr uintptr) error {
	_, _, e := unix.Syscall6(nr, 0, 0, 0, 0, 0, 0)
	if e == 0 || e == unix.EINVAL || e == unix.EFAULT || e == unix.EBADF {
		return nil // it was let in and found its arguments wanting
	}
	return e
}

func enter(ns string) error {
	fd, err := unix.Open(ns, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Setns(fd, 0)
}

func empty(path string) func() error {
	return func() error {
		data := make([]byte, 1)
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = f.Read(data)
		return err // EOF: /dev/null stands there
	}
}

func tiocsti() error { return ptyIoctl(unix.TIOCSTI) }

// ptyIoctl makes a terminal of its own the controlling one, which is allowed,
// and pushes a byte into it.
func ptyIoctl(cmd uintptr) error {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	n := 0
	if err == nil {
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
	}
	if err == nil {
		fd, err = unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR, 0)
	}
	if err != nil {
		fmt.Println("no terminal:", err)
		os.Exit(3)
	}
	b := byte('x')
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), cmd, uintptr(unsafe.Pointer(&b)))
	if e != 0 {
		return e
	}
	return nil
}

// cloneUser makes a child in a user namespace of its own.
func cloneUser() error {
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		return e
	}
	if pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return nil
}

// attack runs inside and never returns.
func attack(name string) {
	if f, ok := attacks[name]; ok {
		if err := f(); err != nil {
			fmt.Println("refused:", err)
			os.Exit(0)
		}
		fmt.Println("it got through")
		os.Exit(1)
	}
	switch name {
	case "forks":
		for {
			pid, _, _ := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
			_ = pid
		}
	case "memory":
		var keep [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			keep = append(keep, b)
			_ = keep
		}
	case "disk":
		f, err := os.Create("/builddir/fill")
		b := make([]byte, 1<<20)
		for err == nil {
			_, err = f.Write(b)
		}
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(9)
}

func TestWhatABuildTriesIsRefused(t *testing.T) {
	w := newWorld(t)
	s := w.scratch("attacks", 64<<20)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, []byte("token"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name := range attacks {
		t.Run(name, func(t *testing.T) {
			spec := w.spec("/attack")
			spec.Env = append(spec.Env, "KURA_TEST_ATTACK="+name, "HOST_FILE="+secret, "HOST_LISTENS="+l.Addr().String())
			r, out := w.run(s, spec)
			if r.Exit != 0 || !strings.HasPrefix(out, "refused: ") {
				t.Errorf("%s: %s (exit %d)", name, out, r.Exit)
			}
		})
	}
}
