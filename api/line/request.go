package line

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"
)

// body is that of a request, which has been read.
type body struct {
	bytes.Reader
	text []byte
}

func (*body) Close() error { return nil }

// errOther says that the next request is none for here.
var errOther = errors.New("line: not an ordinary call")

// read takes the head of an ordinary request from the connection. With errOther
// the request is net/http's: what was taken of it is in head.
func (c *conn) read() (*http.Request, error) {
	c.head = c.head[:0]
	end, err := c.wholeHead()
	if err != nil {
		return nil, err
	}
	head, _ := c.in.Peek(end) // it is there
	c.head = append(c.head, head...)
	come := c.in.Buffered()
	r, err := http.ReadRequest(c.in)
	c.head = c.head[:come-c.in.Buffered()]
	if err != nil || !c.front.ordinary(r) || !valid(r) {
		return nil, errOther
	}
	return r, nil
}

// valid is what net/http's server makes sure of besides.
func valid(r *http.Request) bool {
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
			return false
		}
	}
	return httpguts.ValidHostHeader(r.Host)
}

// wholeHead waits until a head has come, and gives its length.
func (c *conn) wholeHead() (int, error) {
	start, limit := []byte("POST "), false
	for {
		come, _ := c.in.Peek(c.in.Buffered()) // there is that much
		head, _, whole := bytes.Cut(come, []byte("\r\n\r\n"))
		n := min(len(head), len(start))
		switch bare := bytes.Count(head, []byte("\n")) - bytes.Count(head, []byte("\r\n")); {
		case !bytes.Equal(head[:n], start[:n]), bare > 0: // other ends of lines may end the head elsewhere
			return 0, errOther
		case whole:
			return len(head) + 4, nil
		case len(come) == c.in.Size():
			return 0, errOther
		}
		if len(come) > 0 && !limit { // it has begun: now it must come
			limit = true
			_ = c.nc.SetReadDeadline(time.Now().Add(headTime)) // an error shows when it is read
		}
		if _, err := c.in.Peek(len(come) + 1); err != nil {
			return 0, err
		}
	}
}

// giveBack has the server go on with the connection as with a new one.
func (c *conn) giveBack(s *http.Server) {
	rest, _ := c.in.Peek(c.in.Buffered()) // there is that much
	_ = c.nc.SetDeadline(time.Time{})     // an error shows when it is read
	var nc net.Conn = &unread{Conn: c.nc, early: append(c.head, rest...)}
	if t, ok := c.nc.(*tls.Conn); ok {
		nc = &unreadTLS{unread{Conn: t, early: append(c.head, rest...)}}
	}
	_ = s.Serve(&single{conn: nc}) // it says that there are no more
}

// unread is a connection of which something was read too early.
type unread struct {
	net.Conn
	early []byte
}

func (u *unread) Read(p []byte) (int, error) {
	if len(u.early) == 0 {
		return u.Conn.Read(p)
	}
	n := copy(p, u.early)
	u.early = u.early[n:]
	return n, nil
}

// unreadTLS is one that says what it knows of its client.
type unreadTLS struct{ unread }

func (u *unreadTLS) ConnectionState() tls.ConnectionState {
	return u.Conn.(*tls.Conn).ConnectionState()
}

// plain is the connection itself. What was read too early has been read again
// when a request has been answered.
func plain(c net.Conn) net.Conn {
	switch u := c.(type) {
	case *unread:
		if len(u.early) == 0 {
			return u.Conn
		}
	case *unreadTLS:
		if len(u.early) == 0 {
			return u.Conn
		}
	}
	return c
}

// single is a listener that has one connection.
type single struct{ conn net.Conn }

func (s *single) Accept() (net.Conn, error) {
	c := s.conn
	if s.conn = nil; c == nil {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close closes a connection that a server did not want any more.
func (s *single) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

func (s *single) Addr() net.Addr { return &net.TCPAddr{} }
