package worker

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

var (
	fileName = regexp.MustCompile(`^[A-Za-z0-9_+~^-][A-Za-z0-9._+~^-]*$`)
	sumText  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func checkFileName(name string) error {
	if len(name) > 255 || !fileName.MatchString(name) {
		return kura.Errorf("worker.file", kura.Invalid,
			"file name %.80q: use letters, digits and . _ + ~ ^ - only, no dot in front, at most 255 bytes", name)
	}
	return nil
}

func (c *call) number(key string) (int64, error) {
	v := c.URL.Query().Get(key)
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, kura.Errorf("worker.file", kura.Invalid, "%s=%.40q in the address is not a number from 0", key, v)
	}
	return n, nil
}

// target checks who sends what for which task, before a byte of it is read.
func (s *Server) target(c *call) (h task.Hold, name string, own Own, err error) {
	epoch, err := c.number("epoch")
	if err != nil {
		return h, "", nil, err
	}
	if h, err = c.hold(epoch); err != nil {
		return h, "", nil, err
	}
	name = c.PathValue("name")
	if err := checkFileName(name); err != nil {
		return h, "", nil, err
	}
	ctx := c.Context()
	err = s.DB.View(ctx, func(tx *db.Tx) error {
		_, err := task.Held(ctx, tx, h)
		return err
	})
	own = func(ctx context.Context, tx *db.Tx) error {
		_, err := task.Own(ctx, tx, h)
		return err
	}
	return h, name, own, err
}

func (s *Server) appendLog(c *call) (any, error) {
	h, name, own, err := s.target(c)
	if err != nil {
		return nil, err
	}
	offset, err := c.number("offset")
	if err != nil {
		return nil, err
	}
	room := s.logs.limit(h.Task, s.Limits) - offset
	if room <= 0 || c.ContentLength > room {
		return nil, kura.Errorf("worker.log", kura.TooLarge, "%s of task %d is longer than its order allows", name, h.Task)
	}
	body := &counter{r: http.MaxBytesReader(c.w, c.Body, min(room, s.Limits.Chunk))}
	size, err := s.Files.AppendLog(c.Context(), h.Task, name, offset, body, own)
	s.metrics.bytes.WithLabelValues("log").Add(float64(body.n))
	if err != nil {
		return nil, err
	}
	return protocol.LogAnswer{Size: size}, nil
}

func (s *Server) putFile(c *call) (any, error) {
	h, name, own, err := s.target(c)
	if err != nil {
		return nil, err
	}
	want := c.URL.Query().Get("sha256")
	if !sumText.MatchString(want) {
		return nil, kura.Errorf("worker.file", kura.Invalid, "sha256=%.80q in the address is not 64 hexadecimal digits", want)
	}
	if c.ContentLength > s.Limits.File {
		return nil, kura.Errorf("worker.file", kura.TooLarge, "%s is larger than %d bytes", name, s.Limits.File)
	}
	body := &counter{r: http.MaxBytesReader(c.w, c.Body, s.Limits.File)}
	sum, size, err := s.Files.PutFile(c.Context(), h.Task, name, want, body, own)
	s.metrics.bytes.WithLabelValues("file").Add(float64(body.n))
	if err != nil {
		return nil, err
	}
	if sum != want {
		return nil, kura.Errorf("worker.file", kura.Invalid, "%s of task %d arrived with sha256 %s instead of %s: send it again", name, h.Task, sum, want)
	}
	return protocol.FileAnswer{SHA256: sum, Size: size}, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// logLimits remembers how long the logs of a leased task may be. A hub that
// did not lease it itself goes by the general limit.
type logLimits struct {
	mu sync.Mutex
	m  map[int64]int64
}

// maxRemembered bounds the memory when tasks end without a word.
const maxRemembered = 100_000

func (l *logLimits) set(t *task.Task, order json.RawMessage, lim Limits) {
	var o struct {
		Limits protocol.Limits `json:"limits"`
	}
	if json.Unmarshal(order, &o) != nil || o.Limits.Log <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.m == nil || len(l.m) >= maxRemembered {
		l.m = map[int64]int64{}
	}
	l.m[t.ID] = min(o.Limits.Log+lim.Slack, lim.Log)
}

func (l *logLimits) limit(id int64, lim Limits) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, ok := l.m[id]; ok {
		return n
	}
	return lim.Log
}

func (l *logLimits) drop(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.m, id)
}
