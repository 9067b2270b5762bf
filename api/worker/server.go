package worker

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// Own makes a transaction fail (kura.Fenced) when the task is not the host's
// any more.
type Own func(ctx context.Context, tx *db.Tx) error

// Files keeps what hosts send.
type Files interface {
	// Restart removes what an earlier lease of the task left. It is called
	// before the answer to any lease but the first.
	Restart(ctx context.Context, tx *db.Tx, task int64) error
	// AppendLog adds to a log and gives its length. Bytes that are there
	// already, because they were sent twice, are passed over; if offset is
	// behind the end nothing is written, and the length says where to go on.
	// The transaction that adds begins with own.
	AppendLog(ctx context.Context, task int64, name string, offset int64, r io.Reader, own Own) (size int64, err error)
	// PutFile keeps a file whole, replacing one of that name, if its bytes have
	// the sum; else it fails with kura.Invalid. The transaction that gives it
	// its name begins with own.
	PutFile(ctx context.Context, task int64, name, sha256 string, r io.Reader, own Own) (sum string, size int64, err error)
}

// Orders says what is to be done for a task: protocol.SRPMOrder or another
// type with the member "limits". A *task.Fault fails the task.
type Orders interface {
	Order(ctx context.Context, tx *db.Tx, t *task.Task) (json.RawMessage, error)
}

// Results takes in what a task made, in the transaction that closes it, and
// gives the task's result. An error of the caller's kinds (kura.Invalid, …) or
// a *task.Fault fails the task.
type Results interface {
	Finish(ctx context.Context, tx *db.Tx, t *task.Task, f protocol.Finish) (result any, err error)
}

// Buildroots keeps what roots held. The record is made when it is told the
// first time and completed the second.
type Buildroots interface {
	Buildroot(ctx context.Context, tx *db.Tx, t *task.Task, b protocol.Buildroot) (id int64, err error)
}

// Limits bound what a host may send.
type Limits struct {
	Log   int64 // bytes of one log, where the order says nothing
	Slack int64 // bytes of a log beyond the order's limit: what the worker itself adds
	Chunk int64 // bytes of one log request
	File  int64 // bytes of one file
	JSON  int64 // bytes of a request that is JSON
	Root  int64 // bytes of a list of what a root holds
}

// DefaultLimits are generous for packages of a distribution.
var DefaultLimits = Limits{Log: 1 << 30, Slack: 1 << 20, Chunk: 8 << 20, File: 16 << 30, JSON: 1 << 20, Root: 32 << 20}

// Config is what the server is made of.
type Config struct {
	DB         *db.DB
	Room       *task.Room
	Board      *task.Board
	Host       func(r *http.Request) (id int64, name string, err error)
	Files      Files
	Orders     Orders
	Results    Results
	Buildroots Buildroots
	Limits     Limits // the zero value is DefaultLimits
	Log        *slog.Logger
	Metrics    prometheus.Registerer // nil: none are registered
}

// Server answers build hosts.
type Server struct {
	Config
	mux     *http.ServeMux
	metrics *metrics
	logs    logLimits
}

// New makes the server.
func New(c Config) *Server {
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits
	}
	s := &Server{Config: c, mux: http.NewServeMux(), metrics: newMetrics(c.Metrics, c.Board)}
	s.handle("POST "+protocol.PathLease, "lease", s.lease)
	s.handle("POST "+protocol.PathTasks+"{id}/heartbeat", "heartbeat", s.heartbeat)
	s.handle("POST "+protocol.PathTasks+"{id}/log/{name}", "log", s.appendLog)
	s.handle("PUT "+protocol.PathTasks+"{id}/file/{name}", "file", s.putFile)
	s.handle("POST "+protocol.PathTasks+"{id}/buildroot", "buildroot", s.buildroot)
	s.handle("POST "+protocol.PathTasks+"{id}/finish", "finish", s.finish)
	s.handle("POST "+protocol.PathTasks+"{id}/fail", "fail", s.fail)
	s.handle("POST "+protocol.PathTasks+"{id}/refuse", "refuse", s.refuse)
	return s
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// call is one request of a known host.
type call struct {
	*http.Request
	w    http.ResponseWriter
	host int64
	name string // the host's
}

// handle registers a handler. What it gives is written as JSON; nil is 204.
func (s *Server) handle(pattern, name string, h func(*call) (any, error)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, w: w}
		var body any
		var err error
		if c.host, c.name, err = s.Host(r); err == nil {
			body, err = h(c)
		}
		s.metrics.call(name, err)
		if err != nil {
			s.problem(c, name, err)
			return
		}
		if body == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(body); err != nil {
			s.Log.Debug("answer a worker", "call", name, "host", c.name, "err", err)
		}
	})
}
