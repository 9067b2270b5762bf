package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/bus/local"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/web"
)

// evil stands in every text that may come from a build or a user.
const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`

// world is an installation in which something of everything has happened.
type world struct {
	t     testing.TB
	ctx   context.Context
	d     *db.DB
	blobs blob.Store
	bus   *local.Bus
	room  *task.Room
	web   http.Handler
	owner int64
	host  int64
	// tasks: top failed because of child; running is open on the host; waiting is free
	top, child, running, waiting int64
	build, rpm, root             int64
}

func (w *world) do(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Update(w.ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(data []byte) blob.Info {
	w.t.Helper()
	i, err := w.blobs.Put(w.ctx, bytes.NewReader(data), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func params(v ...any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (w *world) log(id int64, name, text string) {
	w.t.Helper()
	i := w.put([]byte(text))
	w.do(func(tx *db.Tx) error {
		path := fmt.Sprintf("work/tasks/%d/%d/%s", id%10000, id, name)
		var at int64
		if n, err := file.Stat(w.ctx, tx, path); err == nil {
			at = n.Size
		}
		_, err := file.Append(w.ctx, tx, path, at, false, i)
		return err
	})
	w.bus.Signal(fmt.Sprintf("task.log.%d", id), nil)
}

// lease takes the next task of the host, which must be id.
func (w *world) lease(id int64) task.Hold {
	w.t.Helper()
	var h task.Hold
	w.do(func(tx *db.Tx) error {
		t, err := w.room.Lease(w.ctx, tx, task.Offer{Host: w.host, Methods: []string{"build", "buildArch"}, Arches: []string{"x86_64"}, Free: -1, Jobs: 10, Term: time.Hour})
		if err != nil {
			return fmt.Errorf("lease %d: %w", id, err)
		}
		if t == nil || t.ID != id {
			return fmt.Errorf("leased %v for %d", t, id)
		}
		h = task.Hold{Task: t.ID, Host: w.host, Epoch: t.Epoch}
		return nil
	})
	return h
}

func (w *world) make(s task.Spec) (id int64) {
	w.t.Helper()
	s.Owner = w.owner
	w.do(func(tx *db.Tx) error {
		t, err := w.room.Make(w.ctx, tx, s)
		if err == nil {
			id = t.ID
		}
		return err
	})
	return id
}

func newWorld(t testing.TB) *world {
	t.Helper()
	blobs, err := dir.New(t.TempDir(), dir.MinFree(0))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: context.Background(), d: dbtest.SQLite(t), blobs: blobs, bus: local.New(nil)}
	t.Cleanup(func() { w.bus.Close() })
	w.room = task.New(w.bus)
	w.room.Retry = 0
	w.people()
	w.tags()
	w.builds()
	w.tasks()
	w.web = web.New(web.Config{DB: w.d, Blobs: blobs, Tasks: w.room, Bus: w.bus, Tick: 20 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	return w
}

func (w *world) people() {
	text := evil
	w.do(func(tx *db.Tx) error {
		u, err := account.Create(w.ctx, tx, "alice", account.Person)
		if err != nil {
			return err
		}
		w.owner = u.ID
		if w.host, err = w.room.AddHost(w.ctx, tx, account.System, "builder1", []string{"x86_64"}); err != nil {
			return err
		}
		if _, err := w.room.EditHost(w.ctx, tx, account.System, task.Ref{ID: w.host}, task.HostEdit{Description: &text, Comment: &text}); err != nil {
			return err
		}
		data := params(evil)
		return w.room.UpdateHost(w.ctx, tx, w.host, true, 1.5, data)
	})
}

func (w *world) tags() {
	arches, text, desc := "x86_64 aarch64", evil, evil
	w.do(func(tx *db.Tx) error {
		if _, err := tag.Create(w.ctx, tx, account.System, tag.Config{Name: "f36", Arches: &arches}); err != nil {
			return err
		}
		parent := tag.ByName("f36")
		if _, err := tag.Create(w.ctx, tx, account.System, tag.Config{Name: "f36-build", Parent: &parent,
			Extra: map[string]any{"rpm.macro.dist": evil}}); err != nil {
			return err
		}
		if _, err := tag.CreateTarget(w.ctx, tx, account.System, "f36", tag.ByName("f36-build"), tag.ByName("f36")); err != nil {
			return err
		}
		if err := tag.AddGroup(w.ctx, tx, account.System, tag.ByName("f36-build"), tag.ByName("build"), tag.GroupOptions{DisplayName: &text, Description: &desc}, false, true); err != nil {
			return err
		}
		if err := tag.AddGroupPackage(w.ctx, tx, account.System, tag.ByName("f36-build"), tag.ByName("build"), "bash", tag.MemberOptions{}, false, true); err != nil {
			return err
		}
		if _, err := tag.CreateExternalRepo(w.ctx, tx, account.System, "base", "https://mirror.example.org/base/$arch/"); err != nil {
			return err
		}
		if err := tag.Attach(w.ctx, tx, account.System, tag.ByName("f36-build"), tag.ByName("base"), 10, "", nil); err != nil {
			return err
		}
		owner := tag.ByID(w.owner)
		return tag.NewLists(nil).Add(w.ctx, tx, account.System, tag.ByName("f36"), tag.ByName("hello"), tag.Entry{Owner: &owner, Force: true})
	})
}

func (w *world) builds() {
	var out bytes.Buffer
	b := rpm.Build{Name: "hello", Version: "2.10", Release: "1", Arch: "x86_64", Summary: evil, Description: evil, License: "MIT", BuildTime: 1}
	if _, err := b.WriteTo(&out); err != nil {
		w.t.Fatal(err)
	}
	in, err := build.Inspect(w.ctx, w.blobs, w.put(out.Bytes()), "hello-2.10-1.x86_64.rpm")
	if err != nil {
		w.t.Fatal(err)
	}
	log := w.put([]byte("checking for gcc\n" + evil + "\n"))
	w.do(func(tx *db.Tx) error {
		source := evil
		b, err := build.Begin(w.ctx, tx, build.New{Name: "hello", Version: "2.10", Release: "1", OwnerID: w.owner, Source: &source, Extra: params(evil)})
		if err != nil {
			return err
		}
		t, err := w.room.Make(w.ctx, tx, task.Spec{Method: "buildArch", Owner: w.owner, Request: params("hello.src.rpm"), Hub: true})
		if err != nil {
			return err
		}
		if w.root, err = build.RecordRoot(w.ctx, tx, build.NewRoot{HostID: w.host, TaskID: t.ID, Arch: "x86_64", Details: map[string]string{"sandbox": evil}}); err != nil {
			return err
		}
		r, err := build.Attach(w.ctx, tx, b, in, &w.root)
		if err != nil {
			return err
		}
		if err := file.Put(w.ctx, tx, b.Path()+"/data/logs/x86_64/build.log", log); err != nil {
			return err
		}
		if b, err = build.SetState(w.ctx, tx, b.ID, build.Complete); err != nil {
			return err
		}
		w.build, w.rpm = b.ID, r.ID
		return build.Tag(w.ctx, tx, account.System, b, mustTag(w, tx, "f36"), true)
	})
}

func mustTag(w *world, tx *db.Tx, name string) tag.Tag {
	t, err := tag.Get(w.ctx, tx, tag.ByName(name), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) tasks() {
	w.top = w.make(task.Spec{Method: "build", Request: params("git://example.org/rpms/"+evil+"#main", "f36"), Arch: "x86_64"})
	parent := w.lease(w.top)
	w.child = w.make(task.Spec{Method: "buildArch", Request: params("hello.src.rpm", evil), Arch: "x86_64", Parent: w.top, Label: evil})
	h := w.lease(w.child)
	w.log(w.child, "build.log", strings.Repeat("compiling\n", 300)+"\x1b[31merror:\x1b[0m "+evil+"\n")
	w.log(w.child, evil[2:10]+".log", "odd name\n")
	w.do(func(tx *db.Tx) error {
		fault := task.Fault{Message: evil, Phase: evil, Cause: evil, Log: "build.log", Line: 301}
		if _, err := w.room.Fail(w.ctx, tx, h, fault); err != nil {
			return err
		}
		_, err := w.room.Fail(w.ctx, tx, parent, fault)
		return err
	})
	w.running = w.make(task.Spec{Method: "buildArch", Request: params("hello.src.rpm"), Arch: "x86_64"})
	h = w.lease(w.running)
	w.do(func(tx *db.Tx) error {
		_, err := w.room.Heartbeat(w.ctx, tx, h, evil, time.Hour)
		return err
	})
	w.log(w.running, "build.log", "line one\nline tw")
	w.waiting = w.make(task.Spec{Method: "buildArch", Request: params("other.src.rpm"), Arch: "aarch64"})
}

// get asks for a page.
func (w *world) get(path string) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.web.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	return rec
}
