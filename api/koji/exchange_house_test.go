package koji

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/test/exchange"
)

// door is where those come in who show certificates, each with a client of its own.
type door struct {
	t       *testing.T
	own     *authority.Authority
	http    *httptest.Server
	clients map[string]*http.Client
}

func newDoor(t *testing.T, to http.Handler) *door {
	t.Helper()
	own, err := authority.Create(t.TempDir(), "kura")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t, own, httptest.NewUnstartedServer(to), map[string]*http.Client{}}
	d.http.TLS = &tls.Config{
		Certificates: []tls.Certificate{d.issue(authority.Server, "hub", "127.0.0.1")}, MinVersion: tls.VersionTLS12,
		ClientCAs: own.Pool(), ClientAuth: tls.VerifyClientCertIfGiven,
	}
	d.http.StartTLS()
	t.Cleanup(d.http.Close)
	return d
}

func (d *door) issue(p authority.Purpose, name string, hosts ...string) tls.Certificate {
	d.t.Helper()
	made, err := d.own.Issue(p, name, hosts, time.Hour)
	if err != nil {
		d.t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.PEM, made.PEM)
	if err != nil {
		d.t.Fatal(err)
	}
	return pair
}

// way is how somebody comes who shows a certificate of that name; nil: of none.
func (d *door) way(name string) *way {
	d.t.Helper()
	if name == "" {
		return nil
	}
	if d.clients[name] == nil {
		tr := &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: d.own.Pool(), Certificates: []tls.Certificate{d.issue(authority.User, name)}, MinVersion: tls.VersionTLS12,
		}}
		d.t.Cleanup(tr.CloseIdleConnections)
		d.clients[name] = &http.Client{Transport: tr}
	}
	return &way{d.clients[name], d.http.URL}
}

// goOn lets the hub work where a recorded builder did: when that took a build
// which here is the hub's own, and when a task has ended that it may have waited for.
func (r *replay) goOn(c *exchange.Call, got any) {
	theirs, _ := c.Answer.V.(map[string]any)
	if c.Method == "host.openTask" && theirs["method"] == "build" && got == nil {
		r.building = r.hub.Ask(theirs["id"]).(int64)
		r.alone(r.building)
	} else if c.Method != "host.closeTask" || r.building == 0 {
		return
	}
	r.work(r.building)
}

// alone ends what else is left to the hub: the recorded one had no builder for it.
func (r *replay) alone(id int64) {
	r.t.Helper()
	r.update(func(ctx context.Context, tx *db.Tx) error {
		left, err := task.List(ctx, tx, task.Filter{States: []task.State{task.Free}})
		for _, t := range left {
			if t.Hub && t.ID != id && err == nil {
				_, _, err = r.tasks.Cancel(ctx, tx, t.ID, true)
			}
		}
		return err
	})
}

// work lets the hub do what is left to do of a task of its own: the recorded
// builders ran whole builds, kura's hubs do that themselves.
func (r *replay) work(id int64) {
	r.t.Helper()
	ctx, stop := context.WithCancel(r.t.Context())
	over := make(chan error, 1)
	n := task.NewRunner(r.tasks, r.db, "hub", 1, slog.New(slog.DiscardHandler))
	r.flow.Register(n)
	go func() { over <- n.Run(ctx) }()
	for r.busy(id) {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-over; err != nil {
		r.t.Fatal(err)
	}
}

// busy reports whether the hub has something to do for a task of its own.
func (r *replay) busy(id int64) (yes bool) {
	r.t.Helper()
	if err := r.db.View(r.t.Context(), func(tx *db.Tx) error {
		t, err := task.Get(r.t.Context(), tx, id)
		yes = err == nil && !t.State.Finished() && !t.Waiting
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return yes
}
