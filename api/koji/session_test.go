package koji

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

func TestSessionsInTheQuery(t *testing.T) {
	f := newFront(t)
	c := f.login("ada")
	ask := func(query string) (any, error) {
		var body bytes.Buffer
		if err := xmlrpc.EncodeCall(&body, "showSession"); err != nil {
			t.Fatal(err)
		}
		_, data, err := c.post("/kojihub?"+query, http.Header{}, &body)
		if err != nil {
			t.Fatal(err)
		}
		return xmlrpc.DecodeResponse(bytes.NewReader(data), xmlrpc.Limits{})
	}
	id, key := c.header.Get("Koji-Session-Id"), c.header.Get("Koji-Session-Key")
	if v, err := ask("session-id=" + id + "&session-key=" + key + "&callnum=7"); err != nil || v != "session "+id+": user ada" {
		t.Error(v, err)
	}
	v, err := ask("callnum=1")
	wantFault(t, v, err, 1002, "'session-id' not specified in session args")
	v, err = ask("session-id=" + id + "&session-key=nonsense")
	wantFault(t, v, err, 1002, "Invalid session or bad credentials")
	v, err = ask("session-id=x&session-key=y")
	wantFault(t, v, err, 1002, "Invalid session or bad credentials")
}

func TestACallIsCarriedOutOnce(t *testing.T) {
	root := newFront(t).login("root")
	root.must("createUser", "eve") // 0
	root.must("hello")             // 1: reads use no number up
	root.must("createUser", "bob") // 2
	v, err := root.again(2, "createUser", "bob")
	wantFault(t, v, err, 1009, "unable to retry call 2")
	v, err = root.again(1, "createUser", "mal")
	wantFault(t, v, err, 1008, "2 > 1")
	root.fault(1000, "", "createUser", "bob") // 3 fails, and uses no number up
	if v, err := root.again(3, "createUser", "kim"); err != nil {
		t.Error(v, err)
	}
}

func TestRenewalStartsTheNumbersAnew(t *testing.T) {
	f := newFront(t)
	now := time.Now()
	sessions := account.NewSessions()
	sessions.Clock = func() time.Time { return now }
	f.server.Sessions = sessions
	root := f.login("root")
	root.num = 50
	root.must("createUser", "eve")
	now = now.Add(25 * time.Hour)
	root.fault(1007, "has expired", "hello")
	old := root.header.Get("Koji-Session-Id")
	root.take(root.must("login", "root", "root's secret", kw("renew", true, "exclusive", false)).(map[string]any))
	if root.header.Get("Koji-Session-Id") != old {
		t.Error("another session")
	}
	root.must("createUser", "bob")
	root.fault(1002, "Already logged in", "login", "root", "root's secret")
}

func TestExclusiveSessions(t *testing.T) {
	f := newFront(t)
	first, second := f.login("builder1"), f.login("builder1")
	first.fault(1002, "This method requires an exclusive session", "host.getID")
	f.login("ada").fault(1002, "is not a host", "host.getID")
	f.anonymous().fault(1002, "Not logged-in", "host.getID")
	first.must("exclusiveSession")
	first.must("host.getID")
	second.fault(1006, "User locked by another session", "hello")
	second.fault(1006, "Cannot get exclusive session", "exclusiveSession")
	sub := &client{front: f, header: http.Header{}}
	sub.take(first.must("subsession").(map[string]any))
	sub.must("host.getID")
	second.must("exclusiveSession", kw("force", true))
	second.must("host.getID")
	first.fault(1002, "Invalid session", "hello")
	sub.fault(1002, "Invalid session", "hello")
	second.must("sharedSession")
	second.must("logout")
	second.fault(1002, "Invalid session", "hello")
}

func TestTransportLogin(t *testing.T) {
	f := newFront(t)
	id := Identity{Name: "web", DN: "CN=web,O=kura", Authtype: account.AuthCertificate}
	f.server.Identify = func(*http.Request) (Identity, bool) { return id, true }
	who := func(params ...any) string {
		c := f.anonymous()
		c.take(c.must("sslLogin", params...).(map[string]any))
		return c.must("showSession").(string)
	}
	if got := who(kw("proxyuser", nil)); !bytes.HasSuffix([]byte(got), []byte("user web")) {
		t.Error(got)
	}
	c := f.anonymous()
	c.fault(1002, "CN=web,O=kura is not authorized to login other users", "sslLogin", "ada")
	f.server.ProxyDNs = []string{"CN=web,O=kura"}
	if got := who("ada"); !bytes.HasSuffix([]byte(got), []byte("user ada")) {
		t.Error(got)
	}
	c.fault(1002, "Proxy must use same auth mechanism", "sslLogin", "ada", 3)
	f.server.AllowProxyAuthType = true
	c.fault(1002, "Proxied authtype 0 is not valid", "sslLogin", "ada", 0)
	who("ada", 3)
}

func TestMultiCall(t *testing.T) {
	f := newFront(t)
	root := f.login("root")
	entry := func(method string, params ...any) any {
		return map[string]any{"methodName": method, "params": append([]any{}, params...)}
	}
	failed := func(code int, text string) any {
		return map[string]any{"faultCode": int64(code), "faultString": text, "traceback": []any{text + "\n"}}
	}
	got := root.must("multiCall", []any{
		entry("createUser", "eve"),
		entry("createUser", "eve"),
		entry("getUser", kw("userInfo", "eve")),
		entry("nope"),
		entry("login", "ada", "ada's secret"),
		entry("multiCall", []any{}),
		"nonsense",
	}).([]any)
	eve := got[0].([]any)[0]
	want := []any{
		[]any{eve},
		failed(1000, got[1].(map[string]any)["faultString"].(string)),
		[]any{map[string]any{"id": eve, "name": "eve"}},
		failed(1000, "Invalid method: nope"),
		failed(1000, "login cannot be part of another call: call it by itself"),
		failed(1000, "a multicall cannot hold another one"),
		failed(1000, "an entry of a multicall is a struct of methodName and params"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f.anonymous().must("getUser", "eve") // committed

	// A failed row in the middle of an entry's stream fails that entry alone.
	got = f.anonymous().must("system.multicall", []any{entry("listTags"), entry("hello")}).([]any)
	if m, ok := got[0].(map[string]any); !ok || m["faultCode"] != int64(1) {
		t.Errorf("%.100v", got[0])
	}
	if diff := cmp.Diff([]any{"Hello World"}, got[1]); diff != "" {
		t.Error(diff)
	}
	f.anonymous().fault(1000, "wants a list", "multiCall", "x")
}

func TestCommitThatFailsIsAFault(t *testing.T) {
	f := newFront(t)
	root := f.login("root")
	f.server.DB = brokenCommit{f.db}
	root.fault(1, "internal error in createUser", "createUser", "eve")
}

func TestClientThatHasGone(t *testing.T) {
	f := newFront(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, "hello"); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", f.http.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	w := &discard{header: http.Header{}}
	f.server.ServeHTTP(w, req)
	if w.status != 200 {
		t.Error(fmt.Sprint(w.status))
	}
}
