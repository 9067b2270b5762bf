package koji

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// tokens are handlers whose clock stands where a test wants it.
func tokens(ago time.Duration) Handlers {
	s := account.NewSessions()
	s.Clock = func() time.Time { return time.Now().Add(-ago) }
	return Tokens{Sessions: s}.Handlers()
}

// token makes a token and gives a client that has only it.
func (c *client) token(params ...any) (*client, map[string]any) {
	c.t.Helper()
	m := c.must("kura.createToken", params...).(map[string]any)
	t := c.anonymous()
	t.header.Set("Authorization", "Bearer "+m["token"].(string))
	return t, m
}

func TestATokenIsItsUserInEveryCall(t *testing.T) {
	f := newFront(t, tokens(0))
	root := f.login("root")
	all, made := root.token("ci", list("*"))
	if secret := made["token"].(string); !strings.HasPrefix(secret, "kura_") || len(secret) < 30 {
		t.Errorf("token %q", secret)
	}
	if diff := cmp.Diff(list("*"), made["scopes"]); diff != "" || made["expires"] != nil || made["name"] != "ci" {
		t.Errorf("%v %s", made, diff)
	}
	if v := all.must("showSession"); !strings.HasSuffix(v.(string), "user root") { // reads
		t.Error(v)
	}
	all.must("createUser", "eve") // writes
	multi := all.must("multiCall", list(
		map[string]any{"methodName": "createUser", "params": list("bob")},
		map[string]any{"methodName": "getUser", "params": list("bob")},
	)).([]any)
	if u := pick(multi[1].([]any)[0], "name"); u != "bob" {
		t.Error(multi)
	}
	if _, err := all.upload("filepath=cli&filename=a.rpm&offset=0&fileverify=md5", []byte("bytes")); err != nil {
		t.Error(err)
	}
	if got := string(f.uploads.files[":cli/a.rpm"]); got != "bytes" {
		t.Errorf("uploaded %q", got)
	}
	if v := all.must("checkUpload", "cli", "a.rpm"); v == nil { // of those apart
		t.Error("the upload is not seen")
	}
	all.fault(1002, "Already logged in", "login", "ada", "ada's secret")
	all.fault(1002, "Not logged in", "subsession")
	all.fault(1002, "Not logged in", "logout")
	all.fault(1002, "Not logged in", "exclusiveSession")

	again := all.header.Clone() // the scheme's name has no case
	again.Set("Authorization", "bearer "+made["token"].(string))
	if v := (&client{front: f, header: again}).must("showSession"); !strings.HasSuffix(v.(string), "user root") {
		t.Error(v)
	}
}

func TestATokenMayWhatItsScopesSay(t *testing.T) {
	f := newFront(t, tokens(0))
	root := f.login("root")
	none, _ := root.token("none")
	none.fault(1004, "admin permission required (logged in as root)", "createUser", "eve")
	tag, _ := root.token("tag", list("tag"), 30)
	tag.fault(1004, "admin permission required", "createUser", "eve")
	admin, _ := root.token("admin", list("admin"))
	admin.must("createUser", "eve")

	tag.must("kura.createToken", "weaker")
	tag.fault(1004, "cannot have the scope admin", "kura.createToken", "stronger", list("admin"))
	tag.fault(1004, "cannot have the scope *", "kura.createToken", "stronger", list("*"))
	tag.fault(1004, "cannot outlive", "kura.createToken", "longer", nil, 31)
	root.fault(1000, "No such permission: nonsense", "kura.createToken", "x", list("nonsense"))
	root.fault(1000, "needs a name", "kura.createToken", "")
	root.fault(1000, "36500 days", "kura.createToken", "x", nil, -1)
	root.fault(1000, "36500 days", "kura.createToken", "x", nil, 1e300)
	f.anonymous().fault(1004, "logged in", "kura.createToken", "x")

	// a host's token is no exclusive session
	b1, _ := f.login("builder1").token("x", list())
	b1.fault(1002, "exclusive session", "host.getID")
}

func TestTokensThatAreNotGoodAreRefused(t *testing.T) {
	f := newFront(t, tokens(48*time.Hour))
	ada := f.login("ada")
	expired, _ := ada.token("old", nil, 1)
	expired.fault(1007, "has expired", "hello")
	good, made := ada.token("good")
	good.must("hello")
	f.login("builder1").fault(1000, "No such token", "kura.revokeToken", made["id"])
	ada.must("kura.revokeToken", made["id"])
	ada.fault(1000, "No such token", "kura.revokeToken", made["id"])
	good.fault(1002, "was revoked", "hello")
	v, err := good.upload("filepath=cli&filename=a.rpm&offset=0", []byte("bytes"))
	wantFault(t, v, err, 1002, "was revoked")
	if len(f.uploads.files) > 0 {
		t.Error("a revoked token has uploaded")
	}

	ask := func(query string, header ...string) (any, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h[header[i]] = append(h[header[i]], header[i+1])
		}
		var body bytes.Buffer
		if err := xmlrpc.EncodeCall(&body, "hello"); err != nil {
			t.Fatal(err)
		}
		_, data, err := ada.post("/kojihub?"+query, h, &body)
		if err != nil {
			t.Fatal(err)
		}
		return xmlrpc.DecodeResponse(bytes.NewReader(data), xmlrpc.Limits{})
	}
	_, made = ada.token("another")
	secret := "Bearer " + made["token"].(string)
	id, key := ada.header.Get("Koji-Session-Id"), ada.header.Get("Koji-Session-Key")
	for name, c := range map[string]struct {
		query  string
		header []string
		want   string
	}{
		"a guess":                  {"", []string{"Authorization", "Bearer kura_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "no such token"},
		"another's form":           {"", []string{"Authorization", "Bearer x"}, "no such token"},
		"none":                     {"", []string{"Authorization", "Bearer "}, "no token"},
		"two":                      {"", []string{"Authorization", secret, "Authorization", secret}, "2 Authorization headers"},
		"with a session":           {"", []string{"Authorization", secret, "Koji-Session-Id", id, "Koji-Session-Key", key}, "both a session and a token"},
		"with half a session":      {"", []string{"Authorization", secret, "Koji-Session-Key", key}, "both a session and a token"},
		"with one in the query":    {"session-id=" + id + "&session-key=" + key, []string{"Authorization", secret}, "both a session and a token"},
		"with an unreadable query": {"%zz", []string{"Authorization", secret}, "both a session and a token"},
	} {
		v, err := ask(c.query, c.header...)
		if err == nil {
			t.Errorf("%s: %v", name, v)
			continue
		}
		wantFault(t, v, err, 1002, c.want)
	}
	if v, err := ask("", "Authorization", "Basic YTpi"); err != nil { // a proxy's, not ours
		t.Error(v, err)
	}
}

func TestTokensAreListedWithoutTheirSecrets(t *testing.T) {
	f := newFront(t, tokens(0))
	ada := f.login("ada")
	_, made := ada.token("ci", list("tag", "sign", "tag"), 1.5)
	f.login("root").token("root's")
	if d := made["expires"].(float64) - made["created"].(float64); d != 1.5*86400 {
		t.Errorf("it lives for %v seconds", d)
	}
	delete(made, "token")
	made["scopes"] = list("sign", "tag")
	if diff := cmp.Diff(any(list(made)), ada.must("kura.listTokens")); diff != "" {
		t.Error(diff)
	}
	f.anonymous().fault(1004, "logged in", "kura.listTokens")
	if !strings.Contains(fmt.Sprint(ada.must("system.methodHelp", "kura.createToken")), "createToken(name, scopes=None, days=None)") {
		t.Error("no help")
	}
}

func TestPasswordsAreChanged(t *testing.T) {
	f := newFront(t, tokens(0))
	ada, root := f.login("ada"), f.login("root")
	token, _ := root.token("all", list("*"))
	const better = "an even better secret"
	ada.must("kura.setPassword", better)
	f.anonymous().fault(1002, "invalid username or password", "login", "ada", "ada's secret")
	f.anonymous().must("login", "ada", better)
	if v := ada.must("showSession"); !strings.HasSuffix(v.(string), "user ada") {
		t.Errorf("the session is gone: %v", v)
	}
	ada.fault(1004, "the password of root", "kura.setPassword", better, "root")
	ada.fault(1000, "at least 12 characters", "kura.setPassword", "short")
	root.fault(1000, "is a build host", "kura.setPassword", better, "builder1")
	root.fault(1000, "No such user: eve", "kura.setPassword", better, "eve")
	root.must("kura.setPassword", "what root gave her", kw("user", "ada"))
	f.anonymous().must("login", "ada", "what root gave her")
	token.fault(1004, "a token cannot change the password of root", "kura.setPassword", better)
	token.fault(1004, "a token cannot change the password of ada", "kura.setPassword", better, "ada")
	f.anonymous().fault(1004, "logged in", "kura.setPassword", better, "ada")
}
