package line

import (
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// answer is the http.ResponseWriter of one call. It is used again for the next.
type answer struct {
	conn    *conn
	header  http.Header
	started bool
	timed   bool           // the handler said how long the client may take
	left    int64          // of the length that was promised
	chunks  io.WriteCloser // for an answer without a length
	second  int64          // of date
	date    []byte
}

func (a *answer) init(c *conn) { a.conn, a.header = c, http.Header{} }

func (a *answer) begin() {
	clear(a.header)
	a.started, a.timed, a.left, a.chunks = false, false, 0, nil
}

func (a *answer) Header() http.Header { return a.header }

// WriteHeader writes the head; errors show when it is sent.
func (a *answer) WriteHeader(status int) {
	if a.started || status < 200 {
		return
	}
	a.started = true
	w := a.conn.out
	_, _ = w.WriteString("HTTP/1.1 ")
	_, _ = w.WriteString(strconv.Itoa(status))
	_ = w.WriteByte(' ')
	_, _ = w.WriteString(http.StatusText(status))
	_, _ = w.WriteString("\r\n")
	var err error
	if a.left, err = strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err != nil {
		a.header.Del("Content-Length")
		a.header.Set("Transfer-Encoding", "chunked")
		a.chunks = httputil.NewChunkedWriter(w)
	}
	_ = a.header.Write(w)
	_, _ = w.Write(a.now())
}

// now is the head's last line and the empty one behind it.
func (a *answer) now() []byte {
	if t := time.Now(); t.Unix() != a.second {
		a.second = t.Unix()
		a.date = append(t.UTC().AppendFormat(append(a.date[:0], "Date: "...), http.TimeFormat), "\r\n\r\n"...)
	}
	return a.date
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.patience()
	if a.chunks != nil {
		return a.chunks.Write(p)
	}
	if int64(len(p)) > a.left {
		return 0, http.ErrContentLength
	}
	n, err := a.conn.out.Write(p)
	a.left -= int64(n)
	return n, err
}

// FlushError and the other two are what http.ResponseController calls.
func (a *answer) FlushError() error {
	a.WriteHeader(http.StatusOK)
	a.patience()
	return a.conn.out.Flush()
}

func (a *answer) SetWriteDeadline(t time.Time) error {
	a.timed = true
	return a.conn.nc.SetWriteDeadline(t)
}

// SetReadDeadline has nothing to do: the request has been read.
func (*answer) SetReadDeadline(time.Time) error { return nil }

// patience bounds how long the client may take, if nobody else has.
func (a *answer) patience() {
	if !a.timed {
		_ = a.SetWriteDeadline(time.Now().Add(writeTime)) // an error shows when it is written
	}
}

// finish sends what is still here; ok is false if no other answer can follow.
func (a *answer) finish() (ok bool) {
	if !a.started {
		a.header.Set("Content-Length", "0")
	}
	a.WriteHeader(http.StatusOK)
	a.patience()
	if a.chunks != nil {
		_ = a.chunks.Close() // an error shows when it is sent
		_, _ = a.conn.out.WriteString("\r\n")
	}
	return a.conn.out.Flush() == nil && a.left == 0
}
