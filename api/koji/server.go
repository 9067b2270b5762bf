package koji

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
)

// Version is the version of Koji's API that this front speaks. Clients decide
// by it which calls they may make.
const Version = "1.35.3"

// Database runs transactions.
type Database interface {
	State(context.Context) (db.State, error)
	Ask(context.Context, func(*db.Tx) error) error
	View(context.Context, func(*db.Tx) error) error
	Update(context.Context, func(*db.Tx) error) error
}

// Config is what the front needs of the world. Zero limits and nil functions
// take defaults.
type Config struct {
	DB       Database
	Sessions Sessions
	Uploads  Uploads
	Log      *slog.Logger
	Limits   xmlrpc.Limits

	Offline string // not empty: every call is answered with this, as fault 1014
	LockOut bool   // only admins are let in

	// Who may log others in: subjects of certificates, and principals; and
	// whether the others may be said to be known otherwise than they are.
	ProxyDNs, ProxyPrincipals []string
	AllowProxyAuthType        bool

	// Remote gives the client's address; a front behind a proxy sets its own.
	Remote func(*http.Request) string
	// Identify gives who the transport vouches for: by default the subject of
	// a verified TLS client certificate.
	Identify func(*http.Request) (Identity, bool)
}

// Server answers Koji's clients. It is an http.Handler for /kojihub and all
// paths below; which of them is called makes no difference.
type Server struct {
	Config
	api     *api
	kept    *keep
	spools  spools        // of callers who are known
	crowd   spools        // of those who are not
	strange chan struct{} // as many calls of people without a session or a token as may read at once
	holdFor time.Duration // how long a multicall may keep all other writers waiting
}

// maxStrange leaves places of the database's to those who are known. Nobody
// waits longer than waitStrange for one, or has one longer than haveStrange.
const (
	maxStrange  = 8
	waitStrange = time.Minute
	haveStrange = 2 * time.Minute
)

// bodyTime is how long a client may take to send a call that is not an upload.
const bodyTime = 2 * time.Minute

// New makes a front of the given parts. It fails if a handler is not in the
// table, or a row of the table does not say who may call it.
func New(c Config, parts ...Handlers) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Remote == nil {
		c.Remote = peer
	}
	if c.Identify == nil {
		c.Identify = certificate
	}
	s := &Server{
		Config: c, strange: make(chan struct{}, maxStrange), holdFor: time.Minute, kept: newKeep(),
		spools: spools{max: maxKnown, wait: true}, crowd: spools{max: maxStrangers},
	}
	own := []Handlers{s.selfHandlers(), s.filterHandlers(), s.sessionHandlers(), s.uploadHandlers(), refusalHandlers()}
	var err error
	s.api, err = newAPI(table(), append(own, parts...)...)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Koji-Version", Version)
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		plainText(w, http.StatusMethodNotAllowed, "This is an XML-RPC server: send POST requests.\n")
		return
	}
	q := &request{http: r, remote: s.Remote(r), method: "upload"}
	out := &reply{w: w, share: &s.spools, gzip: takesGzip(r.Header)}
	defer func() {
		_ = out.end(false) // it is not whole in any case
		if out.kept != nil {
			out.kept.letGo()
		}
	}()
	if s.Offline != "" {
		s.answerFault(r.Context(), out, q, fault(serverOffline, "%s", s.Offline))
		return
	}
	var err error
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		err = s.rawUpload(r.Context(), q, out)
	} else {
		rc := http.NewResponseController(w)
		_ = rc.SetReadDeadline(time.Now().Add(bodyTime)) // not every connection has deadlines; the server's has
		q.method, q.params, err = xmlrpc.DecodeCall(r.Body, s.Limits)
		_ = rc.SetReadDeadline(time.Time{})
		if err != nil {
			s.Log.DebugContext(r.Context(), "bad request", "remote", q.remote, "err", err)
			plainText(w, http.StatusBadRequest, "Invalid request: "+err.Error()+"\n")
			return
		}
		err = s.dispatch(r.Context(), q, out)
	}
	if err != nil {
		s.answerFault(r.Context(), out, q, err)
		return
	}
	out.finish()
	s.touch(r.Context(), w, q)
}

// answerFault tells the client what went wrong. Within a stream it is too late
// for that: the connection is cut, so that half an answer is not taken for a
// whole one.
func (s *Server) answerFault(ctx context.Context, out *reply, q *request, err error) {
	f := toFault(ctx, s.Log, q.method, err)
	if out.started {
		s.Log.WarnContext(ctx, "answer cut off", "method", q.method, "remote", q.remote, "err", err)
		_ = out.end(false) // it is not whole in any case
		panic(http.ErrAbortHandler)
	}
	out.reset()
	out.hold = true
	if err := xmlrpc.EncodeFault(out, f); err != nil {
		s.Log.ErrorContext(ctx, "fault not written", "method", q.method, "err", err)
	}
	out.finish()
}

func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
