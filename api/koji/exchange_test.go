package koji

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/accounttest"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/upload"
	"github.com/kura-build/kura/test/exchange"
)

// What Koji's client asks is answered as Koji's hub answered it.
func TestExchanges(t *testing.T) {
	said := func(t *testing.T, all []heard) {
		taken := map[int]bool{}
		for _, c := range all {
			for _, d := range c.diffs {
				if i, ok := excuse(d); ok {
					taken[i] = true
				} else {
					t.Errorf("%s: %s: %s", c.Line, d.method, d.Difference)
				}
			}
		}
		for i, a := range allowed {
			if !taken[i] {
				t.Errorf("no answer differs any more because %s", a.why)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) { said(t, onSQLite(t).all) })
	t.Run("postgres", func(t *testing.T) { said(t, replayed(t, dbtest.Postgres(t)).all) })
}

// heard is a recorded command, and where what it asks is answered otherwise.
type heard struct {
	exchange.Command
	diffs []difference
}

// replayed asks all that was recorded.
func replayed(t *testing.T, d *db.DB) *replays {
	t.Helper()
	r := newReplay(t, d)
	commands, err := exchange.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	a := &replays{api: r.server.api}
	for _, c := range commands {
		a.all = append(a.all, heard{c, r.command(&c)})
	}
	return a
}

// replays is what came of asking, and of whom.
type replays struct {
	api *api
	all []heard
}

// kept is what came of it on SQLite: two tests look at it.
var kept *replays

func onSQLite(t *testing.T) *replays {
	t.Helper()
	if kept == nil {
		kept = replayed(t, dbtest.SQLite(t))
	}
	return kept
}

// replay asks an empty hub what a recorded one was asked. kojiadmin is an
// administrator, ada is not.
type replay struct {
	*front
	hub      *exchange.Hub
	sessions map[int64]*client // by what they are called at the recorded hub
	known    map[string]bool   // users who have a password
	repos    *repo.Maker
	door     *door
	building int64 // the task that a recorded builder runs, and here the hub
	workshop
}

func newReplay(t *testing.T, d *db.DB) *replay {
	r := &replay{front: &front{t: t, db: d}, hub: exchange.NewHub(), sessions: map[int64]*client{}, known: map[string]bool{}}
	r.update(func(ctx context.Context, tx *db.Tx) error {
		for _, name := range []string{"kojiadmin", "ada"} {
			if _, err := account.Create(ctx, tx, name, account.Person); err != nil {
				return err
			}
		}
		return account.Grant(ctx, tx, account.System, account.ByName("kojiadmin"), account.ByName("admin"))
	})
	var handlers []Handlers
	rules, err := source.ParseRules("example.org:*:no") // the recorded hub trusts its builders with that
	if err != nil {
		t.Fatal(err)
	}
	blobs := wholeBlobs(t)
	r.repos = repo.NewMaker(d, blobs)
	parts, own := wholeFrontOver(d, blobs, flow.Config{Rules: rules})
	for _, p := range parts {
		handlers = append(handlers, p.Handlers())
	}
	sessions := account.NewSessions()
	sessions.CreatesUser = false // as the recorded hub was told
	if r.server, err = New(Config{
		DB: d, Sessions: sessions, Uploads: upload.New(d, blobs), ProxyDNs: []string{"CN=web,OU=user,O=kura"},
	}, handlers...); err != nil {
		t.Fatal(err)
	}
	r.workshop, r.http = own, httptest.NewServer(r.server)
	t.Cleanup(r.http.Close)
	r.door = newDoor(t, r.server)
	return r
}

// command asks what the client asked for the sake of a command.
func (r *replay) command(c *exchange.Command) (out []difference) {
	session := r.anonymous()
	for i := range c.Calls {
		call, speaks := &c.Calls[i], session
		if call.Session != 0 {
			speaks = r.sessions[call.Session]
		}
		speaks.way = r.door.way(call.Certificate)
		for _, d := range r.ask(speaks, call) {
			method := call.Method
			if d.Method != "" {
				method = d.Method // of one of many
			}
			out = append(out, difference{method, d})
		}
	}
	return out
}

// difference is what a method answers otherwise.
type difference struct {
	method string
	exchange.Difference
}

func (r *replay) ask(session *client, c *exchange.Call) []exchange.Difference {
	if c.Method == "login" {
		r.password(c.Params[0].V)
	}
	got, err := r.send(session, c)
	var f *xmlrpc.Fault
	if err != nil && !errors.As(err, &f) {
		r.t.Fatal(err)
	}
	differ := func(text string, args ...any) []exchange.Difference {
		return []exchange.Difference{{At: "fault", What: fmt.Sprintf(text, args...)}}
	}
	switch {
	case c.Fault == nil && f == nil:
		r.begun(session, c, got)
		r.goOn(c, got)
		return r.hub.Same(c, got)
	case c.Fault == nil:
		if c.Method == "host.repoInit" {
			r.repository(c)
		}
		return differ("%d, %s", f.Code, f.String)
	case f == nil:
		return differ("none but %v, not %d, %s", got, c.Fault.Code, c.Fault.Text)
	case f.Code != c.Fault.Code || !r.hub.SameText(c.Fault.Text, f.String):
		return differ("%d, %s, not %d, %s", f.Code, f.String, c.Fault.Code, c.Fault.Text)
	}
	return nil
}

// password gives a user of the recorded hub a password: all of its users have
// the same.
func (r *replay) password(name any) {
	n, _ := name.(string)
	if n == "" || r.known[n] {
		return
	}
	r.known[n] = true
	r.update(func(ctx context.Context, tx *db.Tx) error {
		u, err := account.Get(ctx, tx, account.ByName(n))
		if err != nil {
			return err
		}
		return accounttest.SetPassword(ctx, tx, u.ID, "secret")
	})
}

// repository makes what a builder of the recorded hub made: kura's hubs make
// repositories themselves. That hub counted an event for each.
func (r *replay) repository(c *exchange.Call) {
	ctx := r.t.Context()
	want := repo.Want{Tag: tag.ByName(c.Params[0].V.(string)), Force: true}
	if named, ok := c.Params[len(c.Params)-1].V.(map[string]any); ok {
		opts, _ := named["opts"].(map[string]any)
		want.Opts.Src, _ = opts["src"].(bool)
	}
	r.update(func(ctx context.Context, tx *db.Tx) error { _, err := event.Now(ctx, tx); return err })
	made, err := r.repos.Make(ctx, want, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	theirs := c.Answer.V.([]any)
	r.hub.Bind(theirs[0].(int64), made.ID)
	r.hub.Bind(theirs[1].(int64), made.CreateEvent)
}

// begun keeps a session that an answer begins.
func (r *replay) begun(session *client, c *exchange.Call, got any) {
	m, ok := got.(map[string]any)
	theirs, _ := c.Answer.V.(map[string]any)
	id, isSession := theirs["session-id"].(int64)
	if !ok || !isSession || m["session-key"] == nil {
		return
	}
	if c.Method == "login" {
		session.take(m)
	}
	r.sessions[id] = r.anonymous()
	r.sessions[id].take(m)
}

func (r *replay) send(session *client, c *exchange.Call) (any, error) {
	if c.Upload == nil {
		params := make([]any, len(c.Params))
		for i, p := range c.Params {
			params[i] = r.hub.Ask(p.V)
		}
		return session.call(c.Method, params...)
	}
	content, err := exchange.Content(c.Upload.Body)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for k, v := range c.Upload.Query {
		query.Set(k, r.hub.Ask(v).(string))
	}
	return session.upload(query.Encode(), content)
}
