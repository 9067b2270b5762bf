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

// lastTry starts a scratch build whose repository is tried for the last time:
// what may pass is tried five times, seconds apart.
func (p *place) lastTry(src string) int64 {
	p.Helper()
	top := p.build(src, map[string]any{"scratch": true})
	p.until("the repository's task", func() bool {
		n := int64(0)
		d, err := p.site.Records(p.ctx)
		p.must(err)
		defer d.Close()
		p.must(d.Update(p.ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(p.ctx, "UPDATE task SET losses = 4 WHERE parent = $1 AND method = 'newRepo'", top)
			return err
		}))
		return n == 1
	})
	return top
}

// An external repository that is away, or changes while it is read, fails the
// build where it was needed, in the words of who read it; when it is well again
// so are builds. What a root was made of is recorded with where it came from.
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
		{"changes", "repomd.xml tells"},
	} {
		m.mode.Store(c.mode)
		f := p.failed(p.lastTry(src))
		t.Logf("%s: %s", c.mode, f.Text)
		p.says(f, "", "external repository "+tag+"-base", m.url, c.says)
	}
	m.mode.Store("")
	well := p.build(src, map[string]any{"scratch": true})
	p.closed(well)
	p.rootFrom(well, tag+"-base")
	m.mode.Store("no packages") // of those that no root had yet
	f := p.failed(p.build(p.push("remote", spec{name: "remote", head: "BuildRequires: help2man"}), map[string]any{"scratch": true}))
	t.Logf("no packages: %s", f.Text)
	p.says(f, "buildroot", "BuildRequires of remote-1-1.e2e", "404 for "+m.url)
	_, err := p.admin.Call(p.ctx, "editExternalRepo", tag+"-base", client.Keywords{"url": "http://127.0.0.1:1/"})
	p.must(err)
	f = p.failed(p.lastTry(src))
	t.Logf("nobody there: %s", f.Text)
	p.says(f, "", "127.0.0.1:1", "refused")
}

// rootFrom looks whether the root of a build's source package is recorded as made
// of an external repository's packages.
func (p *place) rootFrom(top int64, repository string) {
	p.Helper()
	all, err := p.admin.Trees(p.ctx, top)
	p.must(err)
	for _, t := range all {
		if t.Method != "buildSRPMFromSCM" {
			continue
		}
		roots, err := p.admin.Maps(p.ctx, "listBuildroots", client.Keywords{"taskID": t.ID})
		p.must(err)
		if len(roots) != 1 {
			p.Fatalf("task %d has %d roots", t.ID, len(roots))
		}
		rpms, err := p.admin.Maps(p.ctx, "listRPMs", client.Keywords{"componentBuildrootID": roots[0].Int("id")})
		p.must(err)
		if len(rpms) == 0 {
			p.Error("the root is recorded as empty")
		}
		for _, r := range rpms {
			if r.Str("external_repo_name") != repository {
				p.Errorf("%s is recorded as from %q", r.Str("name"), r.Str("external_repo_name"))
			}
		}
	}
}
