package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

func testWorker(t *testing.T, h http.HandlerFunc) *Worker {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	w, err := NewWorker(WorkerConfig{Hub: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWorkerCallsAsTheProtocolSays(t *testing.T) {
	var got []string
	w := testWorker(t, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.String()+" "+string(body))
		switch {
		case strings.HasSuffix(r.URL.Path, "/lease"), strings.HasSuffix(r.URL.Path, "/finish"):
			rw.WriteHeader(http.StatusNoContent)
		default:
			_, _ = io.WriteString(rw, `{"size": 9, "sha256": "s"}`)
		}
	})
	ctx := context.Background()
	l, err := w.Lease(ctx, protocol.LeaseRequest{})
	if l != nil || err != nil {
		t.Errorf("an empty answer gave %v, %v", l, err)
	}
	a, err := w.Log(ctx, 7, 3, "build.log", 4, []byte("hello"))
	if err != nil || a.Size != 9 {
		t.Errorf("log: %v, %v", a, err)
	}
	f, err := w.File(ctx, 7, 3, "a+b.rpm", "s", 2, strings.NewReader("xy"))
	if err != nil || f.SHA256 != "s" {
		t.Errorf("file: %v, %v", f, err)
	}
	if err := w.Finish(ctx, 7, protocol.Finish{Epoch: 3}); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /worker/v1/tasks/7/log/build.log?epoch=3&offset=4 hello",
		"PUT /worker/v1/tasks/7/file/a+b.rpm?epoch=3&sha256=s xy",
		`POST /worker/v1/tasks/7/finish {"epoch":3}`,
	}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Error(diff)
	}
}

func TestWorkerErrorsAreOfTheHubsKind(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   any
		want   kura.Kind
	}{
		"fenced":           {http.StatusConflict, protocol.Problem{Kind: "fenced", Message: "not yours"}, kura.Fenced},
		"too large":        {http.StatusRequestEntityTooLarge, protocol.Problem{Kind: "too large", Message: "no"}, kura.TooLarge},
		"a proxy's words":  {http.StatusBadGateway, "<html>", kura.Unavailable},
		"a newer hub's":    {http.StatusConflict, protocol.Problem{Kind: "sour", Message: "no"}, kura.Other},
		"sent elsewhere":   {http.StatusFound, "", kura.Invalid},
		"a foreign server": {http.StatusNotFound, "none", kura.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			w := testWorker(t, func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(c.status)
				_ = json.NewEncoder(rw).Encode(c.body)
			})
			err := w.Fail(context.Background(), 7, protocol.Fail{})
			if kura.KindOf(err) != c.want {
				t.Errorf("%v is %v, want %v", err, kura.KindOf(err), c.want)
			}
		})
	}
	w, err := NewWorker(WorkerConfig{Hub: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Lease(context.Background(), protocol.LeaseRequest{Wait: time.Second}); !kura.Is(err, kura.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWorkerFetchesFromTheHubAndFollowsItOnce(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "bytes") }))
	defer other.Close()
	w := testWorker(t, func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, other.URL+"/blob", http.StatusFound)
	})
	r, err := w.Fetch(context.Background(), "/files/a.src.rpm")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, _ := io.ReadAll(r); string(data) != "bytes" {
		t.Errorf("got %q", data)
	}
	if _, err := w.Fetch(context.Background(), "file:///etc/passwd"); !kura.Is(err, kura.Invalid) {
		t.Errorf("a file's address: %v", err)
	}
}
