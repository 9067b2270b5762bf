package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
)

// line is a connection that asks one question at a time. The caller shares the
// processors with the hub, so what it takes is taken off the hub's rate, and http.Client
// takes more than this.
type line struct {
	host, name string
	secret     bool
	trusted    *x509.CertPool

	conn net.Conn // nil before the first question, and when the hub has hung up
	in   *bufio.Reader
	out  *bufio.Writer
}

// post asks Koji's interface. The answer has to be read to its end and closed.
func (l *line) post(s *session, body []byte) (*http.Response, error) {
	if l.conn == nil {
		if err := l.dial(); err != nil {
			return nil, err
		}
	}
	w := l.out
	fmt.Fprintf(w, "POST /kojihub HTTP/1.1\r\nHost: %s\r\nUser-Agent: koji/1\r\nContent-Type: text/xml\r\nAccept-Encoding: gzip, deflate\r\n", l.host)
	if s != nil {
		s.calls++
		fmt.Fprintf(w, "Koji-Session-Id: %s\r\nKoji-Session-Key: %s\r\nKoji-Session-Callnum: %d\r\n", s.id, s.key, s.calls)
	}
	fmt.Fprintf(w, "Content-Length: %d\r\n\r\n", len(body))
	_, _ = w.Write(body) // the writer remembers an error
	err := w.Flush()
	var resp *http.Response
	if err == nil {
		resp, err = http.ReadResponse(l.in, nil)
	}
	if err != nil {
		l.hangUp()
		return nil, err
	}
	if resp.Close {
		resp.Body = lastBody{resp.Body, l}
	}
	return resp, nil
}

func (l *line) dial() (err error) {
	if l.conn, err = net.Dial("tcp", l.host); err != nil {
		return err
	}
	if l.secret {
		l.conn = tls.Client(l.conn, &tls.Config{RootCAs: l.trusted, ServerName: l.name})
	}
	l.in, l.out = bufio.NewReaderSize(l.conn, 64<<10), bufio.NewWriter(l.conn)
	return nil
}

func (l *line) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close() // nothing is on its way any more
		l.conn = nil
	}
}

// lastBody is the last one of a connection.
type lastBody struct {
	io.ReadCloser
	line *line
}

func (b lastBody) Close() error {
	defer b.line.hangUp()
	return b.ReadCloser.Close()
}
