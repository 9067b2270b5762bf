package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The names under which the program is started again inside.
const (
	stageOne = "kura-sandbox-1"
	stageTwo = "kura-sandbox-2"
)

const defaultPath = "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/bin:/sbin"

// The files that the stages are given.
const (
	planFD   = 3
	statusFD = 4
	enterFD  = 5 // of the second stage: a byte comes when the root is ready
)

// Init does nothing in an ordinary start of the program. Inside a sandbox that
// is being made, it does the stage's work and does not return. Call it first
// thing in main.
func Init() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case stageOne:
		runtime.LockOSThread()
		exit, err := stage1()
		if err != nil {
			report(err)
			exit = 125
		}
		os.Exit(exit)
	case stageTwo:
		runtime.LockOSThread()
		report(stage2())
		os.Exit(125)
	}
}

// report tells the builder why the sandbox could not be made.
func report(err error) {
	_, _ = unix.Write(statusFD, []byte(err.Error()))
}

// stage1 is the first process of the new namespaces, and stays as their init:
// when it ends, the kernel ends all others. It has the host's root rights, which
// it uses to build the root; nothing foreign runs in it.
func stage1() (int, error) {
	unix.CloseOnExec(statusFD)
	var p plan
	in := os.NewFile(planFD, "plan")
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return 0, fmt.Errorf("the builder went away: %w", err)
	}
	in.Close()
	// More likely to be killed for memory than anything of the host.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	if err := setLimits(p.MaxProcs); err != nil {
		return 0, err
	}
	if err := ownProc(); err != nil {
		return 0, err
	}
	// The second stage starts while the host's files are still in view: it must
	// not load a library, or an interpreter, that lies in the root.
	pid, enter, err := startStage2(&p)
	if err != nil {
		return 0, fmt.Errorf("enter the user namespace (is user.max_user_namespaces 0?): %w", err)
	}
	if err := buildRoot(&p); err != nil {
		return 0, err
	}
	if p.Spec.Hostname != "" {
		if err := unix.Sethostname([]byte(p.Spec.Hostname)); err != nil {
			return 0, fmt.Errorf("set the host name: %w", err)
		}
	}
	if !p.Spec.Network {
		if err := loopbackUp(); err != nil {
			return 0, fmt.Errorf("bring lo up: %w", err)
		}
	}
	// pivot_root has moved the second stage too, for its root was the old one.
	if _, err := enter.Write([]byte{1}); err != nil {
		return 0, fmt.Errorf("let the second stage go on: %w", err)
	}
	enter.Close()
	_ = unix.Close(statusFD)
	return reap(pid)
}

// reap waits for the program and for every orphan that falls to init.
func reap(pid int) (int, error) {
	for {
		var ws unix.WaitStatus
		got, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for the program: %w", err)
		case got == pid && ws.Exited():
			return ws.ExitStatus(), nil
		case got == pid && ws.Signaled():
			return 128 + int(ws.Signal()), nil
		}
	}
}

// startStage2 starts this program once more, in a user namespace in which the
// sandbox's ids stand for ids that nobody has on the host. It waits there for a
// byte in enter.
func startStage2(p *plan) (pid int, enter *os.File, err error) {
	fd, err := unix.MemfdCreate("plan", unix.MFD_CLOEXEC)
	if err != nil {
		return 0, nil, err
	}
	f := os.NewFile(uintptr(fd), "plan")
	defer f.Close()
	if err := json.NewEncoder(f).Encode(p.Spec); err != nil {
		return 0, nil, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return 0, nil, err
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	wait, enter, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer wait.Close()
	ids := []syscall.SysProcIDMap{
		{ContainerID: 0, HostID: int(p.UIDBase), Size: BuilderID},
		{ContainerID: BuilderID, HostID: int(p.Builder), Size: 1},
		{ContainerID: BuilderID + 1, HostID: int(p.UIDBase) + BuilderID + 1, Size: idCount - BuilderID - 1},
	}
	pid, err = syscall.ForkExec("/proc/self/exe", []string{stageTwo}, &syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=" + defaultPath},
		Files: []uintptr{null.Fd(), 1, 2, f.Fd(), statusFD, wait.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: unix.CLONE_NEWUSER,
			UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true,
			Credential: &syscall.Credential{Uid: 0, Gid: 0, Groups: []uint32{}},
		},
	})
	return pid, enter, err
}

// loopbackUp brings lo up: it is down in a new network namespace, and many
// test suites talk to themselves.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(req)))
	if errno != 0 {
		return errno
	}
	return nil
}

// setLimits sets what every process inherits. The number of processes is
// counted for the builder's id, which no other task has.
func setLimits(procs int64) error {
	set := func(what int, soft, hard uint64) error {
		var now unix.Rlimit
		if err := unix.Getrlimit(what, &now); err != nil {
			return err
		}
		// Root without CAP_SYS_RESOURCE may lower a limit but not raise it.
		hard = min(hard, now.Max)
		return unix.Setrlimit(what, &unix.Rlimit{Cur: min(soft, hard), Max: hard})
	}
	if procs <= 0 {
		procs = 1 << 20
	}
	err := errors.Join(set(unix.RLIMIT_CORE, 0, 0), set(unix.RLIMIT_NOFILE, 1024, 65536),
		set(unix.RLIMIT_NPROC, uint64(procs), uint64(procs)))
	if err != nil {
		return fmt.Errorf("set resource limits: %w", err)
	}
	return nil
}
