package rpm

import (
	"errors"
	"fmt"
	"io"
)

const (
	cpioMagic   = "070701"
	cpioTrailer = "TRAILER!!!"
)

// cpioWriter writes the "newc" archive that is a package's payload.
type cpioWriter struct {
	w   io.Writer
	n   int64
	err error
}

type cpioHeader struct {
	name  string
	ino   uint32
	mode  uint32
	nlink uint32
	mtime uint32
	size  int64
	rdev  uint16
}

func (c *cpioWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
	return n, err
}

func (c *cpioWriter) align() {
	if r := c.n % 4; r != 0 {
		_, _ = c.Write(make([]byte, 4-r))
	}
}

func (c *cpioWriter) header(h cpioHeader) error {
	fmt.Fprintf(c, cpioMagic+"%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		h.ino, h.mode, 0, 0, h.nlink, h.mtime, h.size, 0, 0, h.rdev>>8, h.rdev&0xff, len(h.name)+1, 0, h.name)
	c.align()
	return c.err
}

// body copies exactly size bytes: a file that changed its size on the way
// would make every later entry unreadable.
func (c *cpioWriter) body(r io.Reader, size int64) error {
	n, err := io.Copy(c, io.LimitReader(r, size))
	if err != nil {
		return err
	}
	if n < size {
		return fmt.Errorf("it has %d bytes where %d were announced", n, size)
	}
	var one [1]byte
	if m, err := r.Read(one[:]); m > 0 {
		return fmt.Errorf("it has more than the %d bytes announced", size)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c.align()
	return c.err
}

func (c *cpioWriter) trailer() error { return c.header(cpioHeader{name: cpioTrailer, nlink: 1}) }
