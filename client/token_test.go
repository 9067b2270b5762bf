package client

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client/hubtest"
)

const someToken = "kura_ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func withToken(p *Profile) { p.AuthType, p.Token = "token", someToken }

func TestATokenNeedsNoLogin(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("write", int64(5))
	h := open(t, f, withToken)
	if !h.LoggedIn() {
		t.Error("not logged in")
	}
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Call(t.Context(), "write"); err != nil {
		t.Fatal(err)
	}
	if out, err := h.Multi(t.Context(), Do("write")); err != nil || out[0].Err != nil {
		t.Fatal(out, err)
	}
	if err := h.Upload(t.Context(), "cli/x", "a.rpm", strings.NewReader("bytes"), 5, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.Logins() != 0 || f.Logouts() != 0 {
		t.Errorf("%d logins, %d logouts", f.Logins(), f.Logouts())
	}
	calls := f.Calls()
	if len(calls) != 3 {
		t.Errorf("%v", calls)
	}
	for _, c := range calls {
		if c.Token != someToken || c.Session != "" || c.Callnum != "" {
			t.Errorf("%+v", c)
		}
	}
}

// Without numbers a hub cannot tell a repeated call from a new one.
func TestACallWithATokenIsNotMadeTwice(t *testing.T) {
	f := hubtest.New(t)
	f.Answer("build", int64(5))
	f.Answer("getTask", int64(5))
	h := open(t, f, withToken)
	var n atomic.Int32   // of requests
	var busy atomic.Bool // the hub refuses the first ones, in the place of losing an answer
	f.After = func(hubtest.Call) bool { return !busy.Load() && n.Add(1) == 1 }
	f.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		if busy.Load() && n.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable) // not passed on
			return true
		}
		return false
	}
	if _, err := h.Call(t.Context(), "build"); !kura.Is(err, kura.Retry) || !strings.Contains(err.Error(), "got lost on the way") {
		t.Errorf("%v", err)
	}
	if got := len(f.Called("build")); got != 1 {
		t.Errorf("carried out %d times", got)
	}
	n.Store(0)
	if v, err := h.Int(t.Context(), "getTask"); err != nil || v != 5 {
		t.Errorf("what reads is asked for again: %v %v", v, err)
	}
	n.Store(0)
	if out, err := h.Multi(t.Context(), Do("getTask"), Do("getTask")); err != nil || len(out) != 2 {
		t.Errorf("what reads is asked for again: %v %v", out, err)
	}
	n.Store(0)
	if _, err := h.Multi(t.Context(), Do("getTask"), Do("build")); !kura.Is(err, kura.Retry) {
		t.Errorf("%v", err)
	}
	busy.Store(true)
	n.Store(0)
	if v, err := h.Int(t.Context(), "build"); err != nil || v != 5 {
		t.Errorf("what never arrived is sent again: %v %v", v, err)
	}
}

func TestProfilesWithTokens(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	write(t, file, someToken+"\n")
	write(t, filepath.Join(dir, "empty"), "\n")
	write(t, filepath.Join(dir, ".koji", "client.crt"), "x") // found without being named
	for text, want := range map[string]string{
		"token = " + someToken:                                someToken,
		"token_file = " + file:                                someToken,
		"authtype = token\ntoken_file = ~/token":              someToken,
		"authtype = ssl\ntoken = " + someToken:                "",
		"authtype = token":                                    "",
		"authtype = noauth\ntoken_file = " + dir + "/nowhere": "",
		"token_file = " + dir + "/nowhere":                    "read the token",
		"token_file = " + dir + "/empty":                      "is empty",
		"token = sesame":                                      "is no token",
		"authtype = token\ntoken = kura_a b":                  "is no token",
	} {
		write(t, filepath.Join(dir, "koji.conf"), "[koji]\nserver = http://127.0.0.1/kojihub\n"+text+"\n")
		p, err := Load(Where{System: dir, Home: dir})
		if err != nil {
			t.Fatal(err)
		}
		h, err := New(p)
		if err != nil {
			if !strings.Contains(err.Error(), want) || want == "" {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if h.token != want {
			t.Errorf("%q: %q", text, h.token)
		}
	}
	write(t, filepath.Join(dir, "koji.conf"), "[koji]\nserver = http://127.0.0.1/kojihub\nauthtype = ssl\ntoken_file = nowhere\n")
	p, err := Load(Where{System: dir, Home: dir, Token: someToken})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"token", someToken, ""}, []string{p.AuthType, p.Token, p.TokenFile}); d != "" {
		t.Error(d)
	}
}

// Sources go to the hub with the token, and elsewhere without it.
func TestTokensAreForTheHubAlone(t *testing.T) {
	var got []string
	cache := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte("Available"))
	})
	own, other := httptest.NewServer(cache), httptest.NewServer(cache)
	defer own.Close()
	defer other.Close()
	h, err := New(&Profile{Name: "x", Server: own.URL + "/kojihub", Token: someToken})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.tar")
	write(t, path, "bytes")
	for _, address := range []string{own.URL, other.URL} {
		if _, err := h.UploadSource(t.Context(), address+"/repo/pkgs/upload.cgi", "bash", path, nil); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff([]string{"Bearer " + someToken, ""}, got); d != "" {
		t.Error(d)
	}
}
