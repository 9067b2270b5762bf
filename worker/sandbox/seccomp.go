package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A filter is a program for the kernel's packet-filter machine that sees the
// number and the arguments of each system call. It refuses what a build never
// needs and attacks on the kernel begin with; the rest is left to namespaces
// and capabilities, so that real test suites run.
//
// Offsets into struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offArgs = 16
)

// filter collects instructions.
type filter struct {
	code []unix.SockFilter
}

func (f *filter) add(op uint16, k uint32, jt, jf uint8) {
	f.code = append(f.code, unix.SockFilter{Code: op, Jt: jt, Jf: jf, K: k})
}

func (f *filter) load(off uint32) { f.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, off, 0, 0) }

// arg loads the low half of argument n: the machine is little-endian on every
// processor that builds here, and the flags looked at are 32 bits wide.
func (f *filter) arg(n uint32) { f.load(offArgs + 8*n) }

func (f *filter) ret(k uint32) { f.add(unix.BPF_RET|unix.BPF_K, k, 0, 0) }

func refuse(errno uint32) uint32 { return unix.SECCOMP_RET_ERRNO | errno }

// onNr returns k for the system call nr.
func (f *filter) onNr(nr, k uint32) {
	f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, nr, 0, 1)
	f.ret(k)
}

// onNrFlags returns k for nr if argument n has any of the bits; then it allows.
func (f *filter) onNrFlags(nr, n, bits, k uint32) {
	f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, nr, 0, 4)
	f.arg(n)
	f.add(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, bits, 0, 1)
	f.ret(k)
	f.ret(unix.SECCOMP_RET_ALLOW)
}

// onNrEqual returns hit for nr if argument n is one of the values, else miss.
func (f *filter) onNrEqual(nr, n uint32, values []uint32, hit, miss uint32) {
	f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, nr, 0, uint8(2*len(values)+2))
	f.arg(n)
	for _, v := range values {
		f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, v, 0, 1)
		f.ret(hit)
	}
	f.ret(miss)
}

const (
	eperm  = uint32(unix.EPERM)
	enosys = uint32(unix.ENOSYS)
	allow  = uint32(unix.SECCOMP_RET_ALLOW)
)

// namespaces are the flags of clone and unshare that make new ones.
const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME

// families of sockets that a build may open. AF_VSOCK above all is not among
// them: it is not in any namespace and reaches the machine's own hypervisor.
var families = []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}

// rules writes the filter for one table of system call numbers.
func (f *filter) rules(t *callTable) {
	f.load(offNr)
	for _, nr := range t.refused {
		f.onNr(nr, refuse(eperm))
	}
	for _, nr := range t.absent {
		f.onNr(nr, refuse(enosys))
	}
	// setns is in refused; clone3 in absent: its flags lie in memory that the
	// filter cannot see, and every libc falls back to clone.
	f.onNrFlags(t.clone, 0, namespaceFlags, refuse(eperm))
	f.onNrFlags(t.unshare, 0, namespaceFlags, refuse(eperm))
	f.onNrEqual(t.ioctl, 1, []uint32{unix.TIOCSTI, unix.TIOCLINUX}, refuse(eperm), allow)
	f.onNrEqual(t.socket, 0, families, allow, refuse(uint32(unix.EAFNOSUPPORT)))
	f.onNrEqual(t.socketpair, 0, families, allow, refuse(uint32(unix.EAFNOSUPPORT)))
	f.ret(allow)
}

// callTable holds the numbers of one processor's system calls.
type callTable struct {
	arch                                      uint32
	refused, absent                           []uint32
	clone, unshare, ioctl, socket, socketpair uint32
}

// buildFilter makes the program for this processor.
func buildFilter(arch32 bool) []unix.SockFilter {
	tables := []*callTable{nativeCalls}
	if arch32 && compatCalls != nil {
		tables = append(tables, compatCalls)
	}
	f := &filter{}
	for _, t := range tables {
		f.load(offArch)
		rules := &filter{}
		if t == nativeCalls && otherABI != 0 { // a second set of numbers for the same calls
			rules.load(offNr)
			rules.add(unix.BPF_JMP|unix.BPF_JGE|unix.BPF_K, otherABI, 0, 1)
			rules.ret(refuse(enosys))
		}
		rules.rules(t)
		f.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, t.arch, 1, 0)
		f.add(unix.BPF_JMP|unix.BPF_JA, uint32(len(rules.code)), 0, 0)
		f.code = append(f.code, rules.code...)
	}
	f.ret(refuse(enosys))
	return f.code
}

// installFilter puts the filter on this thread and all that it becomes.
func installFilter(arch32 bool) error {
	code := buildFilter(arch32)
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}
