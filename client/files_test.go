package client

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client/hubtest"
)

func TestUpload(t *testing.T) {
	f := hubtest.New(t)
	h := open(t, f, func(p *Profile) { p.BlockSize = 1024 })
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	f.After = func(c hubtest.Call) bool { n++; return c.Method == "upload" && n%2 == 0 } // every other answer gets lost
	for _, size := range []int{0, 1, 1024, 2500} {
		want := strings.Repeat("z", size)
		var seen int64
		err := h.Upload(t.Context(), "cli-build/1", "a.src.rpm", strings.NewReader(want), int64(size), func(done, _ int64) { seen = done })
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := f.Uploaded("cli-build/1/a.src.rpm"); got != want || seen != int64(size) {
			t.Errorf("%d bytes: the hub has %d, progress says %d", size, len(got), seen)
		}
	}
	err := h.Upload(t.Context(), "d", "../x", strings.NewReader(""), 0, nil)
	if !kura.Is(err, kura.Invalid) {
		t.Errorf("%v", err)
	}
	err = h.Upload(t.Context(), "d", "x", strings.NewReader("abc"), 5, nil)
	if !kura.Is(err, kura.Conflict) {
		t.Errorf("%v", err)
	}
}

func TestDownload(t *testing.T) {
	f := hubtest.New(t)
	content := strings.Repeat("0123456789", 1000)
	f.File("packages/a/1/1/noarch/a-1-1.noarch.rpm", content)
	h := open(t, f, nil)
	dest := filepath.Join(t.TempDir(), "a.rpm")
	broke := 0
	var ranges []string
	f.Before = func(w http.ResponseWriter, r *http.Request) bool {
		ranges = append(ranges, r.Header.Get("Range"))
		if broke++; broke == 1 { // half of it comes, then the line is cut
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2023 15:04:05 GMT")
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write([]byte(content[:4000]))
			panic(http.ErrAbortHandler)
		}
		return false
	}
	if err := h.Download(t.Context(), "packages/a/1/1/noarch/a-1-1.noarch.rpm", dest, nil); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(dest)
	if string(got) != content {
		t.Errorf("got %d bytes", len(got))
	}
	if len(ranges) != 2 || ranges[0] != "" || !strings.HasPrefix(ranges[1], "bytes=") {
		t.Errorf("asked for %q", ranges)
	}
	if _, err := os.Stat(dest + ".part"); err == nil {
		t.Error("the part is still there")
	}
}

func TestDownloadStartsOverWhenTheFileIsAnother(t *testing.T) {
	f := hubtest.New(t)
	f.File("work/x", "new content")
	h := open(t, f, nil)
	dest := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(dest+".part", []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Download(t.Context(), "work/x", dest, nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(dest); string(got) != "new content" {
		t.Errorf("%q", got)
	}
	err := h.Download(t.Context(), "work/y", dest, nil)
	if !kura.Is(err, kura.NotFound) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"../etc/passwd", "/x", "a//b", "a/./b", "", "a/.b"} {
		if err := h.Download(t.Context(), bad, dest, nil); !kura.Is(err, kura.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
