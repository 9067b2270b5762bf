package koji

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHTTP(t *testing.T) {
	f := newFront(t)
	c := f.anonymous()
	resp, err := http.Get(f.http.URL + "/kojihub")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" || resp.Header.Get("Koji-Version") != Version {
		t.Errorf("GET: %s %v", resp.Status, resp.Header)
	}
	for name, body := range map[string]string{
		"empty": "", "not XML": "hello", "too long": "<methodCall>" + strings.Repeat(" ", 5<<20),
		"DTD": `<!DOCTYPE x [<!ENTITY a "b">]><methodCall><methodName>hello</methodName></methodCall>`,
	} {
		resp, data, err := c.post("/kojihub", http.Header{}, strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if resp.StatusCode != 400 || !strings.HasPrefix(string(data), "Invalid request: ") || resp.Header.Get("Koji-Version") != Version {
			t.Errorf("%s: %s %s", name, resp.Status, data)
		}
	}
	call := "<methodCall><methodName>hello</methodName></methodCall>"
	for _, path := range []string{"/kojihub", "/kojihub/xyz", "/kojihub/ssllogin"} {
		resp, data, err := c.post(path, http.Header{}, strings.NewReader(call))
		if err != nil || resp.ContentLength != int64(len(data)) || resp.Header.Get("Content-Type") != "text/xml" ||
			!strings.Contains(string(data), "Hello World") {
			t.Errorf("%s: %v %v %s", path, err, resp, data)
		}
	}
}

func TestFaultsThatClientsKnow(t *testing.T) {
	f := newFront(t)
	c := f.anonymous()
	c.fault(1000, "Invalid method: noSuchThing", "noSuchThing")
	c.fault(1000, "Invalid method: getRPM", "getRPM", 1) // declared, but nobody carries it out
	c.fault(1000, "test error", "error")
	c.fault(1000, "No such user", "getUser", "nobody")
	c.fault(1000, "Invalid type for argument userInfo", "getUser", []any{})
	c.fault(1004, "admin permission required (user not logged in)", "createUser", "eve")
	f.login("ada").fault(1004, "admin permission required (logged in as ada)", "createUser", "eve")
	c.fault(1002, "could not verify client: None", "sslLogin", kw("proxyuser", nil))
	c.fault(1002, "invalid username or password", "login", "ada", "wrong")
	c.fault(1019, "RootExports.error() takes 1 positional argument but 2 were given", "error", 1)
	c.fault(1019, "get_user() got an unexpected keyword argument 'x'", "getUser", 1, kw("x", 1))
}

func TestOurOwnFailuresStayInside(t *testing.T) {
	c := newFront(t).anonymous()
	c.fault(1, "internal error in fault; the hub's log has it", "fault")
	c.fault(1, "internal error in getTag", "getTag", 1)     // panics
	c.fault(1, "internal error in getBuild", "getBuild", 1) // cannot be written
	if v := c.must("hello"); v != "Hello World" {
		t.Error(v)
	}
}

func TestStreamThatFailsIsCutOff(t *testing.T) {
	v, err := newFront(t).anonymous().call("listTags")
	if err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("half an answer looked whole: %.100v, %v", v, err)
	}
}

func TestKeywordsAndEcho(t *testing.T) {
	c := newFront(t).anonymous()
	if v := c.must("getUser", kw("userInfo", "ada")); v.(map[string]any)["name"] != "ada" {
		t.Error(v)
	}
	want := []any{int64(1), "two", nil, map[string]any{"__starstar": false}}
	if diff := cmp.Diff(any(want), c.must("echo", want...)); diff != "" {
		t.Error(diff)
	}
}

func TestFilters(t *testing.T) {
	c := newFront(t).anonymous()
	names := func(v any) (out []string) {
		for _, x := range v.([]any) {
			out = append(out, x.(map[string]any)["name"].(string))
		}
		return out
	}
	v := c.must("countAndFilterResults", "listUsers",
		kw("filterOpts", map[string]any{"order": "-name", "offset": 1, "limit": 5})).([]any)
	if diff := cmp.Diff([]string{"builder1", "ada"}, names(v[1])); diff != "" || v[0] != int64(3) {
		t.Error(v[0], diff)
	}
	if v := c.must("filterResults", "listUsers", kw("filterOpts", map[string]any{"order": "id", "limit": 1})); names(v)[0] != "ada" {
		t.Error(v)
	}
	if n := c.must("count", "listUsers"); n != int64(3) {
		t.Error(n)
	}
	c.fault(1000, "hello() did not return a list", "filterResults", "hello")
	c.fault(1000, "Invalid method: nope", "filterResults", "nope")
	c.fault(1000, "cannot be called through", "filterResults", "createUser", "eve")
	c.fault(1000, "cannot be called through", "filterResults", "filterResults", "listUsers")
}

func TestIntrospection(t *testing.T) {
	c := newFront(t).anonymous()
	for _, x := range c.must("_listapi").([]any) {
		m := x.(map[string]any)
		if m["name"] != "getUser" {
			continue
		}
		want := map[string]any{
			"name": "getUser", "doc": nil, "argdesc": "(userInfo=None, strict=False, krb_princs=True, groups=False)",
			"args": []any{[]any{"userInfo", nil}, []any{"strict", false}, []any{"krb_princs", true}, []any{"groups", false}},
			"argspec": []any{[]any{"userInfo", "strict", "krb_princs", "groups"}, nil, nil,
				[]any{nil, false, true, false}, []any{}, nil, map[string]any{}},
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Error(diff)
		}
	}
	if v := c.must("system.methodHelp", "system.methodHelp"); v != "system.methodHelp(method)" {
		t.Error(v)
	}
	if v := c.must("system.methodHelp", "nope"); v != "" {
		t.Error(v)
	}
	if v := c.must("system.listMethods").([]any); len(v) < 20 {
		t.Error(v)
	}
}

func TestOfflineAndLockOut(t *testing.T) {
	f := newFront(t)
	ada, root := f.login("ada"), f.login("root")
	f.server.LockOut = true
	ada.fault(1014, "maintenance", "hello")
	f.anonymous().fault(1014, "maintenance", "hello")
	root.must("hello")
	f.login("ada").must("logout")
	f.server.Offline = "moving house"
	root.fault(1014, "moving house", "hello")
}
