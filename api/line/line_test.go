package line

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// world is a server with a front, whose handler says by whom it was called.
type world struct {
	*httptest.Server
	front  *Front
	stop   context.CancelFunc
	called chan string // gets what a slow handler found
}

func newWorld(t *testing.T, secret bool) *world {
	t.Helper()
	w := &world{called: make(chan string, 1)}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	w.front = New("/call", http.HandlerFunc(w.serve))
	mux := http.NewServeMux()
	mux.Handle("/call", w.front)
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "other %t", r.TLS != nil) })
	w.Server = httptest.NewUnstartedServer(mux)
	w.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	if secret {
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(func() {
		stop()
		w.Close()
	})
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	by := "http"
	if _, ok := rw.(*answer); ok {
		by = "line"
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	switch r.Header.Get("Do") {
	case "stream":
		for range 3 {
			_, _ = rw.Write(bytes.Repeat([]byte("s"), 5000))
			_ = http.NewResponseController(rw).Flush()
		}
		return
	case "nothing":
		return
	case "little":
		rw.Header().Set("Content-Length", "10")
		_, _ = rw.Write([]byte("little"))
		return
	case "panic":
		panic(http.ErrAbortHandler)
	case "wait":
		select {
		case <-r.Context().Done():
			w.called <- "gone"
		case <-time.After(20 * time.Second):
			w.called <- "waited"
		}
	case "nap":
		time.Sleep(watchAfter + 50*time.Millisecond)
	}
	said := fmt.Sprintf("%s %s %t %s", by, text, r.TLS != nil, r.RemoteAddr)
	rw.Header().Set("Content-Type", "text/plain")
	rw.Header().Set("Content-Length", fmt.Sprint(len(said)))
	_, _ = rw.Write([]byte(said))
}

// client is one connection.
type client struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (w *world) dial(t *testing.T) *client {
	t.Helper()
	c, err := net.Dial("tcp", w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second)) // if all is right nobody waits for it
	if w.TLS != nil && len(w.TLS.Certificates) > 0 {
		c = tls.Client(c, &tls.Config{RootCAs: w.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"})
	}
	return &client{t, c, bufio.NewReader(c)}
}

// send sends pieces so that they are read one by one.
func (c *client) send(pieces ...string) {
	c.t.Helper()
	for i, p := range pieces {
		if i > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := io.WriteString(c, p); err != nil {
			c.t.Fatal(err)
		}
	}
}

// hear reads an answer.
func (c *client) hear() (*http.Response, string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r, string(body)
}

// heard expects an answer of the handler.
func (c *client) heard(by, text string) {
	c.t.Helper()
	_, secret := c.Conn.(*tls.Conn)
	want := fmt.Sprintf("%s %s %t %s", by, text, secret, c.LocalAddr())
	if _, got := c.hear(); got != want {
		c.t.Fatalf("the answer is %q, want %q", got, want)
	}
}

// ended expects nothing but the end of the connection.
func (c *client) ended() {
	c.t.Helper()
	if n, err := io.Copy(io.Discard, c.in); n > 0 || isTimeout(err) {
		c.t.Fatalf("%d bytes and %v instead of an end", n, err)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func post(text string, headers ...string) string {
	head := strings.Join(append([]string{"POST /call HTTP/1.1", "Host: example.com"}, headers...), "\r\n")
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(text), text)
}

func both(t *testing.T, test func(t *testing.T, w *world)) {
	for _, secret := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%t", secret), func(t *testing.T) { test(t, newWorld(t, secret)) })
	}
}

func TestOrdinary(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		c.send(post("one"))
		c.heard("http", "one")
		for _, text := range []string{"two", "", strings.Repeat("x", maxBody), "three"} {
			c.send(post(text))
			c.heard("line", text)
		}
		whole := post("in pieces")
		c.send(whole[:len(whole)-9], "in ", "pieces") // the body comes later
		c.heard("line", "in pieces")
		c.send(post("at") + post("once"))
		c.heard("line", "at")
		c.heard("line", "once")
		c.send(post("nap", "Do: nap")) // is watched meanwhile
		c.heard("line", "nap")
		c.send(post("nap", "Do: nap")+post("and what came")[:30], post("and what came")[30:])
		c.heard("line", "nap")
		c.heard("line", "and what came")
		c.send(whole[:1], whole[1:20], whole[20:])
		c.heard("line", "in pieces")
	})
}

// TestOthers sends in between what is for net/http.
func TestOthers(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.taken(t)
		for range 3 {
			c.send("POST /call HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nother\r\n0\r\n\r\n")
			c.heard("http", "other")
			c.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n" + post("three"))
			if _, text := c.hear(); text != fmt.Sprintf("other %t", w.TLS != nil) {
				t.Fatal(text)
			}
			c.heard("http", "three") // an ordinary one: the connection is taken again
			c.send(post("four"), post("five")[:40], post("five")[40:])
			c.heard("line", "four")
			c.heard("line", "five")
		}
	})
}

// TestBack sends what goes back, and compares what is said with what net/http says to
// the same as the first request of a connection.
func TestBack(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		long := strings.Repeat("y", maxBody+1)
		for _, text := range []string{
			"GET /other HTTP/1.1\r\nHost: a\r\n\r\n",
			"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
			"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"POST /call HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
			"POST /call HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nBad: \x01\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a b\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
			"POST /call HTTP/1.1\nHost: a\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 4\n\nbody",
			"POST /call HTTP/1.1\nHost: a\nContent-Length: 8\n\n\r\n\r\nbody",
			"\r\nPOST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX: \r\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTrailer: X\r\n\r\n",
			"POST /call HTTP/2.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"POST /call HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
			"POST /call/../call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"POST http://b/call HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			post("", "X: "+strings.Repeat("z", 5000)),
			post("", "Connection: close"),
			post(long),
			"nonsense\r\n\r\n",
		} {
			fresh, taken := w.dial(t), w.taken(t)
			fresh.send(text)
			taken.send(text)
			want, wantBody := fresh.hear()
			got, gotBody := taken.hear()
			want.Header.Del("Date")
			got.Header.Del("Date")
			wantBody = strings.ReplaceAll(wantBody, fresh.LocalAddr().String(), taken.LocalAddr().String())
			if fmt.Sprint(got.Status, got.Header, gotBody) != fmt.Sprint(want.Status, want.Header, wantBody) {
				t.Errorf("%.60q: %s %v %.90q, want %s %v %.90q", text, got.Status, got.Header, gotBody, want.Status, want.Header, wantBody)
			}
		}
	})
}

func TestExpect(t *testing.T) {
	w := newWorld(t, true)
	c := w.dial(t)
	c.send(post("one"))
	c.heard("http", "one")
	whole := post("other", "Expect: 100-continue")
	c.send(whole[:len(whole)-5])
	if r, _ := c.hear(); r.StatusCode != http.StatusContinue {
		t.Fatal(r.Status)
	}
	c.send("other")
	c.heard("http", "other")
}

// TestHTTP2 has a browser's connection stay as it is.
func TestHTTP2(t *testing.T) {
	w := newWorld(t, false)
	w.Close()
	w.Server = httptest.NewUnstartedServer(w.front)
	w.EnableHTTP2 = true
	w.StartTLS()
	defer w.Close()
	for range 3 {
		r, err := w.Client().Post(w.URL+"/call", "text/plain", strings.NewReader("two"))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.ProtoMajor != 2 || !strings.HasPrefix(string(text), "http two") {
			t.Fatal(r.Proto, string(text))
		}
	}
}
