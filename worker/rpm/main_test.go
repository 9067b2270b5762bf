package rpm

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/worker/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Init()
	os.Exit(m.Run())
}

// desk is a hub that keeps what it is told.
type desk struct {
	mu     sync.Mutex
	logs   map[string]*bytes.Buffer
	phases []string
	roots  []protocol.Buildroot
}

func (d *desk) Log(name string) io.Writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.logs == nil {
		d.logs = map[string]*bytes.Buffer{}
	}
	if d.logs[name] == nil {
		d.logs[name] = &bytes.Buffer{}
	}
	return d.logs[name]
}

func (d *desk) Phase(name string) { d.phases = append(d.phases, name) }

func (d *desk) Buildroot(_ context.Context, b protocol.Buildroot) (int64, error) {
	d.roots = append(d.roots, b)
	return int64(len(d.roots)), nil
}

func (d *desk) Fetch(_ context.Context, url string) (io.ReadCloser, error) { return os.Open(url) }

// shop is a builder with a repository of small packages.
type shop struct {
	*testing.T
	dir  string
	repo string
	b    *Builder
	desk *desk
	n    int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests make real roots: run them as root")
	}
	s := &shop{T: t, dir: t.TempDir(), desk: &desk{}}
	for d := s.dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		s.must(os.Chmod(d, 0o711))
	}
	s.repo = filepath.Join(s.dir, "repo")
	s.must(os.Mkdir(s.repo, 0o755))
	s.reopen()
	return s
}

// reopen makes the builder anew, as after a restart.
func (s *shop) reopen() {
	s.Helper()
	host, err := sandbox.NewHost(filepath.Join(s.dir, "sandbox"))
	s.must(err)
	s.b, err = New(host, Options{Dir: filepath.Join(s.dir, "rpm"), MinFree: 1})
	s.must(err)
	s.Cleanup(func() { // what is written in the background
		s.b.layers.background.Wait()
	})
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// pkg adds a package with one file.
func (s *shop) pkg(b rpm.Build, path, text string) {
	s.Helper()
	if b.Version == "" {
		b.Version = "1"
	}
	b.Release, b.Arch, b.Summary, b.License = "1", "noarch", b.Name, "MIT"
	b.Files = []rpm.File{{Path: path, Mode: 0o644, Size: int64(len(text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}}
	f, err := os.Create(filepath.Join(s.repo, b.FileName()))
	s.must(err)
	_, err = b.WriteTo(f)
	s.must(err)
	s.must(f.Close())
}

func (s *shop) publish() {
	s.Helper()
	if out, err := exec.Command("createrepo_c", "-q", s.repo).CombinedOutput(); err != nil {
		s.Fatalf("createrepo_c: %v: %s", err, out)
	}
}

func (s *shop) order(packages ...string) protocol.Root {
	return protocol.Root{
		Tag: "t-build", Arch: hostArch, Repos: []protocol.Repo{{ID: "ours", URL: "file://" + s.repo}}, Packages: packages,
	}
}

// root makes a root, as a build would.
func (s *shop) root(order protocol.Root) (*cleanRoot, error) {
	s.Helper()
	s.n++
	sc, err := s.b.host.Scratch("root-"+unique(), 1<<30)
	s.must(err)
	s.Cleanup(func() { _ = sc.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.Cleanup(cancel)
	return s.b.newRoot(ctx, sc, order, sandbox.Limits{}, &lineLog{out: s.desk.Log("root.log")})
}

func names(list []protocol.RootPackage) string {
	var out []string
	for _, p := range list {
		out = append(out, p.Name+"-"+p.Version)
	}
	return strings.Join(sorted(out), " ")
}
