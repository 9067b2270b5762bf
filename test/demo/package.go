package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/test/distro"
)

// nvr is what the build is called, once that is known.
var nvr string

// gitEnv makes git log in with the user's certificate and no configuration of
// this machine's.
func (d *demo) gitEnv() []string {
	c := filepath.Join(d.data, "client")
	return []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_SSL_CAINFO=" + filepath.Join(c, "ca.crt"), "GIT_SSL_CERT=" + filepath.Join(c, "user.pem"), "GIT_SSL_KEY=" + filepath.Join(c, "user.pem"),
		"GIT_AUTHOR_NAME=koji-user", "GIT_AUTHOR_EMAIL=koji-user@localhost", "GIT_COMMITTER_NAME=koji-user", "GIT_COMMITTER_EMAIL=koji-user@localhost",
	}
}

func (d *demo) sources() error {
	cache, err := distro.DefaultCache()
	if err != nil {
		return err
	}
	tarball, version, err := distro.HelloSource(d.ctx, cache)
	if err != nil {
		return err
	}
	work := filepath.Join(d.dir, "hello")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "hello.spec"), []byte(distro.HelloSpec(version)), 0o644); err != nil {
		return err
	}
	user, err := d.as("local-koji")
	if err != nil {
		return err
	}
	defer user.Close()
	say("kura upload hello %s", filepath.Base(tarball))
	stored, err := user.UploadSource(d.ctx, certAddress+"/repo/pkgs/upload.cgi", "hello", tarball, nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "sources"), []byte(stored.SourcesLine()+"\n"), 0o644); err != nil {
		return err
	}
	say("git push %s/rpms/hello.git main", certAddress)
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"}, {"add", "hello.spec", "sources"}, {"commit", "--quiet", "-m", "Initial package"},
		{"push", "--quiet", certAddress + "/rpms/hello.git", "main"},
	} {
		if _, err := d.exec(work, d.gitEnv(), "git", args...); err != nil {
			return err
		}
	}
	return nil
}

// as logs in under another profile.
func (d *demo) as(profile string) (*client.Hub, error) {
	p, err := client.Load(client.Where{Data: d.data, Profile: profile})
	if err != nil {
		return nil, err
	}
	h, err := client.New(p)
	if err != nil {
		return nil, err
	}
	return h, h.Login(d.ctx)
}

func (d *demo) build() error {
	source := "git+" + certAddress + "/rpms/hello.git?#main"
	say("kura build f36-addons '%s'", source)
	cmd := exec.CommandContext(d.ctx, d.kura, "--data", d.data, "--profile", "local-koji", "build", "f36-addons", source)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the build failed: %w", err)
	}
	builds, err := d.hub.Maps(d.ctx, "listTagged", "f36-addons", client.Keywords{"latest": true})
	if err != nil {
		return err
	}
	if len(builds) != 1 {
		return fmt.Errorf("%d builds in f36-addons, want one", len(builds))
	}
	nvr, _ = builds[0]["nvr"].(string)
	say("%s is tagged with f36-addons", nvr)
	return nil
}

// task waits for a task of the hub.
func (d *demo) task(id int64) error {
	for {
		t, err := d.hub.Task(d.ctx, id)
		if err != nil {
			return err
		}
		if t.State.Done() {
			_, err := d.hub.Call(d.ctx, "getTaskResult", id)
			return err
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *demo) publish() error {
	say("kura key create f36-addons --kind ed25519")
	answer, err := d.hub.Call(d.ctx, "kura.createKey", "f36-addons", "ed25519", "f36 addons", "f36-addons@localhost")
	if err != nil {
		return err
	}
	key, ok := answer.(map[string]any)
	if !ok {
		return errors.New("kura.createKey gave no key")
	}
	public, _ := key["public"].(string)
	id, _ := key["keyid"].(string)
	if len(id) < 8 {
		return fmt.Errorf("the key's id is %q", id)
	}
	short := id[len(id)-8:]
	if err := os.WriteFile(filepath.Join(d.dir, "RPM-GPG-KEY-f36-addons"), []byte(public), 0o644); err != nil {
		return err
	}
	if err := d.call("kura sign "+nvr+" --key f36-addons", "kura.signBuild", nvr, "f36-addons"); err != nil {
		return err
	}
	say("koji dist-repo --with-src --split-debuginfo --write-signed-rpms f36-addons %s", short)
	task, err := d.hub.Int(d.ctx, "distRepo", "f36-addons", []any{short}, client.Keywords{
		"arch": []any{"x86_64", "src"}, "split_debuginfo": true, "write_signed_rpms": true, "latest": true, "inherit": true,
	})
	if err != nil {
		return err
	}
	return d.task(task)
}

// install makes an empty root, installs hello there with dnf, which checks
// packages and metadata against the key, and runs it.
func (d *demo) install() error {
	root := filepath.Join(d.dir, "root")
	conf := filepath.Join(d.dir, "dnf")
	home := filepath.Join(conf, "home")
	for _, dir := range []string{home, filepath.Join(conf, "log")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	// Debian's rpm keeps its database elsewhere unless it is told.
	if err := os.WriteFile(filepath.Join(home, ".rpmmacros"), []byte("%_dbpath /var/lib/rpm\n"), 0o644); err != nil {
		return err
	}
	repos := fmt.Sprintf(`[base]
name=base
baseurl=%s
gpgcheck=0
[f36-addons]
name=f36-addons
baseurl=%s/kojifiles/repos-dist/f36-addons/latest/x86_64/
gpgcheck=1
repo_gpgcheck=1
gpgkey=file://%s
`, strings.ReplaceAll(d.base, "$arch", "x86_64"), fileAddress, filepath.Join(d.dir, "RPM-GPG-KEY-f36-addons"))
	if err := os.WriteFile(filepath.Join(conf, "demo.repo"), []byte(repos), 0o644); err != nil {
		return err
	}
	say("dnf --installroot %s install hello", root)
	out, err := d.exec("", []string{"HOME=" + home}, "dnf", "--installroot="+root, "--releasever=36", "-y", "-q",
		"--setopt=reposdir="+conf, "--setopt=cachedir="+filepath.Join(conf, "cache"), "--setopt=install_weak_deps=0",
		"--setopt=logdir="+filepath.Join(conf, "log"), "--setopt=persistdir="+filepath.Join(conf, "persist"), "install", "hello")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "hello") || strings.Contains(line, "mporting") {
			fmt.Print("   " + line)
		}
	}
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, "chroot", root, "/usr/bin/hello").CombinedOutput()
	if err != nil {
		return fmt.Errorf("hello does not run in the root: %w: %s", err, said)
	}
	say("hello says: %s", strings.TrimSpace(string(said)))
	return nil
}
