package files_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/api/files"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/file"
)

func TestTree(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	err = d.Update(ctx, func(tx *db.Tx) error {
		for p, text := range map[string]string{
			"packages/hello/1/1/x86_64/hello-1-1.x86_64.rpm": "rpm bytes",
			"work/tasks/1/1/build.log":                       "<script>alert(1)</script>",
			"lookaside/hello/x":                              "private",
			"packages/hello/1/1/data/evil.html":              "<script>",
		} {
			i, err := blobs.Put(ctx, strings.NewReader(text), nil)
			if err != nil {
				return err
			}
			if err := file.Put(ctx, tx, p, i); err != nil {
				return err
			}
		}
		i, err := blobs.Put(ctx, strings.NewReader("of several blobs, or of one"), nil)
		if err != nil {
			return err
		}
		joined := file.Entry{Path: "repos/t/1/pkglist", Pieces: []file.Piece{{Sum: i.Sum, At: 18, Size: 9, Whole: i.Size}, {Sum: i.Sum, Size: 17, Whole: i.Size}}}
		if err := file.PutAll(ctx, tx, []file.Entry{joined}); err != nil {
			return err
		}
		return file.Symlink(ctx, tx, "repos/t/latest", "../../packages")
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&files.Handler{DB: d, Blobs: blobs, Prefix: "/kojifiles", Log: slog.Default()})
	defer s.Close()
	get := func(p string, head ...string) (*http.Response, string) {
		r, _ := http.NewRequest("GET", s.URL+p, nil)
		for i := 0; i+1 < len(head); i += 2 {
			r.Header.Set(head[i], head[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp, string(b)
	}
	const rpm = "/packages/hello/1/1/x86_64/hello-1-1.x86_64.rpm"
	for _, p := range []string{rpm, "/repos/t/latest/hello/1/1/x86_64/hello-1-1.x86_64.rpm"} {
		if r, b := get("/kojifiles" + p); r.StatusCode != 200 || b != "rpm bytes" {
			t.Errorf("%s: %d %q", p, r.StatusCode, b)
		}
	}
	if r, b := get("/kojifiles"+rpm, "Range", "bytes=4-8"); r.StatusCode != 206 || b != "bytes" {
		t.Errorf("range: %d %q", r.StatusCode, b)
	}
	if r, b := get("/kojifiles/repos/t/1/pkglist"); r.StatusCode != 200 || b != "or of one"+"of several blobs," || r.Header.Get("ETag") == "" || r.ContentLength != 26 {
		t.Errorf("joined: %d %q %v", r.StatusCode, b, r.Header)
	}
	if r, b := get("/kojifiles/repos/t/1/pkglist", "Range", "bytes=6-11"); r.StatusCode != 206 || b != "oneof " {
		t.Errorf("range of a joined one: %d %q", r.StatusCode, b)
	}
	r, _ := get("/kojifiles" + rpm)
	if r, _ := get("/kojifiles"+rpm, "If-None-Match", r.Header.Get("ETag")); r.StatusCode != 304 {
		t.Errorf("conditional: %d", r.StatusCode)
	}
	for p, want := range map[string]string{"/work/tasks/1/1/build.log": "text/plain", "/packages/hello/1/1/data/evil.html": "application/octet-stream"} {
		r, _ := get("/kojifiles" + p)
		if !strings.HasPrefix(r.Header.Get("Content-Type"), want) || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %v", p, r.Header)
		}
	}
	for _, p := range []string{"/lookaside/hello/x", "/packages/none", "/packages/../lookaside/hello/x", "/packages/%2e%2e/lookaside/hello/x", "/packages//hello", "/packages/a%00b"} {
		if r, b := get("/kojifiles" + p); r.StatusCode < 400 {
			t.Errorf("%s: %d %q", p, r.StatusCode, b)
		}
	}
	if r, b := get("/kojifiles/"); r.StatusCode != 200 || !strings.Contains(b, "packages/") || strings.Contains(b, "lookaside") {
		t.Errorf("top: %d %s", r.StatusCode, b)
	}
	if _, b := get("/kojifiles/packages/hello"); !strings.Contains(b, `href="./1/"`) {
		t.Errorf("listing: %s", b)
	}
}
