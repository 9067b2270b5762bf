package line

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// taken is a connection that was taken over.
func (w *world) taken(t *testing.T) *client {
	t.Helper()
	c := w.dial(t)
	c.send(post("one"))
	c.heard("http", "one")
	c.send(post("two"))
	c.heard("line", "two")
	return c
}

func TestHead(t *testing.T) {
	w := newWorld(t, true)
	fresh, taken := w.dial(t), w.taken(t)
	fresh.send(post("x"))
	taken.send(post("x"))
	want, _ := fresh.hear()
	got, _ := taken.hear()
	for _, name := range []string{"Content-Type", "Connection", "Transfer-Encoding"} {
		if got.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want.Header.Get(name))
		}
	}
	if at, err := http.ParseTime(got.Header.Get("Date")); err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("the date is %q", got.Header.Get("Date"))
	}
	if len(got.Header) != len(want.Header) || got.Status != want.Status {
		t.Errorf("the head is %s %v, want %s %v", got.Status, got.Header, want.Status, want.Header)
	}
}

func TestStream(t *testing.T) {
	w := newWorld(t, true)
	c := w.taken(t)
	c.send(post("", "Do: stream"))
	if r, text := c.hear(); len(text) != 15000 || len(r.TransferEncoding) != 1 {
		t.Errorf("%d bytes as %v", len(text), r.TransferEncoding)
	}
	c.send(post("", "Do: nothing"))
	if r, text := c.hear(); r.StatusCode != http.StatusOK || text != "" || r.ContentLength != 0 {
		t.Errorf("%s %q, %d bytes", r.Status, text, r.ContentLength)
	}
	c.send(post("and so on"))
	c.heard("line", "and so on")
}

// TestCut cuts a connection when an answer is not whole.
func TestCut(t *testing.T) {
	for _, do := range []string{"little", "panic"} {
		w := newWorld(t, true)
		c := w.taken(t)
		c.send(post("", "Do: "+do))
		if do == "little" {
			r, err := http.ReadResponse(c.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 6)
			if _, err := r.Body.Read(p); err != nil || string(p) != "little" {
				t.Fatal(string(p), err)
			}
		}
		c.ended()
	}
}

// TestLittle has the first answer of a connection be less than was promised: nothing
// can follow it.
func TestLittle(t *testing.T) {
	w := newWorld(t, false)
	c := w.dial(t)
	c.send(post("", "Do: little"))
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.send(post("two"))
	if got, err := io.ReadAll(r.Body); err == nil || string(got) != "little" {
		t.Errorf("half an answer ends with %q, %v", got, err)
	}
	if n := w.front.taken.Load(); n != 0 {
		t.Errorf("%d connections were taken over", n)
	}
}

// TestIdleHoldsLittle has a connection hold nothing of a long call behind it.
func TestIdleHoldsLittle(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	long := strings.Repeat("b", maxBody)
	heard := 0
	c := &conn{nc: near, base: t.Context(), in: bufio.NewReader(strings.NewReader(post(long))), out: bufio.NewWriter(io.Discard)}
	c.front = New("/call", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if heard = len(text); err != nil || string(text) != long {
			t.Errorf("%d bytes came: %v", heard, err)
		}
	}))
	c.watch.init(c)
	c.reply.init(c)
	r, err := c.read()
	if err != nil || !c.take(r) || !c.answer(r) || heard != maxBody {
		t.Fatalf("%d bytes were answered: %v", heard, err)
	}
	if cap(c.body.text) > keptBody {
		t.Errorf("%d bytes are held", cap(c.body.text))
	}
}

func TestTooMuch(t *testing.T) {
	a := &answer{}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	a.init(&conn{nc: near, out: bufio.NewWriter(io.Discard)})
	a.begin()
	a.Header().Set("Content-Length", "3")
	if _, err := a.Write([]byte("four")); !errors.Is(err, http.ErrContentLength) {
		t.Errorf("more than was promised: %v", err)
	}
}

// TestPatience has a client have its time for each answer, whatever was left of the one
// for the answer before.
func TestPatience(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	if err := near.SetWriteDeadline(long); err != nil {
		t.Fatal(err)
	}
	a := &answer{}
	a.init(&conn{nc: near, out: bufio.NewWriter(near)})
	a.begin()
	if _, err := a.Write(make([]byte, 10000)); err != nil {
		t.Errorf("more than is held back: %v", err)
	}
	if !a.finish() {
		t.Error("nothing can follow a whole answer")
	}
}

// TestGone ends a call whose client has hung up.
func TestGone(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.taken(t)
		c.send(post("", "Do: wait"))
		time.Sleep(2 * watchAfter)
		c.Close()
		if got := <-w.called; got != "gone" {
			t.Error("the call", got)
		}
	})
}

// TestStop ends connections with the server.
func TestStop(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		idle, busy := w.taken(t), w.taken(t)
		busy.send(post("x", "Do: nap"))
		time.Sleep(watchAfter / 2)
		w.stop()
		idle.ended()
		busy.heard("line", "x")
		busy.ended()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		w.front.Wait(ctx)
		if ctx.Err() != nil {
			t.Error("connections are held")
		}
	})
}

// TestShut has a connection not go back to a server that is no more.
func TestShut(t *testing.T) {
	w := newWorld(t, true)
	c := w.taken(t)
	if err := w.Config.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.send(post("x"))
	c.heard("line", "x")
	c.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
	c.ended()
}
