package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

type logLine struct {
	N    int64
	Text string
}

type logPage struct {
	Name       string
	Of, OfTo   string // what it is a log of
	Raw        string // path in the tree
	Size       int64
	Lines      []logLine
	Prev, Next string
	Hidden     int64 // lines before the first shown
	Live       string
	Badge      badge

	content *file.Content
	store   blob.Store
	live    string // address of its stream, if it still grows
}

func (s *Server) taskLog(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	id, err := number("task", r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	t, err := task.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	p, err := s.openLog(ctx, tx, taskDir(id), name)
	if err != nil {
		return nil, err
	}
	p.Of, p.OfTo = fmt.Sprintf("task %d (%s)", id, t.Method), fmt.Sprintf("/tasks/%d", id)
	p.Badge = taskState(t.State)
	if !t.State.Finished() {
		p.live = fmt.Sprintf("/live/log/%d/%s", id, url.PathEscape(name))
	}
	return p, nil
}

func (s *Server) buildLog(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	b, err := find(ctx, tx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	p, err := s.openLog(ctx, tx, file.Join(b.Path(), "data/logs"), name)
	if err != nil {
		return nil, err
	}
	p.Of, p.OfTo, p.Badge = b.NVR(), fmt.Sprintf("/builds/%d", b.ID), buildState(b.State)
	return p, nil
}

// openLog finds a log. Only what is named like one is shown as text.
func (s *Server) openLog(ctx context.Context, tx *db.Tx, dir, name string) (*logPage, error) {
	if !strings.HasSuffix(name, ".log") {
		return nil, kura.Errorf("web.log", kura.NotFound, "%.200q is no log", name)
	}
	c, err := file.Read(ctx, tx, file.Join(dir, name))
	if kura.Is(err, kura.NotFound) {
		return nil, kura.Errorf("web.log", kura.NotFound, "There is no log %s; it may not have been begun yet, or was cleaned up.", name)
	}
	if err != nil {
		return nil, err
	}
	return &logPage{Name: name, Raw: file.Join(dir, name), Size: c.Node.Size, content: c, store: s.Blobs}, nil
}

// finish reads the lines to show: from a line that was asked for, else the
// last.
func (p *logPage) finish(ctx context.Context, r *http.Request) error {
	from := int64(0)
	if v := r.URL.Query().Get("from"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 {
			return kura.Errorf("web.log", kura.Invalid, "from=%.40q is not a number of a line", v)
		}
		from = n
	}
	body := p.content.Open(ctx, p.store)
	defer body.Close()
	var offset int64
	var err error
	if from > 0 {
		offset, p.Hidden, err = skipLines(body, from)
	} else {
		offset, p.Hidden, err = lastLines(body, maxShown)
	}
	if err == nil {
		_, err = body.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return kura.E("web.log", err)
	}
	l := newLines(body, offset)
	n, end := p.Hidden, offset // the last line shown, and where it ends
	for len(p.Lines) < maxShown {
		text, whole, err := l.next()
		if err == io.EOF { //nolint:errorlint // an EOF inside another error is not the log's end
			break
		}
		if err != nil {
			return kura.E("web.log", err)
		}
		if !whole && p.live != "" {
			break // its stream brings it when it is whole
		}
		n, end = n+1, l.offset
		p.Lines = append(p.Lines, logLine{n, text})
	}
	path := r.URL.EscapedPath()
	if p.Hidden > 0 {
		p.Prev = fmt.Sprintf("%s?from=%d", path, max(1, p.Hidden-maxShown+1))
	}
	if len(p.Lines) == maxShown && from > 0 && end < p.Size {
		p.Next = fmt.Sprintf("%s?from=%d", path, n+1)
	} else if p.live != "" {
		p.Live = fmt.Sprintf("%s?at=%d.%d", p.live, end, n)
	}
	return nil
}
