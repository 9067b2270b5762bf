package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/task"
)

//go:embed static templates
var content embed.FS

// Listener is the bus as the pages need it: task.Bus and bus.Bus have it.
type Listener interface {
	Listen(filter string, fn func(subject string, data []byte)) (stop func(), err error)
}

// Probe is a part of kura whose health the front page shows.
type Probe struct {
	Name  string
	Check func(context.Context) error
}

// Config is what the pages are made from.
type Config struct {
	DB           *db.DB
	Blobs        blob.Store
	Tasks        *task.Room   // says why a task waits; nil: a room with defaults
	Known        *build.Known // of builds; nil is nothing
	Bus          Listener     // wakes live pages; nil: they look every Tick
	Probes       []Probe      // beside the database and the blobs
	Log          *slog.Logger
	FilesPrefix  string        // where files are downloaded; /kojifiles when empty
	Tick         time.Duration // how often a live page looks without being woken; 2 s when 0
	Organization string
}

// Server answers with pages.
type Server struct {
	Config
	mux     *http.ServeMux
	pages   *pages
	static  map[string]asset
	ready   readiness
	streams chan struct{} // as many live streams as there are places
}

// maxStreams bounds the live streams of one hub; who comes later sees a page
// that stands still.
const maxStreams = 2000

// New makes the pages.
func New(c Config) *Server {
	if c.FilesPrefix == "" {
		c.FilesPrefix = "/kojifiles"
	}
	if c.Tasks == nil {
		c.Tasks = task.New(nil)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Tick == 0 {
		c.Tick = 2 * time.Second
	}
	if c.Organization == "" {
		c.Organization = "kura"
	}
	s := &Server{Config: c, mux: http.NewServeMux(), static: assets(), streams: make(chan struct{}, maxStreams)}
	s.pages = parsePages(s.static, c.FilesPrefix, c.Organization)
	s.ready.log = c.Log
	s.ready.probes = append([]Probe{{"database", c.DB.Healthy}, {"blobs", c.Blobs.Healthy}}, c.Probes...)
	s.routes()
	return s
}

// page makes what a template shows; it runs in a transaction that sees one
// state.
type page func(ctx context.Context, tx *db.Tx, r *http.Request) (any, error)

func (s *Server) routes() {
	for path, p := range map[string]struct {
		template string
		page     page
	}{
		"/{$}":                        {"home", s.home},
		"/tasks":                      {"tasks", s.tasks},
		"/tasks/{id}":                 {"task", s.task},
		"/tasks/{id}/logs/{name}":     {"log", s.taskLog},
		"/builds":                     {"builds", s.builds},
		"/builds/{id}":                {"build", s.build},
		"/builds/{id}/logs/{name...}": {"log", s.buildLog},
		"/buildroots/{id}":            {"buildroot", s.buildroot},
		"/tags":                       {"tags", s.tags},
		"/tags/{name...}":             {"tag", s.tag},
		"/hosts":                      {"hosts", s.hosts},
	} {
		s.mux.Handle("GET "+path, s.html(p.template, p.page))
	}
	s.mux.HandleFunc("GET /live/tasks", s.liveTasks)
	s.mux.HandleFunc("GET /live/log/{id}/{name}", s.liveLog)
	s.mux.HandleFunc("GET /static/{name}", s.asset)
	s.mux.HandleFunc("GET /koji/{page...}", s.koji)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			s.problem(w, r, http.StatusMethodNotAllowed, "These pages are only read.")
			return
		}
		s.problem(w, r, http.StatusNotFound, "There is no page "+r.URL.Path+".")
	})
}

// policy lets a page use this package's own style and script, and nothing that
// stands in the page itself; the script can put no text into a page as HTML.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

func (s *Server) html(name string, p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var data any
		err := s.DB.View(r.Context(), func(tx *db.Tx) (err error) {
			data, err = p(r.Context(), tx, r)
			return err
		})
		if to := (*moved)(nil); errors.As(err, &to) {
			http.Redirect(w, r, to.to, http.StatusFound)
			return
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if late, ok := data.(interface {
			finish(context.Context, *http.Request) error
		}); ok { // what takes long, and needs no transaction
			if err := late.finish(r.Context(), r); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		s.write(w, r, http.StatusOK, name, data)
	}
}

// write renders a page whole before its first byte leaves, so that one that
// fails is an error and not a torn page.
func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.pages.render(&b, name, r.URL.Path, data); err != nil {
		s.Log.Error("render a page", "page", name, "path", r.URL.Path, "err", err)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// statuses is this way in's table from kind to status.
var statuses = map[kura.Kind]int{
	kura.Invalid:     http.StatusBadRequest,
	kura.NotFound:    http.StatusNotFound,
	kura.TooLarge:    http.StatusBadRequest,
	kura.Locked:      http.StatusServiceUnavailable,
	kura.Unavailable: http.StatusServiceUnavailable,
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status, known := statuses[kura.KindOf(err)]
	text := err.Error()
	switch {
	case !known:
		status, text = http.StatusInternalServerError, "Something went wrong here; the hub's log says more."
		s.Log.Error("make a page", "path", r.URL.Path, "err", err, "trace", kura.Trace(err))
	case status == http.StatusServiceUnavailable:
		text = "A part of kura is away for the moment. Try again soon."
		s.Log.Warn("make a page", "path", r.URL.Path, "err", err, "trace", kura.Trace(err))
	}
	s.problem(w, r, status, text)
}

type problemPage struct {
	Title, Text string
	Status      int
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.write(w, r, status, "problem", problemPage{Title: http.StatusText(status), Text: text, Status: status})
}

// moved is the error of a page that stands elsewhere.
type moved struct{ to string }

func (m *moved) Error() string { return "moved to " + m.to }
