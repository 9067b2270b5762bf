package signer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func setCredential(cmd *exec.Cmd, uid, gid uint32) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
}

// credentials asks the kernel who made the connection.
func credentials(c *net.UnixConn) (peer, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, credErr); err != nil {
		return peer{}, err
	}
	return peer{uid: cred.Uid, pid: cred.Pid}, nil
}

// lockDir makes sure that one signer works in a directory.
func lockDir(dir *os.Root) (unlock func() error, err error) {
	f, err := dir.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another signer works in %s: stop it first", dir.Name())
	}
	return f.Close, nil
}

// Harden takes from this process what a signer never needs: core dumps, being
// traced, gaining privileges, running programs, opening network sockets. It
// says what was achieved; that memory could not be locked is no error.
func Harden() ([]string, error) {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return nil, fmt.Errorf("forbid core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("forbid tracing: %w", err)
	}
	done := []string{"no core dumps", "not traceable", lockMemory()}
	if err := filterCalls(); err != nil {
		return nil, fmt.Errorf("forbid system calls: %w", err)
	}
	return append(done, "no new privileges", "no programs, no network, no tracing (seccomp)"), nil
}

// lockMemory keeps keys out of swap. With a limit on locked memory it must not
// be tried: the heap could not grow past the limit.
func lockMemory() string {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return "memory not locked: " + err.Error()
	}
	if limit.Cur != unix.RLIM_INFINITY {
		return fmt.Sprintf("memory not locked: the limit is %d bytes (LimitMEMLOCK=infinity lets it)", limit.Cur)
	}
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return "memory not locked: " + err.Error()
	}
	return "memory locked"
}

// auditArches are the kernel's names of the machines we run on, so that the
// filter is not passed by calling in another machine's manner.
var auditArches = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64, "ppc64le": unix.AUDIT_ARCH_PPC64LE,
	"s390x": unix.AUDIT_ARCH_S390X, "riscv64": unix.AUDIT_ARCH_RISCV64,
}

// Offsets in struct seccomp_data, and the flag that spreads filter and
// no_new_privs over all threads.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
	x32Bit     = 0x40000000
)

func filterCalls() error {
	arch, ok := auditArches[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("no filter is known for %s", runtime.GOARCH)
	}
	forbidden := []uint32{
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV,
		unix.SYS_PROCESS_VM_WRITEV, unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_USERFAULTFD,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_MOUNT, unix.SYS_UNSHARE,
	}
	arg0 := uint32(dataArg0)
	if runtime.GOARCH == "s390x" {
		arg0 += 4 // the low half of a 64-bit number, in big-endian order
	}
	deny := stmt(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM))
	prog := []unix.SockFilter{
		stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, dataArch),
		jump(unix.BPF_JEQ, arch, 1, 0),
		stmt(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_KILL_PROCESS),
		stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, dataNumber),
		jump(unix.BPF_JGE, x32Bit, 0, 1),
		deny,
	}
	for _, number := range forbidden {
		prog = append(prog, jump(unix.BPF_JEQ, number, 0, 1), deny)
	}
	prog = append(prog,
		jump(unix.BPF_JEQ, unix.SYS_SOCKET, 0, 3),
		stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, arg0),
		jump(unix.BPF_JEQ, unix.AF_UNIX, 1, 0),
		deny,
		stmt(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW),
	)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(prog)
	if errno != 0 {
		return errno
	}
	return nil
}

func stmt(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(code uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | code, K: k, Jt: yes, Jf: no}
}
