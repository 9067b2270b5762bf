package koji

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// part is a part of the front under the name of its type.
type part interface{ Handlers() Handlers }

// wholeFront are all parts, as cmd/kura wires them.
func wholeFront(t *testing.T, d *db.DB) []part {
	t.Helper()
	parts, _ := wholeFrontOver(d, wholeBlobs(t), flow.Config{})
	return parts
}

func wholeBlobs(t *testing.T) blob.Store {
	t.Helper()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

// wholeFrontOver gives the rooms of tasks and of their flow, too.
func wholeFrontOver(d *db.DB, blobs blob.Store, conf flow.Config) ([]part, workshop) {
	tasks, signer := task.New(&wires{ears: map[int]ear{}}), sign.New(d, blobs, nil)
	conf.Maven, conf.Windows = true, true
	flows := flow.New(d, blobs, tasks, repo.NewMaker(d, blobs), signer, conf)
	return []part{
		Accounts{}, Tokens{Sessions: account.NewSessions()},
		Tasks{Room: tasks, Blobs: blobs, Hub: flow.HubMethods}, Hosts{Room: tasks},
		Builders{Room: tasks, Hub: flow.HubMethods}, Scheduler{}, Starts{Flow: flows}, Notifications{Domain: "example.org"},
		Tags{Lists: tag.NewLists(flows.Policies().List), Side: &tag.SideTags{Suffixes: []string{"fast"}, Allow: flows.Policies().SideTag}}, Events{}, History{}, Policies{Rules: flows.Policies()},
		Builds{DB: d, Blobs: blobs, Tasks: tasks, Flow: flows}, Archives{DB: d, Blobs: blobs, Flow: flows}, Hosted{DB: d, Flow: flows}, Repos{Flow: flows, Tasks: tasks},
		Signing{DB: d, Blobs: blobs, Sign: signer},
	}, workshop{tasks, flows}
}

// workshop is what a runner of the hub's own tasks needs.
type workshop struct {
	tasks *task.Room
	flow  *flow.Flow
}

// undone lets calls work, and takes back what they did.
type undone struct{ *db.DB }

var errUndo = errors.New("undo")

func (u undone) Update(ctx context.Context, fn func(*db.Tx) error) error {
	err := u.DB.Update(ctx, func(tx *db.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}

// probe counts the uploads that are let through.
type probe struct {
	Uploads
	ran int
}

func (p *probe) Put(context.Context, account.Actor, upload.Piece, io.Reader) (upload.Stored, error) {
	p.ran++
	return upload.Stored{}, fault(genericError, "put")
}

// role is somebody who calls, and what the walk knows of them.
type role struct {
	name            string
	header          http.Header
	user            string
	perms           []string
	host, exclusive bool
	taken           bool // another session has the user for itself
}

// walk is a whole front in which nothing lasts, with handlers that are
// counted.
type walk struct {
	t       *testing.T
	db      *db.DB
	server  *Server
	uploads *probe
	ran     map[string]int
	roles   []role
	without []string // rows that no part carries out
}

func newWalk(t *testing.T) *walk {
	w := &walk{t: t, db: dbtest.SQLite(t), uploads: &probe{}, ran: map[string]int{}}
	var parts []Handlers
	for _, p := range wholeFront(t, w.db) {
		parts = append(parts, p.Handlers())
	}
	var err error
	w.server, err = New(Config{DB: undone{w.db}, Sessions: account.NewSessions(), Uploads: w.uploads}, parts...)
	if err != nil {
		t.Fatal(err)
	}
	for name := range w.server.api.methods {
		real := w.server.api.handlers[name]
		if real == nil {
			w.without = append(w.without, name)
			real = func(context.Context, *Call) (any, error) { return true, nil }
		}
		w.server.api.handlers[name] = func(ctx context.Context, c *Call) (any, error) {
			w.ran[name]++
			return real(ctx, c)
		}
	}
	slices.Sort(w.without)
	w.people()
	return w
}

// address is where all calls come from.
const address = "192.0.2.1"

// people makes somebody of each kind.
func (w *walk) people() {
	perms := map[string]bool{}
	s := account.NewSessions()
	ctx := context.Background()
	update := func(fn func(*db.Tx) error) {
		if err := w.db.Update(ctx, fn); err != nil {
			w.t.Fatal(err)
		}
	}
	session := func(tx *db.Tx, u account.User, exclusive bool) (http.Header, error) {
		o, err := s.Open(ctx, tx, u, account.AuthPassword, address)
		if err == nil && exclusive {
			err = s.MakeExclusive(ctx, tx, account.Actor{ID: u.ID, Session: o.ID}, false)
		}
		return http.Header{"Koji-Session-Id": {fmt.Sprint(o.ID)}, "Koji-Session-Key": {o.Key}}, err
	}
	update(func(tx *db.Tx) error {
		known, err := account.ListPerms(ctx, tx)
		for _, p := range known {
			perms[p.Name] = true
		}
		for _, m := range w.server.api.methods {
			for _, p := range permsOf(m.Needs.String()) {
				if !perms[p] && err == nil {
					_, err = account.CreatePerm(ctx, tx, p, "")
				}
				perms[p] = true
			}
		}
		return err
	})
	person := func(name string, perms ...string) {
		update(func(tx *db.Tx) error {
			u, err := account.Create(ctx, tx, name, account.Person)
			for _, p := range perms {
				if err == nil {
					err = account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName(p))
				}
			}
			if err != nil {
				return err
			}
			h, err := session(tx, u, false)
			w.roles = append(w.roles, role{name: name, user: name, header: h, perms: perms})
			return err
		})
	}
	w.roles = append(w.roles, role{name: "anonymous", header: http.Header{}})
	person("user")
	for p := range perms {
		person("with-"+p, p)
	}
	update(func(tx *db.Tx) error {
		for _, name := range []string{"host", "exclusive-host"} {
			u, err := account.Create(ctx, tx, name, account.Host)
			if err != nil {
				return err
			}
			h, err := session(tx, u, name == "exclusive-host")
			if err != nil {
				return err
			}
			w.roles = append(w.roles, role{name: name, user: name, header: h, host: true, exclusive: name == "exclusive-host"})
		}
		u, err := account.Create(ctx, tx, "busy", account.Person)
		if err != nil {
			return err
		}
		h, err := session(tx, u, false)
		if err != nil {
			return err
		}
		w.roles = append(w.roles, role{name: "shut out", user: "busy", header: h, taken: true})
		_, err = session(tx, u, true)
		return err
	})
	update(func(tx *db.Tx) error {
		for name, c := range map[string]struct {
			user   string
			scopes []string
			perms  []string
			role   role
		}{
			"token without scopes": {user: "user"},
			"admin's bare token":   {user: "with-admin"},
			"admin's token (tag)":  {user: "with-admin", scopes: []string{"tag"}, perms: []string{"tag"}},
			"user's token (admin)": {user: "user", scopes: []string{"admin"}},
			"admin's token (*)":    {user: "with-admin", scopes: []string{"*"}, perms: []string{"admin"}},
			"host's token":         {user: "exclusive-host", scopes: []string{"*"}, role: role{host: true, taken: true}},
		} {
			u, err := account.Get(ctx, tx, account.ByName(c.user))
			if err != nil {
				return err
			}
			_, secret, err := s.CreateToken(ctx, tx, u.ID, name, c.scopes, 0)
			if err != nil {
				return err
			}
			r := c.role
			r.name, r.user, r.perms, r.header = name, c.user, c.perms, http.Header{"Authorization": {"Bearer " + secret}}
			w.roles = append(w.roles, r)
		}
		return nil
	})
}

// permsOf reads which permissions a need is about.
func permsOf(need string) (perms []string) {
	for one := range strings.SplitSeq(need, " or ") {
		if p, ok := strings.CutPrefix(one, "permission "); ok {
			perms = append(perms, p)
		}
	}
	return perms
}

// refusal is what somebody must hear of a method, by its row; nil if they are
// let in.
func (r role) refusal(t *testing.T, m *Method) *xmlrpc.Fault {
	switch m.Name {
	case "login", "sslLogin", "exclusiveSession", "logout":
	default:
		if r.taken {
			return &xmlrpc.Fault{Code: 1006, String: "User locked by another session"}
		}
	}
	need := m.Needs.String()
	perms := permsOf(need)
	switch {
	case need == "anyone":
		return nil
	case need == "login" && r.user == "":
		return &xmlrpc.Fault{Code: 1004, String: "you must be logged in for this operation"}
	case need == "login":
		return nil
	case need == "exclusive host" && r.user == "":
		return &xmlrpc.Fault{Code: 1002, String: "Not logged-in"}
	case need == "exclusive host" && !r.host:
		return &xmlrpc.Fault{Code: 1002, String: "is not a host"}
	case need == "exclusive host" && !r.exclusive:
		return &xmlrpc.Fault{Code: 1002, String: "This method requires an exclusive session"}
	case need == "exclusive host":
		return nil
	case len(perms) == 0 || len(perms) != len(strings.Split(need, " or ")):
		t.Errorf("%s: what is %q?", m.Name, need)
		return nil
	}
	for _, p := range append(perms, account.Admin) {
		if slices.Contains(r.perms, p) {
			return nil
		}
	}
	who := "user not logged in"
	if r.user != "" {
		who = "logged in as " + r.user
	}
	return &xmlrpc.Fault{Code: 1004, String: fmt.Sprintf("%s permission required (%s)", perms[0], who)}
}

// post makes a call as somebody.
func (w *walk) post(r role, method string, params []any) (any, error) {
	w.t.Helper()
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, method, params...); err != nil {
		w.t.Fatal(err)
	}
	return w.send(r, "", "text/xml", &body)
}

func (w *walk) send(r role, query, kind string, body io.Reader) (any, error) {
	w.t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/kojihub?"+query, body)
	req.RemoteAddr = address + ":999"
	req.Header = r.header.Clone()
	req.Header.Set("Content-Type", kind)
	rec := httptest.NewRecorder()
	w.server.kept = newKeep() // what is kept is given without a handler
	w.server.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", r.name, rec.Code, rec.Body)
	}
	return xmlrpc.DecodeResponse(rec.Body, filterLimits)
}

// nonsense are as many arguments as a method must have, none of which names
// anything.
func nonsense(m *Method) []any {
	params := []any{}
	for _, p := range m.sig.params {
		if !p.optional {
			params = append(params, int64(999_999_999))
		}
	}
	return params
}

// judge compares what happened with what must.
func (w *walk) judge(r role, m *Method, want *xmlrpc.Fault, ran int, err error) {
	w.t.Helper()
	var got *xmlrpc.Fault
	errors.As(err, &got)
	switch {
	case want == nil && ran != 1:
		w.t.Errorf("%s as %s is open to them (%s), but was carried out %d times: %v", m.Name, r.name, m.Needs, ran, err)
	case want == nil && got != nil && got.Code == 1 && m.Name != "fault":
		w.t.Errorf("%s as %s: %v", m.Name, r.name, got)
	case want != nil && ran != 0:
		w.t.Errorf("%s as %s is closed to them (%s), and was carried out", m.Name, r.name, m.Needs)
	case want != nil && (got == nil || got.Code != want.Code || !strings.Contains(got.String, want.String)):
		w.t.Errorf("%s as %s: got %v, want %v", m.Name, r.name, err, want)
	}
}

// Everybody calls everything: by itself, in a multicall, and as an upload. The
// table decides who is let in, and nobody else reaches a handler.
func TestTheTableDecidesWhoMayCallWhat(t *testing.T) {
	w := newWalk(t)
	t.Logf("%d methods, %d kinds of callers; not carried out by any part: %s",
		len(w.server.api.methods), len(w.roles), strings.Join(w.without, " "))
	var all []*Method
	for _, m := range w.server.api.methods {
		if !declared(m.Needs) {
			t.Errorf("%s does not say who may call it", m.Name)
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *Method) int { return strings.Compare(a.Name, b.Name) })
	for _, r := range w.roles {
		for _, m := range all {
			clear(w.ran)
			_, err := w.post(r, m.Name, nonsense(m))
			w.judge(r, m, r.refusal(t, m), w.ran[m.Name], err)
		}
		w.together(r, all)
		w.together(r, slices.DeleteFunc(slices.Clone(all), func(m *Method) bool { return m.Mode == Apart }))
		ran := w.uploads.ran
		_, err := w.send(r, "filename=a.rpm&filepath=cli", "application/octet-stream", strings.NewReader("bytes"))
		up := &Method{Name: "upload", Needs: Login}
		want := r.refusal(t, up)
		if r.user == "" { // older clients have their session in the query, and this one is another's
			want = &xmlrpc.Fault{Code: 1002, String: "'session-id' not specified in session args"}
		}
		w.judge(r, up, want, w.uploads.ran-ran, err)
	}
}

// together makes all calls in one.
func (w *walk) together(r role, all []*Method) {
	w.t.Helper()
	clear(w.ran)
	var entries []any
	for _, m := range all {
		entries = append(entries, map[string]any{"methodName": m.Name, "params": nonsense(m)})
	}
	v, err := w.post(r, "multiCall", []any{entries})
	answers, ok := v.([]any)
	if err != nil || !ok || len(answers) != len(all) {
		w.t.Fatalf("multiCall as %s: %v, %d answers", r.name, err, len(answers))
	}
	for i, m := range all {
		var err error
		if a, ok := answers[i].(map[string]any); ok {
			code, _ := a["faultCode"].(int64)
			text, _ := a["faultString"].(string)
			err = &xmlrpc.Fault{Code: int(code), String: text}
		}
		want := r.refusal(w.t, m)
		if isLogin(m.Name) {
			want = &xmlrpc.Fault{Code: 1000, String: "cannot be part of another call"}
		}
		w.judge(r, m, want, w.ran[m.Name], err)
	}
}

// The walk goes through the parts that the program has, no fewer.
func TestTheWalkKnowsAllParts(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../cmd/kura/serve.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var wired, walked []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "Handlers" {
			return true
		}
		if lit, ok := method.X.(*ast.CompositeLit); ok {
			if kind, ok := lit.Type.(*ast.SelectorExpr); ok {
				wired = append(wired, "koji."+kind.Sel.Name)
			}
		}
		return true
	})
	for _, p := range wholeFront(t, dbtest.SQLite(t)) {
		walked = append(walked, fmt.Sprintf("%T", p))
	}
	slices.Sort(wired)
	slices.Sort(walked)
	if diff := cmp.Diff(wired, walked); diff != "" {
		t.Error(diff)
	}
}
