package line

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// idleTime is how long a client may be silent between calls, headTime how long
	// it may take for a head, bodyTime for a body, and writeTime for an answer whose
	// handler sets no time of its own.
	idleTime  = 3 * time.Minute
	headTime  = 30 * time.Second
	bodyTime  = 2 * time.Minute
	writeTime = 2 * time.Minute
	// maxBody is the longest body that is read before its handler is called, keptBody
	// what a connection that is idle holds for the next one.
	maxBody  = 64 << 10
	keptBody = 4 << 10
)

// Front is a handler whose ordinary calls are answered without net/http, from the
// second one of a connection on.
type Front struct {
	path    string
	handler http.Handler
	taken   atomic.Int64 // connections
}

// New makes a front of the handler of the one path that clients call.
func New(path string, handler http.Handler) *Front { return &Front{path: path, handler: handler} }

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counted := &counted{ResponseWriter: w}
	f.handler.ServeHTTP(counted, r)
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if server == nil || !f.ordinary(r) || !finished(counted, r) {
		return
	}
	rc := http.NewResponseController(w)
	if rc.Flush() != nil {
		return
	}
	nc, buf, err := rc.Hijack()
	if err != nil {
		return
	}
	f.taken.Add(1)
	defer f.taken.Add(-1)
	c := &conn{front: f, base: r.Context(), remote: r.RemoteAddr, tls: r.TLS, nc: plain(nc), in: buf.Reader, out: buf.Writer}
	clear(r.Header) // the server holds the request for as long as this one holds the connection
	c.own()
	if c.run() {
		c.giveBack(server)
	}
}

// Wait waits until no connection is held any more, or until ctx ends. Those that
// are idle end with the context of the server's requests.
func (f *Front) Wait(ctx context.Context) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for f.taken.Load() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// ordinary reports whether a request is one that can be answered here.
func (f *Front) ordinary(r *http.Request) bool {
	return r.Method == http.MethodPost && r.ProtoMajor == 1 && r.ProtoMinor == 1 && !r.Close &&
		r.URL.Path == f.path && r.URL.Host == "" && r.Host != "" &&
		r.ContentLength >= 0 && r.ContentLength <= maxBody && len(r.TransferEncoding) == 0 &&
		r.Header["Expect"] == nil && r.Header["Upgrade"] == nil && r.Header["Trailer"] == nil
}

// finished reports whether a request was read to its end, and the answer has a
// length: then the connection stands before the next request.
func finished(w *counted, r *http.Request) bool {
	if w.Header().Get("Content-Length") != strconv.FormatInt(w.bytes, 10) || w.Header().Get("Connection") != "" {
		return false
	}
	n, err := r.Body.Read(make([]byte, 1))
	return n == 0 && err == io.EOF
}

// counted counts what is written to it.
type counted struct {
	http.ResponseWriter
	bytes int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// conn is a connection that was taken over.
type conn struct {
	front  *Front
	base   context.Context // of its first request, as are the other two
	remote string
	tls    *tls.ConnectionState
	nc     net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	head   []byte // of the present request
	body   body
	reply  answer
	watch  watch
}

// own takes the reader from net/http, which would take every error of it, a
// time that has run out too, for the client's end.
func (c *conn) own() {
	early, _ := c.in.Peek(c.in.Buffered()) // there is that much
	if len(early) == 0 {
		c.in.Reset(c.nc)
		return
	}
	c.in.Reset(&unread{Conn: c.nc, early: bytes.Clone(early)})
}

// run answers calls until there is one for net/http; back is false if the
// connection is at its end, and closed.
func (c *conn) run() (back bool) {
	defer func() {
		if !back {
			_ = c.nc.Close() // nothing is on its way any more
		}
	}()
	defer context.AfterFunc(c.base, func() { _ = c.nc.SetReadDeadline(long) })()
	c.watch.init(c)
	defer c.watch.timer.Stop()
	c.reply.init(c)
	for {
		_ = c.nc.SetReadDeadline(time.Now().Add(idleTime)) // an error shows when it is read
		if c.base.Err() != nil {
			return false
		}
		r, err := c.read()
		if err != nil {
			return errors.Is(err, errOther)
		}
		if !c.take(r) || !c.answer(r) {
			return false
		}
	}
}

// long ago: what is to be read until then is not waited for.
var long = time.Unix(1, 0)

// take reads the body of a request, for which there is room as it comes.
func (c *conn) take(r *http.Request) bool {
	n := int(r.ContentLength)
	if c.in.Buffered() < n {
		_ = c.nc.SetReadDeadline(time.Now().Add(bodyTime))
	}
	text := c.body.text[:0]
	for len(text) < n {
		if len(text) == cap(text) {
			text = slices.Grow(text, max(1<<10, len(text)))
		}
		m, err := r.Body.Read(text[len(text):min(cap(text), n)])
		text = text[:len(text)+m]
		if err != nil && len(text) < n {
			return false
		}
	}
	c.body.text = text
	c.body.Reset(text)
	r.Body = &c.body
	return true
}

// answer has the handler answer a request; ok is false if nothing can follow.
func (c *conn) answer(r *http.Request) (ok bool) {
	ctx, cancel := context.WithCancel(c.base)
	defer cancel()
	r.RemoteAddr, r.TLS = c.remote, c.tls
	c.reply.begin()
	c.watch.begin(cancel)
	defer c.watch.end()
	c.front.handler.ServeHTTP(&c.reply, r.WithContext(ctx))
	if cap(c.body.text) > keptBody {
		c.body.text = nil
		c.body.Reset(nil)
	}
	return c.reply.finish()
}
