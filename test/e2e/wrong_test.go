package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/test/harness"
)

// refused checks that a call fails with these words, and at once.
func (p *place) refused(err error, words ...string) {
	p.Helper()
	if err == nil {
		p.Error("it was taken")
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			p.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestBadUploads(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("forged")
	whole := p.read(p.srpm(spec{name: "forged"}))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-20] ^= 0xff
	binary := &rpm.Build{Name: "forged", Version: "1", Release: "1", Arch: "noarch", Summary: "x", License: "MIT"}
	for name, c := range map[string]struct {
		file string
		data []byte
		says []string
	}{
		"truncated":          {"forged-1-1.src.rpm", whole[:len(whole)-100], []string{"forged-1-1.src.rpm"}},
		"damaged":            {"forged-1-1.src.rpm", flipped, []string{"forged-1-1.src.rpm"}},
		"no package":         {"forged-1-1.src.rpm", bytes.Repeat([]byte("not an rpm "), 1000), []string{"forged-1-1.src.rpm"}},
		"empty":              {"forged-1-1.src.rpm", nil, []string{"forged-1-1.src.rpm"}},
		"a binary package":   {"forged-1-1.noarch.rpm", p.read(p.write(binary)), []string{"forged-1-1.noarch.rpm"}},
		"another one's name": {"innocent-1-1.src.rpm", whole, []string{"innocent-1-1.src.rpm"}},
	} {
		f := p.failed(p.build(p.upload(c.file, c.data), nil))
		t.Logf("%s: %s", name, f.Text)
		p.says(f, "source", c.says...)
	}
	if v, err := p.admin.Call(p.ctx, "getBuild", "forged-1-1"); err != nil || v != nil {
		t.Errorf("there is a build: %v %v", v, err)
	}
	// Nothing of it is in the way of the real one.
	p.closed(p.build(p.uploaded(spec{name: "forged"}), nil))
}

func TestWrongRequests(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("refused", "blocked")
	_, err := p.admin.Call(p.ctx, "packageListBlock", tag, "blocked")
	p.must(err)
	src := p.push("refused", spec{name: "refused"})
	call := func(method string, args ...any) error {
		_, err := p.user.Call(p.ctx, method, args...)
		return err
	}
	p.refused(call("build", src, "nosuch-target"), "unknown build target: nosuch-target")
	p.refused(call("build", "git+https://git.example.org/rpms/x.git?#main", tag), "git.example.org", "not in the list of allowed SCMs")
	p.refused(call("build", "file:///etc/passwd#main", tag), "file:///etc/passwd")
	p.refused(call("build", "../../etc/passwd", tag), "../../etc/passwd")
	p.refused(call("build", src, tag, client.Keywords{"opts": map[string]any{"arch_override": "s390x"}}), "arch_override")
	p.refused(call("tagBuild", "nosuch-tag", "nosuch-1-1"), "nosuch")
	p.refused(call("createTag", "mine"), "tag")
	p.refused(call("no.such.method"), "no.such.method")
	_, err = p.admin.Call(p.ctx, "packageListAdd", "nosuch-tag", "x", "koji-user")
	p.refused(err, "nosuch-tag")

	for what, c := range map[string]struct {
		src  string
		opts map[string]any
		says []string
	}{
		"a package that nobody listed": {p.push("tests", spec{name: "unlisted"}), nil, []string{"unlisted"}},
		"a blocked package":            {p.push("blocked", spec{name: "blocked"}), nil, []string{"package blocked is blocked for tag " + tag}},
		"an arch that the tag has not": {src, map[string]any{"scratch": true, "arch_override": "s390x"}, []string{"No matching arches", tag}},
		"a branch that is not there":   {strings.TrimSuffix(src, filepath.Base(src)) + "refused.git?#nosuch", map[string]any{"scratch": true}, []string{"nosuch"}},
		"a package without repository": {p.site.Source("nosuch", "main"), map[string]any{"scratch": true}, []string{"nosuch"}},
	} {
		f := p.failed(p.build(c.src, c.opts))
		t.Logf("%s: %s", what, f.Text)
		for _, w := range c.says {
			if !strings.Contains(f.Text, w) {
				t.Errorf("%s: %q does not say %q", what, f.Text, w)
			}
		}
	}
}

func TestSameVersionTwice(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	p.list("twice")
	first := p.build(p.push("twice", spec{name: "twice"}), nil)
	p.closed(first)
	f := p.failed(p.build(p.push("twice", spec{name: "twice"}), nil))
	if !strings.Contains(f.Text, "Build already exists") || !strings.Contains(f.Text, "twice-1-1.e2e") {
		t.Errorf("it says %q", f.Text)
	}
	if b := p.buildOf("twice-1-1.e2e"); b.State != client.BuildComplete || b.Task != first {
		t.Errorf("the first build is %s, of task %d", b.State, b.Task)
	}
}

func TestSourcesFileDoesNotMatch(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	tarball := filepath.Join(t.TempDir(), "data.tar.gz")
	p.must(os.WriteFile(tarball, []byte("the real one"), 0o644))
	stored, err := p.user.UploadSource(p.ctx, p.site.Cert+"/repo/pkgs/upload.cgi", "tests", tarball, nil)
	p.must(err)
	s := spec{name: "mismatch", head: "Source1: data.tar.gz"}
	for name, line := range map[string]string{
		"wrong":   strings.Replace(stored.SourcesLine(), stored.SHA512[:8], "00000000", 1),
		"unknown": "CRC32 (data.tar.gz) = 12345678",
		"path":    strings.Replace(stored.SourcesLine(), "data.tar.gz", "../../data.tar.gz", 1),
	} {
		files := s.repository()
		files["sources"] = line + "\n"
		src, err := p.site.Push(p.ctx, "tests", "sources-"+name, files)
		p.must(err)
		f := p.failed(p.build(src, map[string]any{"scratch": true}))
		t.Logf("%s: %s", name, f.Text)
		p.says(f, "source")
	}
	files := s.repository()
	files["sources"] = stored.SourcesLine() + "\n"
	src, err := p.site.Push(p.ctx, "tests", "sources-right", files)
	p.must(err)
	p.closed(p.build(src, map[string]any{"scratch": true}))
}

func TestForeignHandsOnSources(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	_, err := p.admin.Call(p.ctx, "packageListAdd", tag, "notmine", "kojiadmin")
	p.must(err)
	_, err = p.site.Push(p.ctx, "notmine", "main", spec{name: "notmine"}.repository())
	p.refused(err, "koji-user owns notmine in no tag")
}

// post sends a body to the hub as it is.
func (p *place) post(h *http.Client, body string, header http.Header) (int, string) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, p.site.Web+"/kojihub", strings.NewReader(body))
	p.must(err)
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Content-Type", "text/xml")
	res, err := h.Do(req)
	p.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	p.must(err)
	return res.StatusCode, string(b)
}

func TestBadXML(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	h, err := p.site.HTTP("")
	p.must(err)
	call := func(value string) string {
		return `<?xml version="1.0"?><methodCall><methodName>echo</methodName><params><param>` + value + `</param></params></methodCall>`
	}
	for name, body := range map[string]string{
		"cut off":  call("<value><int>1</int></value>")[:60],
		"no XML":   "hello",
		"empty":    "",
		"entity":   `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>` + call("<value><string>&b;</string></value>")[21:],
		"external": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + call("<value><string>&a;</string></value>")[21:],
		"deep":     call(strings.Repeat("<value><array><data>", 100_000) + strings.Repeat("</data></array></value>", 100_000)),
		"huge":     call("<value><array><data>" + strings.Repeat("<value><i4>1</i4></value>", 3_000_000) + "</data></array></value>"),
		"a number": call("<value><int>99999999999999999999</int></value>"),
	} {
		status, answer := p.post(h, body, nil)
		if status != http.StatusBadRequest || strings.Contains(answer, "root:") {
			t.Errorf("%s: status %d: %.300s", name, status, answer)
		}
	}
	if status, answer := p.post(h, call("<value><int>1</int></value>"), nil); status != http.StatusOK {
		t.Errorf("afterwards: %d %s", status, answer)
	}
}

// A call number that was used already is not carried out again; a session or a
// certificate that is revoked opens nothing.
func TestSessionsAndCertificates(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	_, err := p.site.Run(p.ctx, "cert", "issue", "mallory", "-o", filepath.Join(p.site.Data, "client", "mallory.pem"))
	p.must(err)
	profile, err := p.site.Profile(harness.User)
	p.must(err)
	profile.Cert, profile.MaxRetries = filepath.Join(p.site.Data, "client", "mallory.pem"), 1
	mallory, err := client.New(profile)
	p.must(err)
	p.must(mallory.Login(p.ctx))

	h, err := p.site.HTTP("client/mallory.pem")
	p.must(err)
	login := func() (http.Header, error) {
		req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, p.site.Cert+"/kojihub/ssllogin", strings.NewReader(methodCall("sslLogin")))
		p.must(err)
		req.Header.Set("Content-Type", "text/xml")
		res, err := h.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		p.must(err)
		id, key := between(string(b), "session-id</name><value>", "</value>"), between(string(b), "session-key</name><value>", "</value>")
		if id == "" {
			return nil, fmt.Errorf("%s: %s", res.Status, b)
		}
		strip := strings.NewReplacer("<int>", "", "</int>", "", "<i8>", "", "</i8>", "", "<i4>", "", "</i4>", "", "<string>", "", "</string>", "")
		return http.Header{"Koji-Session-Id": {strip.Replace(id)}, "Koji-Session-Key": {strip.Replace(key)}}, nil
	}
	session, err := login()
	p.must(err)
	number := func(n string, method string) string {
		session.Set("Koji-Session-Callnum", n)
		_, answer := p.post(h, methodCall(method), session)
		return answer
	}
	if a := number("5", "subsession"); strings.Contains(a, "faultCode") {
		t.Errorf("call 5: %s", a)
	}
	if a := number("5", "subsession"); !strings.Contains(a, "1009") {
		t.Errorf("call 5 again: %s", a)
	}
	if a := number("3", "subsession"); !strings.Contains(a, "1008") {
		t.Errorf("call 3 after 5: %s", a)
	}
	if a := number("6", "logout"); strings.Contains(a, "faultCode") {
		t.Errorf("logout: %s", a)
	}
	if a := number("7", "subsession"); !strings.Contains(a, "1002") {
		t.Errorf("after logout: %s", a)
	}

	list, err := p.site.Run(p.ctx, "cert", "list", "mallory")
	p.must(err)
	_, err = p.site.Run(p.ctx, "cert", "revoke", strings.Fields(list)[0])
	p.must(err)
	if _, err := login(); err == nil {
		t.Error("a revoked certificate logs in")
	}
	if _, err := p.site.PushAs(p.ctx, "mallory.pem", "tests", "mallory", map[string]string{"x": "x"}); err == nil {
		t.Error("a revoked certificate pushes")
	}
	again, err := client.New(profile)
	p.must(err)
	p.refused(again.Login(p.ctx))
}

func methodCall(name string) string {
	return `<?xml version="1.0"?><methodCall><methodName>` + name + `</methodName><params></params></methodCall>`
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(strings.ReplaceAll(s, "\n", ""), from)
	s, _, _ = strings.Cut(s, to)
	return s
}
