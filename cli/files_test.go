package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura/client/hubtest"
	"github.com/kura-build/kura/format/rpm"
)

// pack writes a small package and gives its path and content.
func pack(t *testing.T, dir, name string, source bool) (string, string) {
	t.Helper()
	p := &rpm.Build{Name: name, Version: "1", Release: "2", Arch: "noarch", Source: source, Summary: "x", License: "MIT",
		Files: []rpm.File{}, Compression: "gzip", BuildTime: 1}
	suffix := ".noarch.rpm"
	if source {
		suffix = ".src.rpm"
	}
	path := filepath.Join(dir, name+"-1-2"+suffix)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := p.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(b)
}

func TestBuildUploadsWhatIsHere(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	play(b, false)
	b.hub.Answer("build", int64(12))
	path, content := pack(t, b.dir, "hello", true)
	if got := b.run("build", "f43", path, "--scratch", "--arch", "x86_64,aarch64", "--repo-id", "9"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	if got, _ := b.hub.Uploaded("/hello-1-2.src.rpm"); got != content {
		t.Errorf("the hub has %d bytes of %d", len(got), len(content))
	}
	call := b.hub.Called("build")[0]
	if s, _ := call.Args[0].(string); !strings.HasPrefix(s, "cli-build/") || !strings.HasSuffix(s, "/hello-1-2.src.rpm") {
		t.Errorf("source %v", call.Args[0])
	}
	want := []any{"f43", m{"scratch": true, "arch_override": "x86_64 aarch64", "repo_id": int64(9)}, nil}
	if d := cmp.Diff(want, call.Args[1:]); d != "" {
		t.Error(d)
	}
	if !strings.Contains(b.out.String(), "built bash-5-1") {
		t.Errorf("what was built is not said:\n%s", b.out.String())
	}
	built, _ := pack(t, b.dir, "hello", false)
	if got := b.run("build", "f43", built); got != exitUsage || !strings.Contains(b.errs.String(), "source package is wanted") {
		t.Errorf("%d %s", got, b.errs.String())
	}
	if got := b.run("build", "nothing", path); got != exitNotFound {
		t.Errorf("%d %s", got, b.errs.String())
	}
	if got := b.run("build", "f43", "git+https://src.example/bash#main", "--nowait"); got != exitOK ||
		!strings.Contains(b.out.String(), "watch it with: kura watch 12") {
		t.Errorf("%d %s", got, b.output())
	}
}

func TestDownload(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	_, content := pack(t, b.dir, "hello", false)
	b.hub.Answer("getBuild", m{"id": 7, "name": "hello", "version": "1", "release": "2", "nvr": "hello-1-2"})
	b.hub.Answer("listRPMs", l{
		m{"id": 1, "name": "hello", "version": "1", "release": "2", "arch": "noarch", "size": len(content)},
		m{"id": 2, "name": "hello-debuginfo", "version": "1", "release": "2", "arch": "x86_64"},
		m{"id": 3, "name": "hello", "version": "1", "release": "2", "arch": "s390x"}})
	b.hub.File("packages/hello/1/2/noarch/hello-1-2.noarch.rpm", content)
	dir := filepath.Join(b.dir, "got")
	for range 2 { // the second time it is there
		if got := b.run("download", "hello-1-2", "--arch", "noarch", "-d", dir); got != exitOK {
			t.Fatalf("exit status %d\n%s", got, b.output())
		}
		if d := cmp.Diff("DIR/got/hello-1-2.noarch.rpm\n", b.output()); d != "" {
			t.Error(d)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "hello-1-2.noarch.rpm")); string(got) != content {
		t.Errorf("got %d bytes", len(got))
	}
	if got := b.run("download", "hello-1-2", "--arch", "s390x", "-d", dir); got != exitNotFound {
		t.Errorf("a file that the hub has lost: %d %s", got, b.errs.String())
	}
	harmed := []byte(content)
	harmed[len(harmed)-3] ^= 1
	b.hub.File("packages/hello/1/2/s390x/hello-1-2.s390x.rpm", string(harmed))
	if got := b.run("download", "hello-1-2", "--arch", "s390x", "-d", dir); got != exitFailed || !strings.Contains(b.errs.String(), "digests") {
		t.Errorf("a harmed file: %d %s", got, b.errs.String())
	}
	b.hub.Answer("listRPMs", l{m{"id": 1, "name": "../../../x", "version": "1", "release": "2", "arch": "noarch"}})
	if got := b.run("download", "hello-1-2", "-d", dir); got != exitFailed {
		t.Errorf("a name that leads elsewhere: %d %s", got, b.output())
	}
}

func TestImport(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	bin, _ := pack(t, b.dir, "hello", false)
	src, content := pack(t, b.dir, "hello", true)
	if got := b.run("import", bin, src); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	if d := cmp.Diff("imported hello-1-2.src\nimported hello-1-2.noarch\n", b.output()); d != "" {
		t.Error(d)
	}
	if got, _ := b.hub.Uploaded("/hello-1-2.src.rpm"); got != content {
		t.Errorf("the hub has %d bytes", len(got))
	}
}

func TestUploadNotesSources(t *testing.T) {
	b := newBench(t)
	stored := ""
	lookaside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for {
			part, err := form.NextPart()
			if err != nil {
				break
			}
			text, _ := io.ReadAll(part)
			stored += part.FormName() + "=" + string(text) + " "
		}
		_, _ = io.WriteString(w, "Missing")
	}))
	t.Cleanup(lookaside.Close)
	file, sources := filepath.Join(b.dir, "a.tar"), filepath.Join(b.dir, "sources")
	for path, text := range map[string]string{file: "tar", sources: "SHA512 (a.tar) = 00\n0011  old.tar\nSHA512 (b.tar) = 11"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.run("upload", "hello", file, "--address", lookaside.URL, "--sources", sources); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	if !strings.Contains(stored, "name=hello") || !strings.Contains(stored, "filename=a.tar") || !strings.Contains(stored, "file=tar") {
		t.Errorf("sent %s", stored)
	}
	text, _ := os.ReadFile(sources)
	if want := "0011  old.tar\nSHA512 (b.tar) = 11\n" + b.out.String(); string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

func TestLogsFollow(t *testing.T) {
	b := newBench(t)
	record(b.hub)
	build, root := "", ""
	b.slept = func(n int) {
		root += "installing\n"
		if n > 1 {
			build += "compil"
		}
		if n > 2 {
			build += "ing\n"
		}
	}
	b.hub.Answer("getTaskDescendents", m{})
	b.hub.Answer("getTaskInfo", func(hubtest.Call) (any, error) {
		state := 1
		if b.naps > 3 {
			state = 2
		}
		return m{"id": 14, "method": "buildArch", "state": state}, nil
	})
	b.hub.Answer("listTaskOutput", func(hubtest.Call) (any, error) {
		return m{"build.log": m{"st_size": len(build)}, "root.log": m{"st_size": len(root)}, "a.rpm": m{"st_size": 9}}, nil
	})
	b.hub.Answer("downloadTaskOutput", func(c hubtest.Call) (any, error) {
		text := root
		if c.Args[1] == "build.log" {
			text = build
		}
		return hubtest.Base64(text[min(c.Keys["offset"].(int64), int64(len(text))):]), nil
	})
	if got := b.run("logs", "-f", "14"); got != exitOK {
		t.Fatalf("exit status %d\n%s", got, b.output())
	}
	golden(t, "logs_follow.txt", b.output())
}
