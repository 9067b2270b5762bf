package koji

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/accounttest"
)

// front is a server over an empty database with two users.
type front struct {
	t       testing.TB
	db      *db.DB
	server  *Server
	http    *httptest.Server
	uploads *memory
}

func newFront(t testing.TB, parts ...Handlers) *front {
	t.Helper()
	f := &front{t: t, db: dbtest.SQLite(t), uploads: &memory{files: map[string][]byte{}}}
	f.update(func(ctx context.Context, tx *db.Tx) error {
		for _, name := range []string{"ada", "root", "builder1"} {
			u, err := account.Create(ctx, tx, name, account.Person)
			if err == nil {
				err = accounttest.SetPassword(ctx, tx, u.ID, name+"'s secret")
			}
			if err == nil && name == "builder1" {
				err = account.MakeHost(ctx, tx, u.ID)
			}
			if err != nil {
				return err
			}
		}
		return account.Grant(ctx, tx, account.System, account.ByName("root"), account.ByName("admin"))
	})
	var err error
	f.server, err = New(Config{DB: f.db, Sessions: account.NewSessions(), Uploads: f.uploads}, append(parts, userHandlers())...)
	if err != nil {
		t.Fatal(err)
	}
	f.http = httptest.NewServer(f.server)
	t.Cleanup(f.http.Close)
	return f
}

func (f *front) update(fn func(context.Context, *db.Tx) error) {
	f.t.Helper()
	ctx := context.Background()
	if err := f.db.Update(ctx, func(tx *db.Tx) error { return fn(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

// userHandlers stand for a room: some that write, some that stream.
func userHandlers() Handlers {
	return Handlers{
		"createUser": func(ctx context.Context, c *Call) (any, error) {
			name := c.Args.String("username")
			if err := c.Args.Err(); err != nil {
				return nil, err
			}
			u, err := account.Create(ctx, c.Tx, name, account.Person)
			return u.ID, err
		},
		"getUser": func(ctx context.Context, c *Call) (any, error) {
			ref := c.Args.Ref("userInfo")
			if err := c.Args.Err(); err != nil {
				return nil, err
			}
			u, err := account.Get(ctx, c.Tx, account.Ref(ref))
			return map[string]any{"id": u.ID, "name": u.Name}, err
		},
		"listUsers": func(ctx context.Context, c *Call) (any, error) {
			users, err := account.List(ctx, c.Tx, account.Query{})
			rows := func(yield func(account.User, error) bool) {
				for _, u := range users {
					if !yield(u, nil) {
						return
					}
				}
			}
			return xmlrpc.Each(rows, func(e *xmlrpc.Encoder, u account.User) error {
				e.BeginStruct()
				e.IntMember("id", u.ID)
				e.StringMember("name", u.Name)
				e.EndStruct()
				return nil
			}), err
		},
		"host.getID": func(_ context.Context, c *Call) (any, error) { return c.Actor.ID, nil },
		"listTags": func(context.Context, *Call) (any, error) {
			return xmlrpc.Stream(func(yield func(any, error) bool) {
				for range 100000 {
					if !yield("a row that fills the buffer", nil) {
						return
					}
				}
				yield(nil, errors.New("the disk under the database is gone"))
			}), nil
		},
		"getTag":   func(context.Context, *Call) (any, error) { panic("a bug") },
		"getBuild": func(context.Context, *Call) (any, error) { return struct{}{}, nil },
	}
}

// client is a session, or none.
type client struct {
	*front
	header http.Header
	num    int
	way    *way // nil: the front's own
}

// way is another way to the hub.
type way struct {
	*http.Client
	url string
}

func (f *front) anonymous() *client { return &client{front: f, header: http.Header{}} }

func (f *front) login(name string) *client {
	f.t.Helper()
	c := f.anonymous()
	m := c.must("login", name, name+"'s secret", map[string]any{"opts": nil, "__starstar": true}).(map[string]any)
	if m["header-auth"] != true {
		f.t.Fatalf("login gave %v", m)
	}
	c.take(m)
	return c
}

func (c *client) take(m map[string]any) {
	c.header.Set("Koji-Session-Id", fmt.Sprint(m["session-id"]))
	c.header.Set("Koji-Session-Key", m["session-key"].(string))
	c.num = 0
}

func (c *client) post(path string, header http.Header, body io.Reader) (*http.Response, []byte, error) {
	c.t.Helper()
	to := c.way
	if to == nil {
		to = &way{http.DefaultClient, c.http.URL}
	}
	req, err := http.NewRequest("POST", to.url+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = header
	resp, err := to.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, data, err
}

// call makes one call under the next call number.
func (c *client) call(method string, params ...any) (any, error) {
	c.t.Helper()
	v, err := c.again(c.num, method, params...)
	c.num++
	return v, err
}

func (c *client) again(num int, method string, params ...any) (any, error) {
	c.t.Helper()
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, method, params...); err != nil {
		c.t.Fatal(err)
	}
	h := c.header.Clone()
	h.Set("Content-Type", "text/xml")
	if h.Get("Koji-Session-Id") != "" {
		h.Set("Koji-Session-Callnum", fmt.Sprint(num))
	}
	resp, data, err := c.post("/kojihub", h, &body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != 200 || resp.Header.Get("Koji-Version") != Version {
		c.t.Fatalf("%s: %s %v %s", method, resp.Status, resp.Header, data)
	}
	return xmlrpc.DecodeResponse(bytes.NewReader(data), filterLimits)
}

func (c *client) must(method string, params ...any) any {
	c.t.Helper()
	v, err := c.call(method, params...)
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	return v
}

// fault wants a call to fail with a code and a text.
func (c *client) fault(code int, text, method string, params ...any) {
	c.t.Helper()
	v, err := c.call(method, params...)
	wantFault(c.t, v, err, code, text)
}

func wantFault(t testing.TB, v any, err error, code int, text string) {
	t.Helper()
	var f *xmlrpc.Fault
	if !errors.As(err, &f) || f.Code != code || !strings.Contains(f.String, text) {
		t.Errorf("got %v, %v; want fault %d with %q", v, err, code, text)
	}
}

func kw(pairs ...any) map[string]any {
	m := map[string]any{"__starstar": true}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}
