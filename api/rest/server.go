package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
)

// Prefix is where the interface lies.
const Prefix = "/api/v1"

// Config is what the interface needs of the hub.
type Config struct {
	DB    *db.DB
	Flow  *flow.Flow
	Tasks *task.Room
	Lists *tag.Lists
	Side  *tag.SideTags
	Known *build.Known // of builds; nil is nothing
	Blobs blob.Store
	Sign  *sign.Room

	Uploads *upload.Room // the one that all ways in share

	Sessions *account.Sessions

	MailDomain string                                     // of the addresses that notifications go to
	Actor      func(*http.Request) (account.Actor, error) // who makes a request
	Log        *slog.Logger

	LockOut bool // only administrators are let in

	// Woken is told of coming events; it gives what ends that. Without it they
	// are looked for.
	Woken func(wake func()) (stop func(), err error)
}

// Server answers at Prefix.
type Server struct {
	Config
	api     huma.API
	mux     *http.ServeMux
	done    map[string]bool // operations that somebody carries out
	follows followers
}

// maxBody is the most bytes of a request.
const maxBody = 1 << 20

// New makes the interface. It fails if an operation of the table has nobody
// who carries it out.
func New(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Config: c, mux: http.NewServeMux(), done: map[string]bool{}, follows: followers{by: map[string]int{}}}
	conf := huma.DefaultConfig("kura", kura.Version)
	conf.OpenAPIPath = Prefix + "/openapi"
	conf.SchemasPath = Prefix + "/schemas"
	conf.DocsPath = ""     // its pages would load programs from elsewhere
	conf.CreateHooks = nil // they would put an address into each body
	conf.Info.Description = "The hub of a Linux distribution: tags, builds, tasks and repositories. " +
		"Log in with a token (kura token create) as a bearer, or with a client certificate. Times are RFC 3339 in UTC, sizes bytes."
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":       {Type: "http", Scheme: "bearer", Description: "a token that kura token create made, with its scopes"},
		"certificate": {Type: "mutualTLS", Description: "a client certificate, at the hub's port for these"},
	}
	s.api = humago.New(s.mux, conf)
	s.tags()
	s.tagBulk()
	s.policies()
	s.sideTags()
	s.groups()
	s.packages()
	s.packageFacts()
	s.builds()
	s.buildChanges()
	s.buildFacts()
	s.uploads()
	s.imports()
	s.generators()
	s.rpms()
	s.rpmFacts()
	s.archives()
	s.archiveLists()
	s.signing()
	s.tasks()
	s.foreignStarts()
	s.repos()
	s.scheduler()
	s.hosts()
	s.users()
	s.notifications()
	s.history()
	s.events()
	return s, s.complete()
}

// complete refuses a table that says what is not so.
func (s *Server) complete() error {
	for i := range table {
		if !s.done[table[i].id] {
			return kura.Errorf("rest.New", kura.Other, "nobody carries out %s", table[i].id)
		}
	}
	return nil
}

// ServeHTTP answers a request, with an ETag if it only reads.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut || !strings.HasPrefix(r.URL.Path, uploadsPath) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	w.Header().Set("Cache-Control", "no-cache") // look whether it has changed
	if r.Method != http.MethodGet || r.URL.Path == Prefix+"/events" {
		s.mux.ServeHTTP(w, r)
		return
	}
	t := &tagged{ResponseWriter: w, status: http.StatusOK}
	s.mux.ServeHTTP(t, r)
	t.finish(r)
}

// OpenAPI is the description as JSON.
func (s *Server) OpenAPI() ([]byte, error) { return json.MarshalIndent(s.api.OpenAPI(), "", "  ") }

// call is one request: who makes it, in which transaction.
type call struct {
	by account.Actor
	tx *db.Tx
}

type requestKey struct{}

// requestOf is the HTTP request that a handler's context comes from.
func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}

// admit tells who calls and refuses who may not.
func (s *Server) admit(ctx context.Context, op *operation) (account.Actor, error) {
	by, err := s.Actor(requestOf(ctx))
	if err != nil {
		return by, err
	}
	if s.LockOut && !by.Has(account.Admin) {
		return by, kura.Errorf("rest.admit", kura.Unavailable, "Server disabled for maintenance")
	}
	if op.method != http.MethodGet {
		if err := by.CheckLock(); err != nil {
			return by, err
		}
	}
	if err := op.needs.Allow(by); err != nil {
		if !by.LoggedIn() {
			return by, kura.Errorf("rest.admit", kura.Unauthenticated, "%s asks for %s: log in with a token or a client certificate", op.id, op.needs)
		}
		return by, err
	}
	return by, nil
}
