package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// position is how far a browser has a log: bytes and lines.
type position struct{ offset, line int64 }

func (p position) String() string { return fmt.Sprintf("%d.%d", p.offset, p.line) }

func parsePosition(text string) (p position, err error) {
	a, b, ok := strings.Cut(text, ".")
	if ok {
		if p.offset, err = strconv.ParseInt(a, 10, 64); err == nil {
			p.line, err = strconv.ParseInt(b, 10, 64)
		}
	}
	if !ok || err != nil || p.offset < 0 || p.line < 0 {
		return p, kura.Errorf("web.live", kura.Invalid, "%.60q is no position in a log", text)
	}
	return p, nil
}

// chunk is some lines of a log as they are sent.
type chunk struct {
	First int64    `json:"first"` // number of the first line
	Lines []string `json:"lines"`
}

// maxChunk is how many lines go out in one event.
const maxChunk = 500

// liveLog streams what a log of a task grows by. A browser that comes again
// says in Last-Event-ID how far it came.
func (s *Server) liveLog(w http.ResponseWriter, r *http.Request) {
	id, err := number("task", r.PathValue("id"))
	at := r.Header.Get("Last-Event-ID")
	if at == "" {
		at = r.URL.Query().Get("at")
	}
	var pos position
	if err == nil {
		pos, err = parsePosition(at)
	}
	name := r.PathValue("name")
	if err == nil {
		_, _, err = s.growing(r.Context(), id, name)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.follow(w, r, []int64{id}, func(ctx context.Context, st *stream) (bool, error) {
		c, t, err := s.growing(ctx, id, name)
		if err != nil {
			return false, err
		}
		if c.Node.Size < pos.offset { // the task was begun anew, and its log with it
			return true, st.send("reload", "", nil)
		}
		if err := s.sendLines(ctx, st, c, &pos, t.State.Finished()); err != nil {
			return false, err
		}
		if t.State.Finished() {
			return true, st.send("end", "", taskState(t.State))
		}
		return false, nil
	})
}

// growing reads the task first: when it is over, the log is whole.
func (s *Server) growing(ctx context.Context, id int64, name string) (c *file.Content, t *task.Task, err error) {
	err = s.DB.View(ctx, func(tx *db.Tx) (err error) {
		if t, err = task.Get(ctx, tx, id); err != nil {
			return err
		}
		p, err := s.openLog(ctx, tx, taskDir(id), name)
		if err != nil {
			return err
		}
		c = p.content
		return nil
	})
	return c, t, err
}

// sendLines sends the lines behind a position and moves it. A line without its
// end waits, unless nothing more will come.
func (s *Server) sendLines(ctx context.Context, st *stream, c *file.Content, pos *position, last bool) error {
	if c.Node.Size == pos.offset {
		return nil
	}
	body := c.Open(ctx, s.Blobs)
	defer body.Close()
	if _, err := body.Seek(pos.offset, io.SeekStart); err != nil {
		return err
	}
	l := newLines(body, pos.offset)
	for {
		out := chunk{First: pos.line + 1}
		next := *pos
		end := false
		for len(out.Lines) < maxChunk {
			text, whole, err := l.next()
			if err == io.EOF || err == nil && !whole && !last { //nolint:errorlint // an EOF inside another error is not the log's end
				end = true
				break
			}
			if err != nil {
				return err
			}
			out.Lines = append(out.Lines, text)
			next = position{l.offset, next.line + 1}
		}
		if len(out.Lines) > 0 {
			if err := st.send("lines", next.String(), out); err != nil {
				return err
			}
			*pos = next
		}
		if end {
			return nil
		}
	}
}
