package rpm

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// DefaultLog is how long a log may become when the order does not say.
const DefaultLog = 200 << 20

// tailSize is how much of the end of a log that was cut is kept.
const tailSize = 64 << 10

// cutLog passes on the beginning of a log, and its end.
type cutLog struct {
	mu      sync.Mutex
	to      io.Writer
	left    int64
	lines   int // of the beginning
	max     int64
	dropped int64
	cut     bool
	tail    []byte
}

func newCutLog(to io.Writer, max int64) *cutLog {
	if max <= 0 {
		max = DefaultLog
	}
	return &cutLog{to: to, left: max, max: max}
}

func (c *cutLog) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	if k := min(int64(n), c.left); k > 0 {
		_, _ = c.to.Write(p[:k])
		c.lines += bytes.Count(p[:k], []byte("\n"))
		c.left -= k
		p = p[k:]
	}
	if len(p) == 0 {
		return n, nil
	}
	if !c.cut {
		c.cut = true
		fmt.Fprintf(c.to, "\n[kura] The log is cut here: it reached its limit of %s. Only its end is kept.\n", size(c.max))
	}
	c.dropped += int64(len(p))
	c.tail = append(c.tail, p...)
	if over := len(c.tail) - tailSize; over > 0 {
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	return n, nil
}

// place is the number of a line as people find it in the log: 0, which is
// none, for a line behind the cut.
func (c *cutLog) place(line int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut && line > c.lines {
		return 0
	}
	return line
}

// end writes the end of a log that was cut.
func (c *cutLog) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped > 0 {
		fmt.Fprintf(c.to, "[kura] %d bytes were left out. The end:\n%s", c.dropped-int64(len(c.tail)), c.tail)
		c.dropped, c.tail = 0, nil
	}
}
