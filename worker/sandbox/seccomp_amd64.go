package sandbox

import "golang.org/x/sys/unix"

// otherABI is the first number of x32: the same calls by other numbers.
const otherABI = 0x40000000

var nativeCalls = &callTable{
	arch: unix.AUDIT_ARCH_X86_64,
	refused: []uint32{
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_SETNS,
		unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_OPEN_TREE,
		unix.SYS_MOUNT_SETATTR, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_KEXEC_LOAD,
		unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_BPF,
		unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_USERFAULTFD,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ACCT, unix.SYS_QUOTACTL,
		unix.SYS_QUOTACTL_FD, unix.SYS_SYSLOG, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_VHANGUP, unix.SYS_FANOTIFY_INIT,
	},
	absent: []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3},
	clone:  unix.SYS_CLONE, unshare: unix.SYS_UNSHARE, ioctl: unix.SYS_IOCTL, socket: unix.SYS_SOCKET, socketpair: unix.SYS_SOCKETPAIR,
}

// compatCalls are i386's, for 32-bit roots only. Its socketcall hides the
// family in memory: sockets of 32-bit programs are bounded by the network
// namespace alone.
var compatCalls = &callTable{
	arch: unix.AUDIT_ARCH_I386,
	refused: []uint32{
		21 /* mount */, 22 /* umount */, 52 /* umount2 */, 217 /* pivot_root */, 346, /* setns */
		429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 428, /* open_tree */
		442 /* mount_setattr */, 87 /* swapon */, 115 /* swapoff */, 88 /* reboot */, 283, /* kexec_load */
		128 /* init_module */, 350 /* finit_module */, 129 /* delete_module */, 357, /* bpf */
		336 /* perf_event_open */, 288 /* keyctl */, 286 /* add_key */, 287 /* request_key */, 374, /* userfaultfd */
		342 /* open_by_handle_at */, 79 /* settimeofday */, 25 /* stime */, 264 /* clock_settime */, 404, /* clock_settime64 */
		51 /* acct */, 131 /* quotactl */, 443 /* quotactl_fd */, 103 /* syslog */, 110 /* iopl */, 101, /* ioperm */
		111 /* vhangup */, 338 /* fanotify_init */, 166 /* vm86 */, 113, /* vm86old */
	},
	absent: []uint32{425, 426, 427 /* io_uring */, 435 /* clone3 */},
	clone:  120, unshare: 310, ioctl: 54, socket: 359, socketpair: 360,
}
