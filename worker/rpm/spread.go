package rpm

import (
	"os"

	"golang.org/x/sys/unix"
)

// topDir is ext4's mark of a directory whose subdirectories have nothing to do
// with one another (FS_TOPDIR_FL, chattr +T).
const topDir = 0x20000

// spread asks the file system to put each subdirectory of dir somewhere else.
// An ext4 without a journal gives no inode again that was freed in the last
// minutes, and looks at each of them for each new file: beside a root that was
// just thrown out, a new one takes several times as long. File systems that
// know no such mark need none.
func spread(dir string) {
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil && flags&topDir == 0 {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags|topDir)
	}
}
