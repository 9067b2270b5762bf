package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/format/rpm"
)

// get reads an address of the site's plain listener.
func (p *place) get(path string) []byte {
	p.Helper()
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.site.Plain+path, nil)
	p.must(err)
	res, err := http.DefaultClient.Do(req)
	p.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	p.must(err)
	if res.StatusCode != http.StatusOK {
		p.Fatalf("%s: %s\n%s", path, res.Status, b)
	}
	return b
}

var link = regexp.MustCompile(`<a href="([^"?][^"]*)"`)

// dir lists a directory as a browser sees it.
func (p *place) dir(path string) []string {
	p.Helper()
	var names []string
	for _, m := range link.FindAllSubmatch(p.get(path), -1) {
		if n := strings.TrimPrefix(string(m[1]), "./"); n != "../" && !strings.HasPrefix(n, "/") {
			names = append(names, n)
		}
	}
	return names
}

// download keeps a file of the site's.
func (p *place) download(path string) string {
	p.Helper()
	file := filepath.Join(p.TempDir(), filepath.Base(path))
	p.must(os.WriteFile(file, p.get(path), 0o644))
	return file
}

// program runs a program of this machine.
func (p *place) program(name string, args ...string) string {
	p.Helper()
	out, err := exec.CommandContext(p.ctx, name, args...).CombinedOutput()
	if err != nil {
		p.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// upload puts bytes among the hub's uploads and gives their path there.
func (p *place) upload(name string, data []byte) string {
	p.Helper()
	dir := client.UploadDir("cli-build")
	p.must(p.user.Upload(p.ctx, dir, name, bytes.NewReader(data), int64(len(data)), nil))
	return dir + "/" + name
}

// srpm makes a source package here, as a packager would.
func (p *place) srpm(s spec) string {
	p.Helper()
	b := &rpm.Build{Name: s.name, Version: "1", Release: "1", Arch: "x86_64", Source: true, Summary: s.name, License: "MIT", BuildArchs: []string{"noarch"}}
	for name, text := range s.repository() {
		b.Files = append(b.Files, rpm.File{Path: name, Mode: 0o644, Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	}
	return p.write(b)
}

// uploaded makes a source package and uploads it.
func (p *place) uploaded(s spec) string {
	p.Helper()
	file := p.srpm(s)
	b, err := os.ReadFile(file)
	p.must(err)
	return p.upload(filepath.Base(file), b)
}

// write writes a package into a file of its name.
func (p *place) write(b *rpm.Build) string {
	p.Helper()
	var out bytes.Buffer
	_, err := b.WriteTo(&out)
	p.must(err)
	file := filepath.Join(p.TempDir(), b.FileName())
	p.must(os.WriteFile(file, out.Bytes(), 0o644))
	return file
}
