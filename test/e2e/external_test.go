package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/test/distro"
	"github.com/kura-build/kura/test/harness"
)

// mirror is an external repository that misbehaves on demand.
type mirror struct {
	t    *testing.T
	base *httputil.ReverseProxy
	mode atomic.Value // string
	url  string
}

func newMirror(t *testing.T) *mirror {
	t.Helper()
	to, err := url.Parse(getWorld(t).base)
	if err != nil {
		t.Fatal(err)
	}
	m := &mirror{t: t, base: httputil.NewSingleHostReverseProxy(to)}
	m.mode.Store("")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: m}
	t.Cleanup(func() { s.Close() })
	go func() { _ = s.Serve(l) }() // until the test's end
	m.url = "http://" + l.Addr().String() + "/"
	return m
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	metadata := strings.Contains(r.URL.Path, "/repodata/") && !strings.HasSuffix(r.URL.Path, "repomd.xml")
	switch mode := m.mode.Load(); {
	case mode == "away":
		http.Error(w, "gone for lunch", http.StatusServiceUnavailable)
	case mode == "changes" && metadata: // it was replaced after repomd.xml was read
		fmt.Fprint(w, "the metadata of tomorrow")
	case mode == "no packages" && strings.HasSuffix(r.URL.Path, ".rpm"):
		http.NotFound(w, r)
	default:
		m.base.ServeHTTP(w, r)
	}
}

// lastTry starts a scratch build whose source package is tried for the last
// time: what may pass is tried five times, minutes apart.
func (p *place) lastTry(src, method string) int64 {
	p.Helper()
	switchHost := func(how string) {
		_, err := p.admin.Call(p.ctx, how, "builder1")
		p.must(err)
	}
	switchHost("disableHost")
	top := p.build(src, map[string]any{"scratch": true})
	p.until("the builder's task", func() bool {
		n := int64(0)
		d, err := p.site.Records(p.ctx)
		p.must(err)
		defer d.Close()
		p.must(d.Update(p.ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(p.ctx, "UPDATE task SET losses = 4 WHERE parent = $1 AND method = $2", top, method)
			return err
		}))
		return n == 1
	})
	switchHost("enableHost")
	return top
}

// An external repository that is away, or changes while it is read, fails the
// build where it was needed, in the words of who read it; when it is well again
// so are builds.
func TestExternalRepositoryFails(t *testing.T) {
	p := mortal(t, "")
	p.start("hub")
	p.start("builder")
	p.login()
	m := newMirror(t)
	s := harness.Setup{Tag: tag, Base: m.url, Groups: distro.Groups(), Packages: []string{"remote"}, Owner: "koji-user"}
	p.must(s.Make(p.ctx, p.admin))
	src := p.push("remote", spec{name: "remote"})
	for _, c := range []struct{ mode, says string }{
		{"away", "503"},
		{"changes", "repodata"},
	} {
		m.mode.Store(c.mode)
		f := p.failed(p.lastTry(src, "buildSRPMFromSCM"))
		t.Logf("%s: %s", c.mode, f.Text)
		p.says(f, "buildroot", c.says)
	}
	m.mode.Store("")
	p.closed(p.build(src, map[string]any{"scratch": true}))
	m.mode.Store("no packages") // of those that no root had yet
	f := p.failed(p.build(p.push("remote", spec{name: "remote", head: "BuildRequires: help2man"}), map[string]any{"scratch": true}))
	t.Logf("no packages: %s", f.Text)
	p.says(f, "buildroot", "BuildRequires of remote-1-1.e2e", "help2man", "Cannot download")
	_, err := p.admin.Call(p.ctx, "editExternalRepo", tag+"-base", client.Keywords{"url": "http://127.0.0.1:1/"})
	p.must(err)
	f = p.failed(p.lastTry(src, "buildSRPMFromSCM"))
	t.Logf("nobody there: %s", f.Text)
	p.says(f, "buildroot", "127.0.0.1:1")
}
