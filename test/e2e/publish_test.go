package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kura-build/kura/client"
)

// A build is signed, a distribution repository is made of it, and dnf, which
// trusts the key alone, installs from there and from nowhere that was changed.
func TestSignedRepositoryIsInstalledFrom(t *testing.T) {
	t.Parallel()
	p := sharedSite(t)
	const name = "published"
	_, err := p.admin.Call(p.ctx, "createTag", name, client.Keywords{"arches": "x86_64"})
	p.must(err)
	p.list(name)
	_, err = p.admin.Call(p.ctx, "packageListAdd", name, name, "koji-user")
	p.must(err)
	s := spec{name: name, head: "AutoReq: no"}
	p.closed(p.build(p.push(name, s), nil))
	nvr := name + "-1-1.e2e"
	tagging, err := p.admin.Int(p.ctx, "tagBuild", name, nvr)
	p.must(err)
	p.closed(tagging)

	v, err := p.admin.Call(p.ctx, "kura.createKey", name, "ed25519", "e2e", "e2e@localhost")
	p.must(err)
	key := client.AsMap(v)
	id := key.Str("keyid")
	short := id[len(id)-8:]
	dist := func() int64 {
		task, err := p.admin.Int(p.ctx, "distRepo", name, []any{short}, client.Keywords{
			"arch": []any{"x86_64"}, "write_signed_rpms": true, "latest": true, "inherit": true,
		})
		p.must(err)
		return task
	}
	f := p.failed(dist()) // nothing is signed yet
	if !strings.Contains(f.Text, nvr+".noarch") {
		t.Errorf("it does not say what is not signed: %s", f.Text)
	}
	_, err = p.admin.Call(p.ctx, "kura.signBuild", nvr, name)
	p.must(err)
	p.closed(dist())

	dir := t.TempDir()
	gpg := filepath.Join(dir, "key")
	p.must(os.WriteFile(gpg, []byte(key.Str("public")), 0o644))
	url := p.site.Plain + "/kojifiles/repos-dist/" + name + "/latest/x86_64/"
	if out, err := p.dnf(dir, "good", url, gpg, name); err != nil {
		t.Fatalf("dnf: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "good/usr/bin", name)); err != nil {
		t.Errorf("dnf installed nothing: %v", err)
	}
	other, err := p.admin.Call(p.ctx, "kura.createKey", name+"-other", "ed25519", "e2e", "e2e@localhost")
	p.must(err)
	p.must(os.WriteFile(gpg, []byte(client.AsMap(other).Str("public")), 0o644))
	if out, err := p.dnf(dir, "bad", url, gpg, name); err == nil {
		t.Errorf("dnf takes what another key has signed:\n%s", out)
	}
}

// dnf installs a package into an empty root below dir.
func (p *place) dnf(dir, root, url, key, pkg string) (string, error) {
	p.Helper()
	home := filepath.Join(dir, root+"-home")
	p.must(os.MkdirAll(home, 0o755))
	// Debian's rpm keeps its database elsewhere unless it is told.
	p.must(os.WriteFile(filepath.Join(home, ".rpmmacros"), []byte("%_dbpath /var/lib/rpm\n"), 0o644))
	conf := fmt.Sprintf("[e2e]\nname=e2e\nbaseurl=%s\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://%s\n", url, key)
	p.must(os.WriteFile(filepath.Join(home, "e2e.repo"), []byte(conf), 0o644))
	cmd := exec.CommandContext(p.ctx, "dnf", "--installroot="+filepath.Join(dir, root), "--releasever=36", "-y",
		"--setopt=reposdir="+home, "--setopt=cachedir="+home+"/cache", "--setopt=logdir="+home, "--setopt=persistdir="+home+"/persist", "install", pkg)
	cmd.Env = append(os.Environ(), "HOME="+home)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
