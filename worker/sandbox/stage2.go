package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// installing are the capabilities of Root: over files and ids of the sandbox's
// own user namespace, nothing of the host's.
var installing = []uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL,
	unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SETFCAP, unix.CAP_SYS_CHROOT,
}

// stage2 runs in the user namespace. It gives up what the program must not
// have and becomes the program.
func stage2() error {
	unix.CloseOnExec(statusFD)
	var s planSpec
	in := os.NewFile(planFD, "plan")
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	in.Close()
	enter := os.NewFile(enterFD, "enter")
	if n, err := enter.Read(make([]byte, 1)); n != 1 {
		return fmt.Errorf("the first stage ended: %w", err)
	}
	enter.Close()
	// Its input so far is the host's /dev/null, an open way to the host's /dev.
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup3(null, 0, 0)
	}
	if err != nil {
		return fmt.Errorf("take the root's /dev/null for input: %w", err)
	}
	// Descriptors that the builder leaked would be doors.
	if err := unix.CloseRange(statusFD+1, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		closeFrom(statusFD + 1)
	}
	unix.Umask(0o022)
	if err := dropRights(s.User); err != nil {
		return fmt.Errorf("drop rights: %w", err)
	}
	if s.Arch32 {
		if _, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, 0x0008, 0, 0); errno != 0 {
			return fmt.Errorf("set the 32-bit personality: %w", errno)
		}
	}
	dir := s.Dir
	if dir == "" {
		dir = "/"
	}
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("enter the working directory: %w", err)
	}
	prog, err := lookPath(s.Argv[0], s.Env)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if err := installFilter(s.Arch32); err != nil {
		return fmt.Errorf("install the seccomp filter: %w", err)
	}
	return fmt.Errorf("run %s: %w", s.Argv[0], syscall.Exec(prog, s.Argv, s.Env))
}

func closeFrom(first int) {
	names, _ := os.ReadDir("/proc/self/fd")
	for _, n := range names {
		var fd int
		if _, err := fmt.Sscan(n.Name(), &fd); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
}

// dropRights leaves this thread with the rights of u. It is the thread that
// becomes the program.
func dropRights(u User) error {
	keep := map[uintptr]bool{}
	var mask [2]uint32
	if u == Root {
		for _, c := range installing {
			keep[c] = true
			mask[c/32] |= 1 << (c % 32)
		}
	}
	for c := uintptr(0); c < 64; c++ {
		if keep[c] {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: a number that this kernel does not know
			return err
		}
	}
	if u == Builder {
		for _, set := range []func() syscall.Errno{
			func() syscall.Errno { _, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); return e },
			func() syscall.Errno {
				_, _, e := unix.RawSyscall(unix.SYS_SETRESGID, BuilderID, BuilderID, BuilderID)
				return e
			},
			func() syscall.Errno {
				_, _, e := unix.RawSyscall(unix.SYS_SETRESUID, BuilderID, BuilderID, BuilderID)
				return e
			},
		} {
			if e := set(); e != 0 {
				return e
			}
		}
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{}
	for i := range data {
		data[i] = unix.CapUserData{Effective: mask[i], Permitted: mask[i]}
	}
	return unix.Capset(&head, &data[0])
}

// lookPath finds a program in the PATH of env, inside the root.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	dirs := defaultPath
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			dirs = v
		}
	}
	for d := range strings.SplitSeq(dirs, ":") {
		p := path.Join(d, name)
		if unix.Access(p, unix.X_OK) == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("run %s: not found in the root's %s", name, dirs)
}
