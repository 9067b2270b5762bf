package git_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/api/git"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/source"
)

type house struct {
	web    *httptest.Server
	daemon string
	repos  *source.Repositories
}

// newHouse serves sources; the header User says who asks.
func newHouse(t *testing.T) house {
	t.Helper()
	d := dbtest.SQLite(t)
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repos := source.NewRepositories(t.TempDir())
	login := func(r *http.Request) (account.Actor, error) {
		switch r.Header.Get("User") {
		case "":
			return account.Anonymous, nil
		case "admin":
			return account.Actor{ID: 1, Name: "admin", Perms: map[string]bool{"admin": true}}, nil
		}
		return account.Actor{ID: 2, Name: "other"}, nil
	}
	h, err := git.NewHTTP(repos, d, login, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/rpms/", h)
	mux.Handle("/repo/pkgs/", &git.Lookaside{HTTP: h, Cache: source.NewLookaside(d, blobs), Blobs: blobs})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go git.NewDaemon(repos, slog.Default(), 4).Serve(ctx, l)
	return house{web: web, daemon: l.Addr().String(), repos: repos}
}

func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestPushAndClone(t *testing.T) {
	h := newHouse(t)
	work := t.TempDir()
	os.WriteFile(filepath.Join(work, "hello.spec"), []byte("Name: hello\n"), 0o644)
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-q", "-m", "first"}} {
		if out, err := run(t, work, args...); err != nil {
			t.Fatal(out)
		}
	}
	url := h.web.URL + "/rpms/hello.git"
	for user, want := range map[string]bool{"": false, "other": false} {
		out, err := run(t, work, "-c", "http.extraHeader=User: "+user, "push", url, "main")
		if (err == nil) != want || h.repos.Exists("hello") {
			t.Errorf("push as %q: %v\n%s", user, err, out)
		}
	}
	if out, err := run(t, work, "-c", "http.extraHeader=User: admin", "push", url, "main"); err != nil {
		t.Fatalf("push as admin: %s", out)
	}
	for _, from := range []string{url, h.web.URL + "/rpms/hello", "git://" + h.daemon + "/rpms/hello.git"} {
		to := filepath.Join(t.TempDir(), "c")
		if out, err := run(t, work, "clone", "-q", from, to); err != nil {
			t.Errorf("clone %s: %s", from, out)
		}
		if b, _ := os.ReadFile(filepath.Join(to, "hello.spec")); string(b) != "Name: hello\n" {
			t.Errorf("clone of %s holds %q", from, b)
		}
	}
	if out, err := run(t, work, "push", "git://"+h.daemon+"/rpms/hello.git", "main:other"); err == nil {
		t.Errorf("pushed over git://: %s", out)
	}
}

// git sends what is larger than a megabyte in pieces of unknown number.
func TestPushOfMuch(t *testing.T) {
	h := newHouse(t)
	work := t.TempDir()
	much := make([]byte, 2<<20)
	rand.Read(much)
	os.WriteFile(filepath.Join(work, "hello.bin"), much, 0o644)
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-q", "-m", "first"},
		{"-c", "http.extraHeader=User: admin", "push", h.web.URL + "/rpms/hello.git", "main"}} {
		if out, err := run(t, work, args...); err != nil {
			t.Fatal(out)
		}
	}
}

// Of a parameter that comes twice git takes the last and net/http the first:
// what was looked at must be what is done.
func TestTheServiceThatWasAskedForIsTheOneThatAnswers(t *testing.T) {
	h := newHouse(t)
	if err := h.repos.Create(context.Background(), "hello"); err != nil {
		t.Fatal(err)
	}
	r, err := http.Get(h.web.URL + "/rpms/hello.git/info/refs?service=git-upload-pack&service=git-receive-pack")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.Header.Get("Content-Type"); got != "application/x-git-upload-pack-advertisement" {
		t.Errorf("answered with %d %s", r.StatusCode, got)
	}
}

func TestPathsThatAreNotRepositories(t *testing.T) {
	h := newHouse(t)
	h.repos.Create(context.Background(), "hello")
	for _, p := range []string{
		"/rpms/hello.git/config", "/rpms/hello.git/HEAD", "/rpms/../hello.git/info/refs?service=git-upload-pack",
		"/rpms/hello.git/../hello.git/info/refs?service=git-upload-pack", "/rpms/-x/info/refs?service=git-upload-pack",
		"/rpms/hello.git/info/refs", "/rpms/hello.git/info/refs?service=git-archive", "/rpms/.git/info/refs?service=git-upload-pack",
		"/rpms/none/info/refs?service=git-upload-pack", "/rpms/a%2fb/info/refs?service=git-upload-pack",
	} {
		r, err := http.Get(h.web.URL + p)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode == http.StatusOK && r.Request.URL.Path != "/rpms/hello.git/info/refs" {
			t.Errorf("%s was served", p)
		}
	}
	for _, line := range []string{"git-upload-pack /etc/passwd\x00", "git-receive-pack /rpms/hello.git\x00", "git-upload-pack /rpms/../../x\x00", "git-upload-pack /rpms/--help\x00"} {
		c, err := net.Dial("tcp", h.daemon)
		if err != nil {
			t.Fatal(err)
		}
		msg := []byte("0000" + line)
		copy(msg, hex4(len(msg)))
		c.Write(msg)
		got, _ := io.ReadAll(c)
		c.Close()
		if !bytes.Contains(got, []byte("ERR ")) {
			t.Errorf("%q answered %q", line, got)
		}
	}
}

func hex4(n int) string {
	const d = "0123456789abcdef"
	return string([]byte{d[n>>12&15], d[n>>8&15], d[n>>4&15], d[n&15]})
}

func upload(t *testing.T, h house, user string, fields [][2]string, fileName, body string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range fields {
		m.WriteField(f[0], f[1])
	}
	if fileName != "" {
		p, _ := m.CreateFormFile("file", fileName)
		io.WriteString(p, body)
	}
	m.Close()
	r, _ := http.NewRequest("POST", h.web.URL+"/repo/pkgs/upload.cgi", &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("User", user)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

func TestLookaside(t *testing.T) {
	h := newHouse(t)
	sum := sha512.Sum512([]byte("tarball"))
	hash := hex.EncodeToString(sum[:])
	fields := [][2]string{{"name", "rpms/hello"}, {"sha512sum", hash}}
	ask := append(fields[:2:2], [2]string{"filename", "hello-1.tar.gz"})

	if code, text := upload(t, h, "", ask, "", ""); code != 403 {
		t.Errorf("anonymous: %d %s", code, text)
	}
	if code, text := upload(t, h, "admin", ask, "", ""); code != 200 || text != "Missing" {
		t.Errorf("%d %q, want Missing", code, text)
	}
	if code, text := upload(t, h, "admin", fields, "hello-1.tar.gz", "tampered"); code != 400 || !strings.Contains(text, "has the hash") {
		t.Errorf("wrong bytes: %d %s", code, text)
	}
	if code, text := upload(t, h, "other", fields, "hello-1.tar.gz", "tarball"); code != 403 {
		t.Errorf("not the owner: %d %s", code, text)
	}
	for _, name := range []string{"../x", "a/b", ".hidden", "-o"} {
		if code, text := upload(t, h, "admin", fields, name, "tarball"); name != "a/b" && name != "../x" && code != 400 {
			t.Errorf("name %q: %d %s", name, code, text)
		}
	}
	if code, text := upload(t, h, "admin", fields, "hello-1.tar.gz", "tarball"); code != 200 || !strings.Contains(text, "stored OK") {
		t.Errorf("%d %s", code, text)
	}
	if code, text := upload(t, h, "admin", ask, "", ""); code != 200 || text != "Available" {
		t.Errorf("%d %q, want Available", code, text)
	}
	for _, prefix := range []string{"hello", "rpms/hello"} {
		r, err := http.Get(h.web.URL + "/repo/pkgs/" + prefix + "/hello-1.tar.gz/sha512/" + hash + "/hello-1.tar.gz")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if string(b) != "tarball" {
			t.Errorf("%s: %d %q", prefix, r.StatusCode, b)
		}
	}
}
