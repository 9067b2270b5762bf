package farm

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kura-build/kura/api/koji"
	"github.com/kura-build/kura/api/rest"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// house is a hub without a network around it.
type house struct {
	db       *db.DB
	sessions *account.Sessions
	koji     http.Handler
	rest     http.Handler
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	blobs, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tasks, signer, sessions, uploads := task.New(nil), sign.New(d, blobs, nil), account.NewSessions(), upload.New(d, blobs)
	flows := flow.New(d, blobs, tasks, repo.NewMaker(d, blobs), signer, flow.Config{})
	lists, side := tag.NewLists(flows.Policies().List), &tag.SideTags{Allow: flows.Policies().SideTag}
	h := &house{db: d, sessions: sessions}
	h.koji, err = koji.New(koji.Config{DB: d, Sessions: sessions, Uploads: uploads},
		koji.Accounts{}.Handlers(), koji.Tasks{Room: tasks, Blobs: blobs, Hub: flow.HubMethods}.Handlers(), koji.Hosts{Room: tasks}.Handlers(),
		koji.Scheduler{}.Handlers(), koji.Tags{Lists: lists, Side: side}.Handlers(), koji.Events{}.Handlers(), koji.History{}.Handlers(),
		koji.Builds{DB: d, Blobs: blobs, Tasks: tasks, Flow: flows}.Handlers(), koji.Archives{DB: d, Blobs: blobs, Flow: flows}.Handlers(),
		koji.Notifications{}.Handlers(), koji.Repos{Flow: flows, Tasks: tasks}.Handlers(), koji.Signing{DB: d, Blobs: blobs, Sign: signer}.Handlers())
	if err != nil {
		t.Fatal(err)
	}
	h.rest, err = rest.New(rest.Config{
		DB: d, Flow: flows, Tasks: tasks, Lists: lists, Side: side, Blobs: blobs, Sign: signer, Uploads: uploads, Sessions: sessions, Log: slog.New(slog.DiscardHandler),
		Actor: func(*http.Request) (account.Actor, error) { return account.Anonymous, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// call makes a call of Koji's interface.
func (h *house) call(ctx context.Context, header http.Header, method string, params ...any) error {
	var body bytes.Buffer
	if err := xmlrpc.EncodeCall(&body, method, params...); err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/kojihub", &body)
	r.Header = header.Clone()
	w := httptest.NewRecorder()
	h.koji.ServeHTTP(w, r)
	if text := w.Body.String(); w.Code != http.StatusOK || strings.Contains(text[:min(300, len(text))], "<fault>") {
		return fmt.Errorf("%d %.300s", w.Code, text)
	}
	return nil
}

// get makes a request of the JSON interface.
func (h *house) get(ctx context.Context, path string) error {
	w := httptest.NewRecorder()
	h.rest.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, rest.Prefix+path, nil))
	if w.Code != http.StatusOK {
		return fmt.Errorf("%d %.300s", w.Code, w.Body)
	}
	return nil
}

// releases makes what Fill stands on.
func (h *house) releases(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	var header http.Header
	err := h.db.Update(ctx, func(tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "root", account.Person)
		if err == nil {
			err = account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName(account.Admin))
		}
		if err != nil {
			return err
		}
		o, err := h.sessions.Open(ctx, tx, u, account.AuthPassword, "192.0.2.1")
		header = http.Header{"Koji-Session-Id": {fmt.Sprint(o.ID)}, "Koji-Session-Key": {o.Key}}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Releases() {
		for i, a := range c.Args {
			if k, ok := a.(client.Keywords); ok {
				c.Args[i] = map[string]any(k)
				k["__starstar"] = true
			}
		}
		if err := h.call(ctx, header, c.Method, c.Args...); err != nil {
			t.Fatalf("%s%v: %v", c.Method, c.Args, err)
		}
	}
}
