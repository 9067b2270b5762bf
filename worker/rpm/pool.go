package rpm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kura-build/kura/format/rpm"
)

// pool remembers the hashes of downloaded packages. A file that has been
// hashed belongs to the host's root from then on: the resolver, which is
// nobody here, can use it and cannot change it.
type pool struct {
	mu    sync.Mutex
	known map[fileID]string
}

type fileID struct {
	dev, ino uint64
	size     int64
}

// find gives the file of r in dir and its SHA-256. By custom a package's file
// is named after it; where it is not, the headers tell.
func (p *pool) find(dir string, r row) (file, hash string, err error) {
	file = r.name + "-" + withoutEpoch(r.evr) + "." + r.arch + ".rpm"
	if filepath.Base(file) != file {
		return "", "", fmt.Errorf("the resolver names a package %q", r.nevra)
	}
	if hash, err = p.hash(filepath.Join(dir, file)); err == nil {
		return file, hash, nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.rpm"))
	if err != nil {
		return "", "", err
	}
	for _, n := range names {
		if nevraOf(n) == r.name+"-"+withoutEpoch(r.evr)+"."+r.arch {
			hash, err = p.hash(n)
			return filepath.Base(n), hash, err
		}
	}
	return "", "", fmt.Errorf("the resolver chose %s but did not fetch it", r.nevra)
}

func nevraOf(file string) string {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	p, err := rpm.Read(f)
	if err != nil {
		return ""
	}
	return p.NEVRA().NVRA()
}

func (p *pool) hash(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	id := fileID{st.Dev, st.Ino, st.Size}
	p.mu.Lock()
	h, ok := p.known[id]
	p.mu.Unlock()
	if ok && st.Uid == 0 {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // it is in use
		return h, nil
	}
	if err := f.Chown(0, 0); err != nil {
		return "", err
	}
	if err := f.Chmod(0o444); err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	h = hex.EncodeToString(sum.Sum(nil))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[fileID]string{}
	}
	p.known[id] = h
	return h, nil
}

var counter atomic.Int64

// unique gives a name part that this process has not given before.
func unique() string { return strconv.FormatInt(counter.Add(1), 10) }
