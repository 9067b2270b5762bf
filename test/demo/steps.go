package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/test/distro"
)

// The addresses of the demo's hub and of its base distribution.
const (
	webAddress  = "https://localhost:8443"
	certAddress = "https://localhost:8444"
	fileAddress = "http://localhost:8080"
)

const config = `organization = "kura demo"
[hub]
dist = ".demo"
[listen]
plain = "localhost:8080"
git = "localhost:9418"
[builder]
dir = %q
`

func (d *demo) up() error {
	if err := os.MkdirAll(d.data, 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf(config, filepath.Join(d.dir, "builder"))
	if err := os.WriteFile(filepath.Join(d.data, "kura.toml"), []byte(text), 0o644); err != nil {
		return err
	}
	say("kura init --data %s", d.data)
	if _, err := d.exec("", nil, d.kura, "init", "--data", d.data, "--silent"); err != nil {
		return err
	}
	say("kura up --data %s", d.data)
	var err error
	if d.server, err = d.background("kura", d.kura, "up", "--data", d.data); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.server.Wait() // how it ended is in its ProcessState
	}()
	p, err := client.Load(client.Where{Data: d.data, Profile: "local-admin"})
	if err != nil {
		return err
	}
	if d.hub, err = client.New(p); err != nil {
		return err
	}
	for i := 0; ; i++ {
		err := d.hub.Login(d.ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			log, rerr := os.ReadFile(filepath.Join(d.dir, "kura.log"))
			return errors.Join(fmt.Errorf("kura ended (%v):\n%s", d.server.ProcessState, log), rerr)
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if i > 300 {
			return fmt.Errorf("kura does not answer: %w", err)
		}
	}
}

func (d *demo) distribution() error {
	if d.base != "" {
		say("taking %s", d.base)
		return nil
	}
	out := filepath.Join(d.dir, "distro")
	if err := distro.Make(d.ctx, distro.Options{Out: out, Log: prefixed{}}); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if _, err := d.background("base", self, "-serve", out, "-address", address); err != nil {
		return err
	}
	d.base = "http://" + address + "/"
	say("served at %s", d.base)
	return reachable(d.ctx, d.base+"repodata/repomd.xml")
}

// prefixed indents what the maker says.
type prefixed struct{}

func (prefixed) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		fmt.Printf("   %s", line)
	}
	return len(b), nil
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func reachable(ctx context.Context, url string) error {
	for i := 0; ; i++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
		if err != nil {
			return err
		}
		r, err := http.DefaultClient.Do(req)
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(r.Status)
		}
		if i > 50 {
			return fmt.Errorf("%s does not answer: %w", url, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// serveDir serves a directory until ctx ends.
func serveDir(ctx context.Context, dir, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: http.FileServerFS(os.DirFS(dir)), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// call makes a call of the Koji API and says which command does the same.
func (d *demo) call(command, method string, args ...any) error {
	say("%s", command)
	_, err := d.hub.Call(d.ctx, method, args...)
	return err
}

func (d *demo) tags() error {
	const arches = "x86_64"
	if err := d.call("koji add-tag --arches=x86_64 f36-addons", "createTag", "f36-addons", client.Keywords{"arches": arches}); err != nil {
		return err
	}
	for _, t := range []string{"f36-addons-build", "f36-addons-signing-pending"} {
		if err := d.call("koji add-tag --parent f36-addons --arches=x86_64 "+t, "createTag", t, client.Keywords{"parent": "f36-addons", "arches": arches}); err != nil {
			return err
		}
	}
	if err := d.call("koji add-external-repo -t f36-addons-build base "+d.base, "createExternalRepo", "base", d.base); err != nil {
		return err
	}
	if _, err := d.hub.Call(d.ctx, "addExternalRepoToTag", "f36-addons-build", "base", 5); err != nil {
		return err
	}
	if err := d.call("koji add-target f36-addons f36-addons-build f36-addons", "createBuildTarget", "f36-addons", "f36-addons-build", "f36-addons"); err != nil {
		return err
	}
	groups := distro.Groups()
	for _, g := range []string{"build", "srpm-build"} {
		say("koji add-group f36-addons-build %s; koji add-group-pkg f36-addons-build %s %s …", g, g, strings.Join(groups[g][:3], " "))
		if _, err := d.hub.Call(d.ctx, "groupListAdd", "f36-addons-build", g); err != nil {
			return err
		}
		var calls []client.Invocation
		for _, p := range groups[g] {
			calls = append(calls, client.Do("groupPackageListAdd", "f36-addons-build", g, p))
		}
		out, err := d.hub.Multi(d.ctx, calls...)
		if err != nil {
			return err
		}
		for _, o := range out {
			if o.Err != nil {
				return o.Err
			}
		}
	}
	return d.call("koji add-pkg --owner koji-user f36-addons hello", "packageListAdd", "f36-addons", "hello", "koji-user")
}
