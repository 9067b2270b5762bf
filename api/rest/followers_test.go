package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
)

// Nobody takes the places of all who follow events.
func TestPlacesOfFollowers(t *testing.T) {
	f := followers{by: map[string]int{}}
	from := func(addr string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = addr
		return r
	}
	var leaves []func()
	enter := func(by account.Actor, addr string, want bool, says ...string) {
		t.Helper()
		leave, err := f.enter(by, from(addr))
		if (err == nil) != want || err != nil && !kura.Is(err, kura.Unavailable) {
			t.Fatalf("%s from %s: %v", by.Name, addr, err)
		}
		for _, text := range says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s from %s: %v, without %q", by.Name, addr, err, text)
			}
		}
		if leave != nil {
			leaves = append(leaves, leave)
		}
	}
	ada, bea := account.Actor{ID: 1, Name: "ada"}, account.Actor{ID: 2, Name: "bea"}
	for i := range maxStreamsOfOne {
		enter(ada, fmt.Sprintf("192.0.2.%d:1", i), true)
		enter(account.Anonymous, fmt.Sprintf("192.0.2.1:%d", i), true)
		enter(account.Anonymous, fmt.Sprintf("[2001:db8::%x]:1", i), true) // whoever has one of these has all
	}
	enter(ada, "198.51.100.1:1", false)
	enter(account.Anonymous, "192.0.2.1:9", false)
	enter(account.Anonymous, "[::ffff:192.0.2.1]:9", false)
	enter(account.Anonymous, "[2001:db8::ffff]:1", false)
	enter(bea, "192.0.2.1:1", true)
	enter(account.Anonymous, "[2001:db8:0:1::1]:1", true)
	// However many addresses they have, those who are not logged in leave half the
	// places to others.
	for i := f.anonymous; i < maxStreamsAnonymous; i++ {
		enter(account.Anonymous, fmt.Sprintf("10.0.0.%d:1", i), true)
	}
	enter(account.Anonymous, "10.0.1.1:1", false, "128 callers who are not logged in follow events already: log in with a token or a client certificate, or try again later")
	for i := f.all; i < maxStreams; i++ {
		enter(account.Actor{ID: int64(i), Name: fmt.Sprintf("user%d", i)}, "10.0.1.1:1", true)
	}
	cleo := account.Actor{ID: 3, Name: "cleo"}
	enter(cleo, "10.0.1.1:1", false, "256 callers follow events already")
	leaves[len(leaves)-1]()
	leaves = leaves[:len(leaves)-1]
	enter(account.Anonymous, "10.0.1.1:1", false, "log in") // the place is one of the others'
	enter(cleo, "10.0.1.1:1", true)
	for _, leave := range leaves {
		leave()
	}
	if f.all != 0 || f.anonymous != 0 || len(f.by) != 0 {
		t.Errorf("%d follow when all have gone: %v", f.all, f.by)
	}
}

// Who follows too often is told so, and may again when one of them ends.
func TestFollowingTooOften(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	follow := func(user string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http.URL+Prefix+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-User", user)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	var first *http.Response
	for range maxStreamsOfOne {
		resp := follow("ada")
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
		if first == nil {
			first = resp
		}
	}
	s.refused(503, fmt.Sprintf("user ada follows events %d times already", maxStreamsOfOne), "ada", "GET", "/events", "")
	if resp := follow("ada"); resp.Header.Get("Retry-After") != "60" || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s, to be repeated after %q", resp.Status, resp.Header.Get("Retry-After"))
	}
	other := follow("tina")
	if other.StatusCode != http.StatusOK || !strings.HasPrefix(other.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("somebody else: %s", other.Status)
	}
	other.Body.Close()
	first.Body.Close()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp := follow("ada")
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a place that was given up is not free")
		}
	}
}
