package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client/hubtest"
	"github.com/kura-build/kura/format/xmlrpc"
)

// open makes a client of a fake hub that loses no time with pauses.
func open(t *testing.T, f *hubtest.Hub, change func(*Profile)) *Hub {
	t.Helper()
	p := &Profile{Name: "test", Server: f.Server.URL + "/kojihub", TopURL: f.Server.URL + "/kojifiles",
		User: "ann", Password: "sesame", MaxRetries: 4, RetryInterval: time.Millisecond, BlockSize: 1 << 20}
	if change != nil {
		change(p)
	}
	h, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	h.sleep = func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
	t.Cleanup(h.Close)
	return h
}

func TestCall(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("echo", func(c hubtest.Call) (any, error) { return []any{c.Args, c.Keys}, nil })
	h := open(t, f, nil)
	got, err := h.Call(t.Context(), "echo", "a", int64(1<<40), Keywords{"strict": true})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{[]any{"a", int64(1 << 40)}, map[string]any{"strict": true}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestNumbersGoUpWithinASession(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("write", nil)
	for _, old := range []bool{false, true} {
		f.OldQuery = old
		h := open(t, f, nil)
		if err := h.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := len(f.Calls())
		for range 3 {
			if _, err := h.Call(t.Context(), "write"); err != nil {
				t.Fatal(err)
			}
		}
		var nums []string
		for _, c := range f.Calls()[before:] {
			nums = append(nums, c.Callnum)
		}
		if d := cmp.Diff([]string{"0", "1", "2"}, nums); d != "" {
			t.Errorf("old %v: %s", old, d)
		}
	}
}

func TestLostRequestIsSentAgain(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("write", int64(5))
	h := open(t, f, nil)
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	f.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		if n++; n < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	if got, err := h.Int(t.Context(), "write"); err != nil || got != 5 {
		t.Fatal(got, err)
	}
	if got := f.Called("write"); len(got) != 1 || got[0].Callnum != "0" {
		t.Errorf("carried out: %v", got)
	}
}

func TestLostAnswerIsNotDoneTwice(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("write", int64(5))
	h := open(t, f, nil)
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	f.After = func(hubtest.Call) bool { n++; return n == 1 }
	_, err := h.Call(t.Context(), "write")
	if !kura.Is(err, kura.Retry) {
		t.Fatalf("%v", err)
	}
	if got := f.Called("write"); len(got) != 1 {
		t.Errorf("carried out %d times", len(got))
	}
}

func TestExpiredSessionIsRenewed(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("write", nil)
	h := open(t, f, nil)
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for range 3 {
			if _, err := h.Call(t.Context(), "write"); err != nil {
				t.Fatal(err)
			}
		}
		f.Expire()
	}
	if f.Logins() != 2 {
		t.Errorf("%d logins", f.Logins())
	}
}

func TestUnreachable(t *testing.T) {
	f := hubtest.New(t)
	h := open(t, f, nil)
	f.Server.Close()
	tries := 0
	h.OnRetry = func(string, error, time.Duration) { tries++ }
	_, err := h.Call(t.Context(), "hello")
	if !kura.Is(err, kura.Unavailable) || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("%v", err)
	}
	if tries != 1 {
		t.Errorf("%d tries more at an address that never answered", tries)
	}
}

func TestNotAHub(t *testing.T) {
	f := hubtest.New(t)
	f.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte("<html>hello</html>"))
		return true
	}
	_, err := open(t, f, nil).Call(t.Context(), "hello")
	if err == nil || !strings.Contains(err.Error(), "is it a hub's address?") {
		t.Errorf("%v", err)
	}
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "https://other.example/hub", http.StatusMovedPermanently)
		return true
	}
	_, err = open(t, f, nil).Call(t.Context(), "hello")
	if err == nil || !strings.Contains(err.Error(), "https://other.example/hub") {
		t.Errorf("%v", err)
	}
}

func TestFaults(t *testing.T) {
	f := hubtest.New(t)
	h := open(t, f, nil)
	for _, c := range []struct {
		code int
		text string
		want kura.Kind
	}{
		{1000, "No such tag: f99", kura.NotFound},
		{1000, "something is wrong", kura.Invalid},
		{1004, "tag permission required (logged in as ann)", kura.Denied},
		{1002, "Invalid session or bad credentials", kura.Unauthenticated},
		{1005, "Build already exists", kura.Build},
		{1, "boom", kura.Other},
	} {
		f.Answer("fail", &xmlrpc.Fault{Code: c.code, String: c.text})
		_, err := h.Call(t.Context(), "fail")
		if kura.KindOf(err) != c.want || err.Error() != c.text || Code(err) != c.code {
			t.Errorf("%d %s: %v %v %d", c.code, c.text, kura.KindOf(err), err, Code(err))
		}
	}
}

func TestMulti(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("good", int64(1))
	f.Answer("bad", &xmlrpc.Fault{Code: 1003, String: "locked"})
	out, err := open(t, f, nil).Multi(t.Context(), Do("good"), Do("bad", 1), Do("good", Keywords{"a": "b"}))
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Value != int64(1) || !kura.Is(out[1].Err, kura.Tag) || out[2].Err != nil {
		t.Errorf("%v", out)
	}
	if d := cmp.Diff(map[string]any{"a": "b"}, f.Calls()[2].Keys); d != "" {
		t.Error(d)
	}
}

func TestLimits(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("big", strings.Repeat("x", 10000))
	h := open(t, f, nil)
	h.Limits.Bytes = 5000
	_, err := h.Call(t.Context(), "big")
	var over *xmlrpc.LimitError
	if !errors.As(err, &over) {
		t.Errorf("%v", err)
	}
}

func TestCancel(t *testing.T) {
	f := hubtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.Answer("slow", func(hubtest.Call) (any, error) { cancel(); return nil, nil })
	f.After = func(hubtest.Call) bool { <-ctx.Done(); return true }
	_, err := open(t, f, nil).Call(ctx, "slow")
	if !kura.Is(err, kura.Canceled) {
		t.Errorf("%v %v", kura.KindOf(err), err)
	}
}
