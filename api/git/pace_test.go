package git

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/kura-build/kura/hub/source"
)

// A client that sends no more must not keep git waiting for ever.
func TestWhoStandsStillIsLetGo(t *testing.T) {
	ended := make(chan error, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, r = paced(w, r)
		r.Body.(*pacedBody).pace = 10 * time.Millisecond
		_, err := io.ReadAll(r.Body)
		ended <- err
	}))
	defer web.Close()
	c, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0011")
	if err := <-ended; err == nil {
		t.Error("half a body was taken for a whole one")
	}
}

// full is a listener that has no descriptors left at first.
type full struct {
	net.Listener
	fails int
}

func (f *full) Accept() (net.Conn, error) {
	if f.fails--; f.fails >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.Listener.Accept()
}

func TestDaemonOutlivesAWantOfDescriptors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- NewDaemon(source.NewRepositories(t.TempDir()), slog.New(slog.DiscardHandler), 1).Serve(ctx, &full{l, 2})
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "0012git-upload-pack")
	if got, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) || len(got) == 0 {
		t.Errorf("no answer: %q, %v", got, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
