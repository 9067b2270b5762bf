package main

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/protocol"
)

// row is a request with those that are let in. All others must be turned away.
type row struct {
	pattern string // of the ways in
	ask     ask
	open    bool     // to everybody
	to      []string // or to these
	turned  int      // the status for the others
}

func rows(t *testing.T) []row {
	kind, question := form(t, "mine", "")
	fileKind, upload := form(t, "mine", "x\n")
	// the host's token is a login too, like that of a user
	known := []string{"user", "ann", "admin", "host", "newcomer", "ann's token", "admin's bare token", "admin's token", "host's token"}
	owners := []string{"ann", "admin", "ann's token", "admin's token"}
	const push = "application/x-git-receive-pack-request"
	all := []row{
		{pattern: "/kojihub", ask: ask{method: "POST", path: "/kojihub", kind: "text/xml", body: xmlCall(t, "getKojiVersion")}, open: true},
		{pattern: "/kojihub/", ask: ask{method: "POST", path: "/kojihub/x", kind: "text/xml", body: xmlCall(t, "getKojiVersion")}, open: true},
		{pattern: "/kojihub", ask: ask{method: "GET", path: "/kojihub"}, turned: 405},
		{pattern: "/kojifiles/", ask: ask{method: "GET", path: "/kojifiles/"}, open: true},
		{pattern: "/kojifiles/", ask: ask{method: "PUT", path: "/kojifiles/x", body: "x"}, turned: 405},
		{pattern: "/kojifiles/", ask: ask{method: "POST", path: "/kojifiles/x", body: "x"}, turned: 405},
		{pattern: "/kojifiles/", ask: ask{method: "DELETE", path: "/kojifiles/x"}, turned: 405},
		{pattern: "/rpms/", ask: ask{method: "GET", path: "/rpms/mine.git/info/refs?service=git-receive-pack"}, to: owners, turned: 403},
		{pattern: "/rpms/", ask: ask{method: "POST", path: "/rpms/mine.git/git-receive-pack", kind: push, body: "0000"}, to: owners, turned: 403},
		{pattern: "/rpms/", ask: ask{method: "POST", path: "/rpms/mine/git-receive-pack", kind: push, body: "0000"}, to: owners, turned: 403},
		{pattern: "/rpms/", ask: ask{method: "GET", path: "/rpms/mine.git/HEAD"}, turned: 404},
		{pattern: "/rpms/", ask: ask{method: "GET", path: "/rpms/mine.git/info/refs"}, turned: 403},
		{pattern: "/rpms/", ask: ask{method: "PUT", path: "/rpms/mine.git/info/refs"}, turned: 405},
		{pattern: "/repo/pkgs/", ask: ask{method: "POST", path: "/repo/pkgs/upload.cgi", kind: kind, body: question}, to: known, turned: 403},
		{pattern: "/repo/pkgs/", ask: ask{method: "POST", path: "/repo/pkgs/upload.cgi", kind: fileKind, body: upload}, to: owners, turned: 403},
		{pattern: "/repo/pkgs/", ask: ask{method: "PUT", path: "/repo/pkgs/mine/x.tar", body: "x"}, turned: 405},
		{pattern: "GET /metrics", ask: ask{method: "GET", path: "/metrics"}, open: true},
		{pattern: "GET /healthz", ask: ask{method: "GET", path: "/healthz"}, open: true},
		{pattern: "GET /readyz", ask: ask{method: "GET", path: "/readyz"}, open: true},
		{pattern: "GET /metrics", ask: ask{method: "POST", path: "/metrics"}, turned: 405},
		{pattern: "/", ask: ask{method: "GET", path: "/"}, open: true},
		{pattern: "/", ask: ask{method: "POST", path: "/nowhere"}, turned: 405},
	}
	const task = protocol.PathTasks + "1/"
	for _, a := range []ask{
		{method: "POST", path: protocol.PathLease}, {method: "POST", path: task + "heartbeat"}, {method: "POST", path: task + "log/build.log"},
		{method: "PUT", path: task + "file/a.rpm"}, {method: "POST", path: task + "buildroot"}, {method: "POST", path: task + "finish"},
		{method: "POST", path: task + "fail"}, {method: "POST", path: task + "refuse"},
	} {
		a.body = "{" // stops short of doing anything
		all = append(all, row{pattern: "/worker/v1/", ask: a, to: []string{"host"}, turned: 401})
	}
	return all
}

// Everybody knocks at every way in, at both doors with TLS.
func TestWhoGetsInByWhichWay(t *testing.T) {
	d := newDoors(t)
	for _, r := range rows(t) {
		for _, listener := range []string{"web", "certificate"} {
			for who, c := range d.callers {
				in := r.open || slices.Contains(r.to, who)
				if listener == "web" && c.certs != nil { // nobody is asked for a certificate there
					in = r.open
				}
				status, body := d.send(listener, who, r.ask)
				what := fmt.Sprintf("%s %s as %s at %s: %d %.200s", r.ask.method, r.ask.path, who, listener, status, body)
				switch {
				case in && (status == 0 || status == 401 || status == 403 || status == 404 && r.open || status >= 500):
					t.Errorf("should be let in: %s", what)
				case !in && status != r.turned:
					t.Errorf("should be turned away with %d: %s", r.turned, what)
				}
			}
		}
	}
}

// Whoever logs in through Koji's front is whom the certificate names, and
// nobody else is.
func TestCertificatesAtKojisFront(t *testing.T) {
	d := newDoors(t)
	body := xmlCall(t, "sslLogin")
	for who, c := range d.callers {
		for _, listener := range []string{"web", "certificate"} {
			want := listener == "certificate" && c.certs != nil && !slices.Contains([]string{"blocked", "blocked-host", "revoked"}, who)
			_, answer := d.send(listener, who, ask{method: "POST", path: "/kojihub/ssllogin", kind: "text/xml", body: body})
			v, err := xmlrpc.DecodeResponse(strings.NewReader(answer), xmlrpc.Limits{})
			var f *xmlrpc.Fault
			if want && err != nil || !want && (!errors.As(err, &f) || f.Code != 1002) {
				t.Errorf("%s at %s: %v %v", who, listener, v, err)
			}
		}
	}
}

// The listener without TLS only reads, whatever is asked of it, and by whom.
func TestThePlainListenerNeverWrites(t *testing.T) {
	d := newDoors(t)
	before := d.state()
	asks := []ask{}
	for _, r := range rows(t) {
		asks = append(asks, r.ask)
		for _, m := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			a := r.ask
			a.method = m
			asks = append(asks, a)
		}
	}
	for _, who := range []string{"nobody", "ann's token", "admin's token", "a wrong token"} {
		for _, a := range asks {
			read := a.method == "GET" && strings.HasPrefix(a.path, "/kojifiles/")
			status, body := d.send("plain", who, a)
			if !read && (status == 0 || status < 400 || status >= 500) {
				t.Errorf("%s %s as %s: %d %.200s", a.method, a.path, who, status, body)
			}
		}
	}
	if diff := cmp.Diff(before, d.state()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
}

// state is what somebody from outside could have changed.
func (d *doors) state() map[string]int64 {
	d.t.Helper()
	s := map[string]int64{}
	for _, dir := range []string{"git", "blobs"} {
		err := filepath.WalkDir(filepath.Join(d.house.conf.Data, dir), func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				s[path]++
			}
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return err
		})
		must(d.t, err)
	}
	must(d.t, d.house.db.View(context.Background(), func(tx *db.Tx) error {
		var sessions, users, events int64
		err := tx.Row(context.Background(), `SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM users),
			(SELECT count(*) FROM event)`).Scan(&sessions, &users, &events)
		s["sessions"], s["users"], s["events"] = sessions, users, events
		return err
	}))
	return s
}

// A way in that is added must be added to the rows above too.
func TestEveryWayHasItsRows(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "serve.go", nil, 0)
	must(t, err)
	var wired []string
	literal := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, err := strconv.Unquote(l.Value)
			must(t, err)
			wired = append(wired, s)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		fn, ok := n.(*ast.FuncDecl)
		if ok && fn.Name.Name != "ways" {
			return false
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Handle" || sel.Sel.Name == "HandleFunc") {
				literal(n.Args[0])
			}
		case *ast.CompositeLit:
			if _, list := n.Type.(*ast.ArrayType); list {
				for _, e := range n.Elts {
					literal(e)
				}
			}
		}
		return true
	})
	if len(wired) < 10 {
		t.Fatalf("only %v found", wired)
	}
	have := rows(t)
	for _, w := range wired {
		if !slices.ContainsFunc(have, func(r row) bool { return strings.TrimPrefix(r.pattern, "GET ") == strings.TrimPrefix(w, "GET ") }) {
			t.Errorf("nobody has tried who gets in by %q", w)
		}
	}
}

// pemOf keeps the foreign authority's test short.
func pemOf(t *testing.T, made *authority.Issued) tls.Certificate {
	t.Helper()
	if block, _ := pem.Decode(made.PEM); block == nil {
		t.Fatal("no certificate")
	}
	pair, err := tls.X509KeyPair(made.PEM, made.PEM)
	must(t, err)
	return pair
}

// Certificates of the right name by the wrong authority, and such as are in no
// record, open nothing.
func TestForgedCertificates(t *testing.T) {
	d := newDoors(t)
	foreign, err := authority.Create(t.TempDir(), "kura")
	must(t, err)
	own, err := authority.Open(filepath.Join(d.house.conf.Data, "pki"))
	must(t, err)
	for name, ca := range map[string]*authority.Authority{"foreign": foreign, "unrecorded": own} {
		made, err := ca.Issue(authority.User, "kojiadmin", nil, life)
		must(t, err)
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.roots, ServerName: "localhost",
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				c := pemOf(t, made) // also shown to who does not ask for that authority's
				return &c, nil
			}}}
		resp, err := (&http.Client{Transport: tr}).Get(d.servers["certificate"].URL + "/rpms/mine.git/info/refs?service=git-receive-pack")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s", name, resp.Status)
			}
		}
		if (err != nil) != (name == "foreign") {
			t.Errorf("%s: %v", name, err)
		}
		tr.CloseIdleConnections()
	}
}
