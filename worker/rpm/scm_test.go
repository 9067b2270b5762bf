package rpm

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/protocol"
)

func TestAnAddressThatIsNone(t *testing.T) {
	good := protocol.SCM{URL: "https://git.example.org/rpms/hello", Ref: "main", Subdir: "a/b"}
	if err := checkSCM(&good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*protocol.SCM){
		"a program":              func(s *protocol.SCM) { s.URL = "ext::sh -c id" },
		"a file":                 func(s *protocol.SCM) { s.URL = "file:///etc" },
		"a path":                 func(s *protocol.SCM) { s.URL = "/etc" },
		"an option":              func(s *protocol.SCM) { s.URL = "--upload-pack=id" },
		"an option as host":      func(s *protocol.SCM) { s.URL = "ssh://-oProxyCommand=id/x" },
		"an option as user":      func(s *protocol.SCM) { s.URL = "ssh://-oProxyCommand=id@h/x" },
		"a line break":           func(s *protocol.SCM) { s.URL = "https://h/x\ny" },
		"an option as ref":       func(s *protocol.SCM) { s.Ref = "--upload-pack=id" },
		"no ref":                 func(s *protocol.SCM) { s.Ref = "" },
		"a range":                func(s *protocol.SCM) { s.Ref = "a..b" },
		"a ref spec":             func(s *protocol.SCM) { s.Ref = "a:b" },
		"a reflog":               func(s *protocol.SCM) { s.Ref = "a@{1}" },
		"above":                  func(s *protocol.SCM) { s.Subdir = "../x" },
		"above, later":           func(s *protocol.SCM) { s.Subdir = "a/../../x" },
		"absolute":               func(s *protocol.SCM) { s.Subdir = "/etc" },
		"a macro":                func(s *protocol.SCM) { s.Subdir = "%(id)" },
		"git's own":              func(s *protocol.SCM) { s.Subdir = ".git/hooks" },
		"a blank in a directory": func(s *protocol.SCM) { s.Subdir = "a b" },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			change(&s)
			if err := checkSCM(&s); err == nil {
				t.Errorf("%+v was taken", s)
			}
		})
	}
}

// site is a git server and a lookaside cache.
type site struct {
	*shop
	work string
	url  string
	look map[string]string // path → bytes
}

func newSite(t *testing.T) *site {
	s, _ := serveSite(t, httptest.NewServer)
	return s
}

func serveSite(t *testing.T, serve func(http.Handler) *httptest.Server) (*site, *httptest.Server) {
	s := &site{shop: newShop(t), look: map[string]string{}}
	root := filepath.Join(s.dir, "git")
	s.work = filepath.Join(s.dir, "work")
	s.must(os.MkdirAll(root, 0o755))
	s.git("", "init", "-q", "-b", "main", s.work)
	backend, err := exec.Command("git", "--exec-path").Output()
	s.must(err)
	git := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"), Root: "/git",
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	srv := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/git/") {
			git.ServeHTTP(w, r)
			return
		}
		data, ok := s.look[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(data))
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s, srv
}

func (s *site) git(dir string, args ...string) string {
	s.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes a commit of files and publishes the repository. It gives the id.
func (s *site) commit(files map[string]string) string {
	s.Helper()
	for name, text := range files {
		s.must(os.MkdirAll(filepath.Dir(filepath.Join(s.work, name)), 0o755))
		s.must(os.WriteFile(filepath.Join(s.work, name), []byte(text), 0o644))
	}
	s.git(s.work, "add", "-A")
	s.git(s.work, "commit", "-q", "-m", "x")
	bare := filepath.Join(s.dir, "git", "hi.git")
	s.must(os.RemoveAll(bare))
	s.git("", "clone", "-q", "--mirror", s.work, bare)
	return s.git(s.work, "rev-parse", "HEAD")
}

func (s *site) scm(ref string) *protocol.SCM {
	return &protocol.SCM{URL: s.url + "/git/hi.git", Ref: ref, Lookaside: s.url + "/look", Package: "rpms/hi"}
}

// task begins a task that fetches sources.
func (s *site) task() *task {
	s.Helper()
	t, err := s.b.begin("scm-"+unique(), protocol.Root{Arch: hostArch}, protocol.Limits{Time: time.Minute, Disk: 64 << 20}, s.desk)
	s.must(err)
	t.checkoutLog = &bytes.Buffer{}
	s.Cleanup(t.close)
	return t
}

func TestACheckoutIsPinned(t *testing.T) {
	s := newSite(t)
	first := s.commit(map[string]string{"hi.spec": "one"})
	s.git(s.work, "tag", "v1")
	second := s.commit(map[string]string{"hi.spec": "two"})
	ctx := context.Background()
	for ref, want := range map[string]string{"main": second, "origin/main": second, "v1": first, first: first, first[:10]: first} {
		k := s.task()
		id, err := k.checkout(ctx, s.scm(ref))
		if err != nil || id != want {
			t.Errorf("%s is %s, %v, want %s: %s", ref, id, err, want, k.checkoutLog)
			continue
		}
		text, err := os.ReadFile(filepath.Join(k.home, "scm/hi.spec"))
		if err != nil || string(text) != map[string]string{first: "one", second: "two"}[want] {
			t.Errorf("%s has %q, %v", ref, text, err)
		}
	}
	_, err := s.task().checkout(ctx, s.scm("nosuch"))
	if err == nil || !strings.Contains(err.Error(), `has no branch, tag or commit "nosuch"`) {
		t.Errorf("got %v", err)
	}
	_, err = s.task().checkout(ctx, &protocol.SCM{URL: s.url + "/git/none.git", Ref: "main"})
	if err == nil || !strings.Contains(err.Error(), "Cannot fetch the sources from "+s.url+"/git/none.git") {
		t.Errorf("got %v", err)
	}
}

// A repository cannot make the checkout run or fetch anything.
func TestACheckoutRunsNothing(t *testing.T) {
	s := newSite(t)
	s.commit(map[string]string{
		"hi.spec": "x", ".gitattributes": "* filter=evil\n*.bin filter=lfs\n", "a.bin": "version https://git-lfs.github.com/spec/v1\n",
		".gitmodules": "[submodule \"m\"]\n\tpath = m\n\turl = " + s.url + "/git/other.git\n",
		".lfsconfig":  "[lfs]\n\turl = http://127.0.0.1:1/\n",
	})
	k := s.task()
	if _, err := k.checkout(context.Background(), s.scm("main")); err != nil {
		t.Fatalf("%v: %s", err, k.checkoutLog)
	}
	hooks, _ := os.ReadDir(filepath.Join(k.home, "scm/.git/modules"))
	if len(hooks) != 0 {
		t.Errorf("submodules were fetched: %v", hooks)
	}
}

func TestLookaside(t *testing.T) {
	sum := func(text string) string { h := sha512.Sum512([]byte(text)); return hex.EncodeToString(h[:]) }
	path := func(name, text string) string { return "/look/rpms/hi/" + name + "/sha512/" + sum(text) + "/" + name }
	for name, c := range map[string]struct {
		sources string
		serve   map[string]string
		want    string // part of the sentence; "" is success
	}{
		"as it is":       {"SHA512 (a+b-1.tar.gz) = " + sum("A") + "\n", map[string]string{path("a+b-1.tar.gz", "A"): "A"}, ""},
		"none":           {"", nil, ""},
		"of old":         {"7fc56270e7a70fa81a5935b72eacbe29  a.tgz\n", map[string]string{"/look/rpms/hi/a.tgz/7fc56270e7a70fa81a5935b72eacbe29/a.tgz": "A"}, ""},
		"another file":   {"SHA512 (a.tgz) = " + sum("A") + "\n", map[string]string{path("a.tgz", "A"): "B"}, "a.tgz from the lookaside cache has the sha512 " + sum("B") + ", but the sources file says " + sum("A")},
		"not there":      {"SHA512 (a.tgz) = " + sum("A") + "\n", nil, "does not have a.tgz with sha512"},
		"out of the way": {"SHA512 (../../x) = " + sum("A") + "\n", nil, "which is no plain file name"},
		"a weak one":     {"CRC32 (x) = 00000000\n", nil, `has a hash "crc32" that is not known`},
		"too short":      {"SHA512 (x) = 00\n", nil, "wrong length"},
		"twice":          {"SHA512 (hi.spec) = " + sum("A") + "\n", map[string]string{path("hi.spec", "A"): "A"}, "both in the repository and in its sources file"},
		"too large": {"SHA512 (a.tgz) = " + sum("A") + "\n", map[string]string{path("a.tgz", "A"): strings.Repeat("x", 80<<20)},
			"a.tgz does not fit on the build's disk of 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.commit(map[string]string{"hi.spec": "x", "sources": c.sources})
			for p, text := range c.serve {
				s.look[p] = text
			}
			k := s.task()
			ctx := context.Background()
			if _, err := k.checkout(ctx, s.scm("main")); err != nil {
				t.Fatal(err)
			}
			err := k.lookaside(ctx, s.scm("main"))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func FuzzParseSources(f *testing.F) {
	f.Add("SHA512 (a) = 00\n")
	f.Add("7fc56270e7a70fa81a5935b72eacbe29  a.tgz\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseSources(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, x := range list {
			if strings.ContainsAny(x.name, "/\x00\n") || x.name == ".." || x.name == "." || strings.HasPrefix(x.name, "-") {
				t.Errorf("took the name %q", x.name)
			}
		}
	})
}
