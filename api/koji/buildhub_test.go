package koji

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/accounttest"
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

// buildHub is a front over all rooms, with a runner of the hub's own tasks.
// ada is a person, pat may sign, root is an admin.
type buildHub struct {
	*front
	blobs blob.Store
	tasks *task.Room
	flow  *flow.Flow
	lists *lists // of few builds already

	root, ada, pat, anon *client
}

func onBuildHubs(t *testing.T, fn func(t *testing.T, h *buildHub)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) { fn(t, newBuildHub(t, d)) })
}

func newBuildHub(t testing.TB, d *db.DB) *buildHub {
	t.Helper()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &buildHub{front: &front{t: t, db: d}, blobs: blobs, tasks: task.New(&wires{}), lists: newLists(1, 2)}
	h.update(func(ctx context.Context, tx *db.Tx) error {
		for name, perm := range map[string]string{"ada": "", "pat": "sign", "root": "admin"} {
			u, err := account.Create(ctx, tx, name, account.Person)
			if err == nil {
				err = accounttest.SetPassword(ctx, tx, u.ID, name+"'s secret")
			}
			if err == nil && perm != "" {
				err = account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName(perm))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	signer := sign.New(d, blobs, signtest.New())
	rules, err := source.ParseRules("example.org:*:no closed.example.org:*:no")
	if err != nil {
		t.Fatal(err)
	}
	h.flow = flow.New(d, blobs, h.tasks, repo.NewMaker(d, blobs), signer, flow.Config{Policies: houseRules(t), Rules: rules, Maven: true, Windows: true})
	h.tasks.Ended = h.flow.Ended
	h.server, err = New(Config{DB: d, Sessions: account.NewSessions(), Uploads: upload.New(d, blobs)},
		Accounts{}.Handlers(), Events{}.Handlers(), Tasks{Room: h.tasks, Blobs: blobs}.Handlers(),
		Policies{Rules: h.flow.Policies()}.Handlers(), Builders{Room: h.tasks, Hub: flow.HubMethods}.Handlers(),
		Tags{Lists: tag.NewLists(h.flow.Policies().List), Side: &tag.SideTags{Suffixes: []string{"fast"}, Allow: h.flow.Policies().SideTag}}.Handlers(),
		Builds{DB: d, Blobs: blobs, Tasks: h.tasks, Flow: h.flow, Known: &build.Known{Few: 1}, lists: h.lists}.Handlers(),
		Archives{DB: d, Blobs: blobs, Flow: h.flow}.Handlers(),
		Hosted{DB: d, Flow: h.flow}.Handlers(),
		Repos{Flow: h.flow, Tasks: h.tasks}.Handlers(),
		History{}.Handlers(), Hosts{Room: h.tasks}.Handlers(), Starts{Flow: h.flow}.Handlers(),
		Signing{DB: d, Blobs: blobs, Sign: signer}.Handlers())
	if err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewServer(h.server)
	t.Cleanup(h.http.Close)
	h.root, h.ada, h.pat, h.anon = h.login("root"), h.login("ada"), h.login("pat"), h.anonymous()
	return h
}

// run runs the hub's own tasks until the test ends.
func (h *buildHub) run() {
	h.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	r := task.NewRunner(h.tasks, h.db, "hub", 2, slog.New(slog.DiscardHandler))
	h.flow.Register(r)
	go func() {
		defer close(over)
		if err := r.Run(ctx); err != nil {
			h.t.Error(err)
		}
	}()
	h.t.Cleanup(func() { stop(); <-over })
}

// done waits for a task and gives its result.
func (h *buildHub) done(id any) any {
	h.t.Helper()
	return h.anon.must("getTaskResult", h.ended(id))
}

// ended waits for a task.
func (h *buildHub) ended(id any) any {
	h.t.Helper()
	for h.anon.must("taskFinished", id) != true {
		time.Sleep(5 * time.Millisecond)
	}
	return id
}

// hello makes a package of hello 2.10: its source for the architecture src.
func hello(t testing.TB, name, release, arch string) []byte {
	t.Helper()
	b := rpm.Build{
		Name: name, Version: "2.10", Release: release, Arch: arch, Summary: "Says hello", License: "MIT", BuildTime: 1700000000,
		SourceRPM: "hello-2.10-" + release + ".src.rpm",
		Requires:  []rpm.Dep{{Name: "glibc", Flags: 12, Version: "2.36"}},
		Files:     []rpm.File{{Path: "/usr/bin/" + name, MTime: 1700000000, Mode: rpm.ModeRegular | 0o755}},
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

// importHello uploads and imports a package of hello 2.10.
func (h *buildHub) importHello(name, release, arch string) map[string]any {
	h.t.Helper()
	file := name + "-2.10-" + release + "." + arch + ".rpm"
	h.uploadTo("import", file, hello(h.t, name, release, arch))
	return h.root.must("importRPM", "import", file).(map[string]any)
}

func (h *buildHub) uploadTo(dir, name string, data []byte) {
	h.t.Helper()
	if _, err := h.root.upload(fmt.Sprintf("filename=%s&filepath=%s&offset=0&overwrite=1", name, dir), data); err != nil {
		h.t.Fatal(err)
	}
}

// imported is hello 2.10 with its source and two packages, complete.
func (h *buildHub) imported(release string) int64 {
	h.t.Helper()
	id := h.importHello("hello", release, "src")["build_id"].(int64)
	h.importHello("hello", release, "x86_64")
	h.importHello("hello-doc", release, "noarch")
	return id
}

// tags makes f41, which f41-build inherits from, and a target. hello is listed.
func (h *buildHub) tags() {
	h.t.Helper()
	h.root.must("createTag", "f41", kw("arches", "x86_64"))
	h.root.must("createTag", "f41-build", kw("arches", "x86_64", "parent", "f41"))
	h.root.must("createBuildTarget", "f41", "f41-build", "f41")
	h.root.must("packageListAdd", "f41", "hello", "ada")
}

// begun is a build of hello in state building, with a task, that ada owns.
func (h *buildHub) begun(release string) *build.Build {
	h.t.Helper()
	var b *build.Build
	h.update(func(ctx context.Context, tx *db.Tx) error {
		u, err := account.Get(ctx, tx, account.ByName("ada"))
		if err != nil {
			return err
		}
		t, err := h.tasks.Make(ctx, tx, task.Spec{Method: "buildArch", Request: []byte("[]"), Owner: u.ID})
		if err != nil {
			return err
		}
		b, err = build.Begin(ctx, tx, build.New{Name: "hello", Version: "2.10", Release: release, OwnerID: u.ID, TaskID: &t.ID})
		return err
	})
	return b
}
