package koji

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"testing"

	"github.com/kura-build/kura/db/dbtest"
)

// TestListen is a hub to try clients on: with KURA_LISTEN=127.0.0.1:8080 it
// serves an empty database until it is interrupted. "root" with the password
// "root's secret" is its admin.
func TestListen(t *testing.T) {
	address := os.Getenv("KURA_LISTEN")
	if address == "" {
		return
	}
	f := newHub(t, dbtest.SQLite(t), noBuilds())
	f.builder("builder.example.org")
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	go func() {
		<-stop
		l.Close()
	}()
	t.Log(http.Serve(l, f.server))
}

// noBuilds stands for the rooms of builds and repositories, of which there are
// none yet.
func noBuilds() Handlers {
	answer := func(v any) Handler { return func(context.Context, *Call) (any, error) { return v, nil } }
	return Handlers{"listBuilds": answer(0), "listBuildroots": answer([]any{}), "getRepo": answer(nil)}
}
