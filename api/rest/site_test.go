package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/sign/signtest"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// quietBus has nobody who listens.
type quietBus struct{}

func (quietBus) Signal(string, []byte) error { return nil }
func (quietBus) Listen(string, func(string, []byte)) (func(), error) {
	return func() {}, nil
}

// site is an interface with people who know it: root is an administrator, tina
// has the permission tag, pat sign, ada none.
type site struct {
	t    *testing.T
	db   *db.DB
	http *httptest.Server
	s    *Server

	blobs blob.Store
}

func onSites(t *testing.T, fn func(t *testing.T, s *site)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, newSite(t, d)) })
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: d, blobs: blobs}
	s.update(func(ctx context.Context, tx *db.Tx) error {
		for name, perm := range map[string]string{"ada": "", "tina": "tag", "pat": "sign", "root": "admin"} {
			u, err := account.Create(ctx, tx, name, account.Person)
			if err == nil && perm != "" {
				err = account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName(perm))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	tasks := task.New(quietBus{})
	signer := sign.New(d, blobs, signtest.New())
	rules, err := source.ParseRules("example.org:*:no")
	if err != nil {
		t.Fatal(err)
	}
	flows := flow.New(d, blobs, tasks, repo.NewMaker(d, blobs), signer, flow.Config{Rules: rules, Maven: true, Windows: true})
	s.s, err = New(Config{DB: d, Flow: flows, Tasks: tasks, Lists: tag.NewLists(flows.Policies().List), Side: &tag.SideTags{Allow: flows.Policies().SideTag}, Blobs: blobs, Sign: signer, Uploads: upload.New(d, blobs), Sessions: account.NewSessions(), MailDomain: "example.org", Log: slog.New(slog.DiscardHandler),
		Actor: func(r *http.Request) (a account.Actor, err error) {
			name := r.Header.Get("X-Test-User")
			if name == "" {
				return account.Anonymous, nil
			}
			err = d.View(r.Context(), func(tx *db.Tx) error {
				a, err = account.Load(r.Context(), tx, account.ByName(name))
				return err
			})
			return a, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewServer(s.s)
	t.Cleanup(s.http.Close)
	return s
}

func (s *site) update(fn func(context.Context, *db.Tx) error) {
	s.t.Helper()
	if err := s.db.Update(context.Background(), func(tx *db.Tx) error { return fn(context.Background(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

// ask makes a request; user "" is nobody.
func (s *site) ask(user, method, path, body string, header ...string) answered {
	s.t.Helper()
	r, err := http.NewRequest(method, s.http.URL+Prefix+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-Test-User", user)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answered{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	return a
}

// must makes a request that succeeds.
func (s *site) must(user, method, path, body string, header ...string) answered {
	s.t.Helper()
	a := s.ask(user, method, path, body, header...)
	if a.status >= 300 {
		s.t.Fatalf("%s %s as %q: %d: %s", method, path, user, a.status, a.text)
	}
	return a
}

// refused makes a request that fails with a status and a sentence.
func (s *site) refused(status int, want, user, method, path, body string, header ...string) {
	s.t.Helper()
	a := s.ask(user, method, path, body, header...)
	if a.status != status || !strings.Contains(a.text, want) || a.header.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s %s as %q: %d %s %s; want %d with %q", method, path, user, a.status, a.header.Get("Content-Type"), a.text, status, want)
	}
}

func names(items any, field string) (out []any) {
	for _, i := range items.([]any) {
		out = append(out, i.(map[string]any)[field])
	}
	return out
}

func (s *site) actor(name string) (a account.Actor) {
	s.update(func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = account.Load(ctx, tx, account.ByName(name))
		return err
	})
	return a
}

// hello makes a package of hello 2.10: its source for the architecture src.
func hello(t testing.TB, release, arch string) []byte {
	t.Helper()
	b := rpm.Build{
		Name: "hello", Version: "2.10", Release: release, Arch: arch, Summary: "Says hello", License: "MIT", BuildTime: 1700000000,
		SourceRPM: "hello-2.10-" + release + ".src.rpm",
		Requires:  []rpm.Dep{{Name: "glibc", Flags: rpm.SenseGreater | rpm.SenseEqual, Version: "2.36"}},
		Files:     []rpm.File{{Path: "/usr/bin/hello", MTime: 1700000000, Mode: rpm.ModeRegular | 0o755}},
		Changelog: []rpm.Change{{Time: 1700000000, Author: "Ada <ada@example.org> - 2.10-1", Text: "- first"},
			{Time: 1600000000, Author: "Bea <bea@example.org> - 2.9-1", Text: "- before"}},
	}
	if arch == "src" {
		b.Source, b.SourceRPM, b.Arch = true, "", "x86_64"
		b.Files = []rpm.File{{Path: "hello.spec", MTime: 1700000000}}
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (s *site) store(data []byte) blob.Info {
	s.t.Helper()
	i, err := s.blobs.Put(context.Background(), bytes.NewReader(data), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

// imported is hello 2.10 with its source and a package, complete.
func (s *site) imported(release string) (b *build.Build) {
	s.t.Helper()
	for _, arch := range []string{"src", "x86_64"} {
		in, err := build.Inspect(context.Background(), s.blobs, s.store(hello(s.t, release, arch)), "hello-2.10-"+release+"."+arch+".rpm")
		if err != nil {
			s.t.Fatal(err)
		}
		root := s.actor("root")
		s.update(func(ctx context.Context, tx *db.Tx) error {
			b, _, err = build.Import(ctx, tx, root, in)
			return err
		})
	}
	return b
}
