package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const noDevSuid = unix.MS_NOSUID | unix.MS_NODEV

// ownProc makes mounts this namespace's own affair and puts its own /proc in
// place of the host's, in which its processes have other numbers.
func ownProc() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", noDevSuid|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// buildRoot makes the root of p in this process's own mount namespace and
// moves into it. Nothing of it is seen outside, and it goes with the process.
func buildRoot(p *plan) error {
	var err error
	if p.Spec.HostTools {
		err = hostRoot(p)
	} else {
		err = mountOverlay(p.Root, p.Spec.Layers, p.Upper, p.Work)
	}
	if err != nil {
		return err
	}
	if err := furnish(p, p.Root); err != nil {
		return err
	}
	if t := p.Spec.Target; t != nil {
		dir := p.Root + TargetDir
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := mountOverlay(dir, t.Lower, t.Upper, t.Work); err != nil {
			return err
		}
		if err := furnish(p, dir); err != nil {
			return err
		}
	}
	for _, b := range p.Spec.Binds {
		if err := bind(p.Root, b); err != nil {
			return fmt.Errorf("bind %s at %s: %w", b.Source, b.Target, err)
		}
	}
	return pivot(p.Root)
}

// mountOverlay joins layers under a new upper one. volatile spares every
// fsync: what is written is thrown away, or synced once when it is finished.
func mountOverlay(at string, layers []string, upper, work string) error {
	lower := layers
	if len(lower) == 0 {
		empty := work + "-empty"
		if err := os.Mkdir(empty, 0o755); err != nil {
			return err
		}
		lower = []string{empty}
	}
	opts := "lowerdir=" + strings.Join(lower, ":") + ",upperdir=" + upper + ",workdir=" + work +
		",index=off,metacopy=off,redirect_dir=off"
	err := unix.Mount("kura", at, "overlay", noDevSuid, opts+",volatile")
	if errors.Is(err, unix.EINVAL) { // before Linux 5.10
		err = unix.Mount("kura", at, "overlay", noDevSuid, opts)
	}
	if err != nil {
		return fmt.Errorf("mount overlay at %s: %w", at, err)
	}
	return nil
}

// devices are the nodes that a root has; there is no other.
var devices = []struct {
	name         string
	major, minor uint32
}{
	{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
}

// furnish gives the root at dir its /proc and /dev. There is no /sys.
func furnish(p *plan, dir string) error {
	for _, d := range []string{"proc", "dev", "sys"} {
		if err := mkdirIn(dir, d); err != nil {
			return err
		}
	}
	if err := unix.Mount("proc", dir+"/proc", "proc", noDevSuid|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := maskProc(dir + "/proc"); err != nil {
		return err
	}
	base := strconv.FormatUint(uint64(p.UIDBase), 10)
	dev := dir + "/dev"
	if err := unix.Mount("dev", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=0755,size=64k,uid="+base+",gid="+base); err != nil {
		return fmt.Errorf("mount /dev: %w", err)
	}
	for _, d := range devices {
		node := dev + "/" + d.name
		if err := unix.Mknod(node, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return fmt.Errorf("make /dev/%s: %w", d.name, err)
		}
		if err := os.Chmod(node, 0o666); err != nil {
			return err
		}
	}
	for _, d := range []string{"pts", "shm"} {
		if err := os.Mkdir(dev+"/"+d, 0o755); err != nil {
			return err
		}
	}
	tty := strconv.FormatUint(uint64(p.UIDBase)+5, 10)
	if err := unix.Mount("devpts", dev+"/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid="+tty); err != nil {
		return fmt.Errorf("mount /dev/pts: %w", err)
	}
	shm := "mode=1777,size=" + strconv.FormatInt(p.ShmSize, 10) + ",uid=" + base + ",gid=" + base
	if err := unix.Mount("shm", dev+"/shm", "tmpfs", noDevSuid, shm); err != nil {
		return fmt.Errorf("mount /dev/shm: %w", err)
	}
	for name, to := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0",
		"stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(to, dev+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// maskProc hides the parts of /proc that tell about the host or act on it. The
// rights to most are the host's root's anyway; this is the second lock.
func maskProc(proc string) error {
	for _, f := range []string{"kcore", "keys", "key-users", "timer_list", "kallsyms", "sysrq-trigger", "config.gz", "kpagecount"} {
		err := unix.Mount("/dev/null", proc+"/"+f, "", unix.MS_BIND, "")
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("mask /proc/%s: %w", f, err)
		}
	}
	for _, d := range []string{"sys", "irq", "bus", "fs", "acpi", "scsi"} {
		err := unix.Mount(proc+"/"+d, proc+"/"+d, "", unix.MS_BIND|unix.MS_REC, "")
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err == nil {
			err = unix.Mount("", proc+"/"+d, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|noDevSuid|unix.MS_NOEXEC, "")
		}
		if err != nil {
			return fmt.Errorf("make /proc/%s read-only: %w", d, err)
		}
	}
	return nil
}

// mkdirIn makes dir/name a directory, and refuses a link that a package may
// have put there: it would be followed out of the root.
func mkdirIn(dir, name string) error {
	p := dir + "/" + name
	if err := os.Mkdir(p, 0o755); err == nil {
		return os.Lchown(p, idBase, idBase)
	}
	st, err := os.Lstat(p)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return fmt.Errorf("/%s in the root is not a directory", name)
	}
	return nil
}

// bind makes b visible below root. Its target is resolved inside root: links
// are refused on the way.
func bind(root string, b Bind) error {
	st, err := os.Stat(b.Source)
	if err != nil {
		return err
	}
	at, err := place(root, b.Target, st.IsDir())
	if err != nil {
		return err
	}
	defer unix.Close(at)
	dest := "/proc/self/fd/" + strconv.Itoa(at)
	if err := unix.Mount(b.Source, dest, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	flags := uintptr(unix.MS_BIND | unix.MS_REMOUNT | noDevSuid)
	if !b.Write {
		flags |= unix.MS_RDONLY
	}
	if !b.Exec {
		flags |= unix.MS_NOEXEC
	}
	// The descriptor still names what is below the new mount: ask again.
	on, err := openBeneath(root, b.Target, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(on)
	return unix.Mount("", "/proc/self/fd/"+strconv.Itoa(on), "", flags, "")
}

// place opens target below root, making it if it is not there.
func place(root, target string, dir bool) (int, error) {
	fd, err := openBeneath(root, target, unix.O_PATH)
	if !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	parent, name := filepath.Split(filepath.Clean(target))
	up, err := place(root, filepath.Clean(parent), true)
	if err != nil {
		return -1, err
	}
	defer unix.Close(up)
	if dir {
		err = unix.Mkdirat(up, name, 0o755)
	} else {
		err = unix.Mknodat(up, name, unix.S_IFREG|0o644, 0)
	}
	if err != nil {
		return -1, err
	}
	if err := unix.Fchownat(up, name, idBase, idBase, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return -1, err
	}
	return openBeneath(root, target, unix.O_PATH)
}

// openBeneath opens target inside root without following any link.
func openBeneath(root, target string, flags uint64) (int, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(dir)
	rel := strings.TrimPrefix(filepath.Clean("/"+target), "/")
	if rel == "" {
		rel = "."
	}
	return unix.Openat2(dir, rel, &unix.OpenHow{
		Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
}

// pivot makes root the root and lets the host's go.
func pivot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the host's root: %w", err)
	}
	return unix.Chdir("/")
}
