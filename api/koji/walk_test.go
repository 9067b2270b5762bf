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
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/upload"
)

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
