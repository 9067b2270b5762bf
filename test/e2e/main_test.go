package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/test/distro"
	"github.com/kura-build/kura/test/harness"
)

// world is what all sites share.
type world struct {
	dir     string // for everything; removed at the end
	program string
	base    string // address of the base distribution
	number  int
	builder sync.Mutex // of the builder's directory that the sites with deaths share
}

var theWorld struct {
	sync.Once
	*world
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.place != nil {
		shared.site.Close()
	}
	if w := theWorld.world; w != nil && os.Getenv("KURA_E2E_KEEP") == "" {
		if err := os.RemoveAll(w.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

func getWorld(t *testing.T) *world {
	t.Helper()
	theWorld.Do(func() { theWorld.world, theWorld.err = newWorld() })
	if theWorld.err != nil {
		t.Fatal(theWorld.err)
	}
	return theWorld.world
}

func newWorld() (w *world, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("these tests build in real roots: run them as root")
	}
	dir, err := os.MkdirTemp("", "kura-e2e-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // builds have users of their own
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	w = &world{dir: dir}
	if w.program, err = harness.Build(ctx, dir); err != nil {
		return nil, err
	}
	cache, err := distro.DefaultCache()
	if err != nil {
		return nil, err
	}
	out := filepath.Join(filepath.Dir(cache), "e2e-distro")
	if err := distro.Make(ctx, distro.Options{Out: out}); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.base = "http://" + l.Addr().String() + "/"
	s := &http.Server{Handler: http.FileServerFS(os.DirFS(out)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // until the tests end
	return w, nil
}

// place is a site with somebody at work there.
type place struct {
	*testing.T
	ctx         context.Context
	site        *harness.Site
	admin, user *client.Hub
}

// tag is the destination of builds everywhere, and the name of the target.
const tag = "f36-addons"

// newSite makes a site of a test's own; nothing runs yet. Its logs are shown
// when the test fails.
func newSite(t *testing.T, o harness.Options) *place {
	t.Helper()
	w := getWorld(t)
	w.number++
	o.Program, o.Dir = w.program, filepath.Join(w.dir, fmt.Sprintf("site%d", w.number))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	site, err := harness.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		site.Close()
		if t.Failed() {
			t.Log(site.Logs(120))
		}
	})
	return &place{T: t, ctx: ctx, site: site}
}

// mortal makes a site whose parts a test may kill: hub and builder are
// processes of their own. The builders of these sites share a directory, so
// that roots are made once; so one test at a time has it.
func mortal(t *testing.T, database string) *place {
	t.Helper()
	return mortalWith(t, harness.Options{Database: database})
}

func mortalWith(t *testing.T, o harness.Options) *place {
	t.Helper()
	w := getWorld(t)
	w.builder.Lock()
	t.Cleanup(w.builder.Unlock)
	o.Builder = filepath.Join(w.dir, "mortal-builder")
	return newSite(t, o)
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "") })
	t.Run("postgres", func(t *testing.T) { fn(t, dbtest.PostgresURL(t)) })
}

// start starts a role.
func (p *place) start(role string) *harness.Process {
	p.Helper()
	proc, err := p.site.Start(p.ctx, role)
	p.must(err)
	return proc
}

// settle logs in and makes what builds need, with packages that are listed.
func (p *place) settle(packages ...string) {
	p.Helper()
	p.login()
	s := harness.Setup{Tag: tag, Base: getWorld(p.T).base, Groups: distro.Groups(), Packages: packages, Owner: "koji-user"}
	p.must(s.Make(p.ctx, p.admin))
}

func (p *place) login() {
	p.Helper()
	var err error
	p.admin, err = p.site.As(p.ctx, harness.Admin)
	p.must(err)
	p.user, err = p.site.As(p.ctx, harness.User)
	p.must(err)
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

var shared struct {
	sync.Once
	*place
}

// sharedSite gives the site that all peaceful tests share: one process with
// hub, builder and signer.
func sharedSite(t *testing.T) *place {
	t.Helper()
	w := getWorld(t)
	shared.Do(func() {
		ctx := context.Background() // lives as long as the tests
		site, err := harness.New(ctx, harness.Options{Program: w.program, Dir: filepath.Join(w.dir, "shared"), Signer: true})
		if err != nil {
			t.Fatal(err)
		}
		p := &place{T: t, ctx: ctx, site: site}
		shared.place = p
		p.start("up")
		p.settle("tests") // its branches are many packages
	})
	if shared.place == nil || shared.user == nil {
		t.Fatal("the shared site did not come up: see the first test that asked for it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(shared.site.Logs(60))
		}
	})
	return &place{T: t, ctx: ctx, site: shared.site, admin: shared.admin, user: shared.user}
}
