package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/api/files"
	"github.com/kura-build/kura/api/git"
	"github.com/kura-build/kura/api/koji"
	"github.com/kura-build/kura/api/line"
	"github.com/kura-build/kura/api/login"
	"github.com/kura-build/kura/api/rest"
	"github.com/kura-build/kura/api/worker"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/account/authority"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/web"
)

// runHub runs a hub until ctx ends.
func runHub(ctx context.Context, c *Config, log *slog.Logger) error {
	h, err := newHouse(ctx, c, log)
	if err != nil {
		return err
	}
	defer h.close()
	return h.run(ctx, nil)
}

// run serves all ways in and does the hub's own work until ctx ends. ready, if
// not nil, is called once everything listens.
func (h *house) run(ctx context.Context, ready func()) error {
	ways, err := h.ways()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(ways.interfaces.failed)
	if err := h.listen(ctx, g, ways); err != nil {
		return err
	}
	if err := h.mail(ctx, g); err != nil {
		return err
	}
	h.work(ctx, g)
	h.log.Info("kura is up", "web", h.conf.Listen.Web, "certificate", h.conf.Listen.Certificate, "data", h.conf.Data)
	if ready != nil {
		ready()
	}
	return stopped(g.Wait())
}

// ways are all ways in, as one handler for everybody and one for plain HTTP.
type ways struct {
	all, plain http.Handler
	interfaces *beside     // is part of all
	calls      *line.Front // holds connections that the servers do not know any more
}

func (h *house) ways() (*ways, error) {
	door := login.NewDoor(h.db, h.sessions)
	hubFront, err := h.koji(door)
	if err != nil {
		return nil, err
	}
	gits, err := git.NewHTTP(h.sources, h.db, door.Actor, h.log)
	if err != nil {
		return nil, err
	}
	// What comes without TLS is from nobody, whatever it shows: a secret must
	// not be of use where everybody on the way can read it.
	readers, err := git.NewHTTP(h.sources, h.db, func(*http.Request) (account.Actor, error) { return account.Anonymous, nil }, h.log)
	if err != nil {
		return nil, err
	}
	tree := &files.Handler{DB: h.db, Blobs: h.blobs, Prefix: "/kojifiles", Log: h.log}
	lookaside := &git.Lookaside{HTTP: gits, Cache: h.lookaside(), Blobs: h.blobs}
	workers := worker.New(worker.Config{
		DB: h.db, Room: h.tasks, Board: h.board, Host: door.Host,
		Files:  &worker.Tree{DB: h.db, Blobs: h.blobs, Dir: flow.TaskDir, Grown: h.logGrown},
		Orders: h.flow, Results: h.flow, Buildroots: h.flow, Log: h.log, Metrics: h.metrics,
	})
	// To describe all its operations takes long. Whoever calls one waits for that.
	interfaces := begin(time.Second, func() (http.Handler, error) {
		return rest.New(rest.Config{
			DB: h.db, Flow: h.flow, Tasks: h.tasks, Lists: h.lists, Side: h.sideTags(), Known: &h.known, Blobs: h.blobs, Sign: h.sign, Uploads: h.uploads, Sessions: h.sessions, MailDomain: h.conf.Mail.Domain,
			Actor: door.Actor, Log: h.log,
			Woken: func(wake func()) (func(), error) { return h.bus.Listen("task.>", func(string, []byte) { wake() }) },
		})
	})
	pages := web.New(web.Config{
		DB: h.db, Blobs: h.blobs, Tasks: h.tasks, Known: &h.known, Bus: h.bus, Probes: []web.Probe{{Name: "bus", Check: h.bus.Healthy}},
		Log: h.log, FilesPrefix: "/kojifiles", Organization: h.conf.Organization,
	})

	calls := line.New("/kojihub", hubFront)
	all := http.NewServeMux()
	for _, p := range []string{"/kojihub", "/kojihub/"} {
		all.Handle(p, calls)
	}
	all.Handle(rest.Prefix+"/", interfaces)
	all.Handle("/kojifiles/", tree)
	all.Handle("/rpms/", gits)
	all.Handle("/repo/pkgs/", lookaside)
	all.Handle("/worker/v1/", workers)
	all.Handle("GET /metrics", promhttp.HandlerFor(h.metrics, promhttp.HandlerOpts{}))
	all.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	all.HandleFunc("GET /readyz", h.readyz)
	all.Handle("/", pages)
	plain := http.NewServeMux()
	plain.Handle("GET /kojifiles/", tree)
	plain.Handle("/rpms/", readers)
	plain.Handle("GET /repo/pkgs/", lookaside)
	return &ways{all: all, plain: plain, interfaces: interfaces, calls: calls}, nil
}

// koji is the front for Koji's clients, with all the parts that it has.
func (h *house) koji(door *login.Door) (http.Handler, error) {
	return koji.New(koji.Config{
		DB: h.db, Sessions: h.sessions, Uploads: h.uploads, Log: h.log,
		Identify: func(r *http.Request) (koji.Identity, bool) {
			c, ok := login.Certificate(r)
			if !ok {
				return koji.Identity{}, false
			}
			if err := door.Check(r.Context(), c); err != nil {
				h.log.Warn("a certificate was refused", "name", c.Subject.CommonName, "err", err)
				return koji.Identity{}, false
			}
			return koji.Identity{Name: c.Subject.CommonName, DN: c.Subject.String(), Authtype: account.AuthCertificate}, true
		},
	},
		koji.Accounts{}.Handlers(),
		koji.Tokens{Sessions: h.sessions}.Handlers(),
		koji.Tasks{Room: h.tasks, Blobs: h.blobs, Hub: flow.HubMethods}.Handlers(),
		koji.Hosts{Room: h.tasks}.Handlers(),
		koji.Builders{Room: h.tasks, Hub: flow.HubMethods}.Handlers(),
		koji.Scheduler{}.Handlers(),
		koji.Tags{Lists: h.lists, Side: h.sideTags()}.Handlers(),
		koji.Policies{Rules: h.flow.Policies()}.Handlers(),
		koji.Events{}.Handlers(),
		koji.History{}.Handlers(),
		koji.Builds{DB: h.db, Blobs: h.blobs, Tasks: h.tasks, Flow: h.flow, Known: &h.known}.Handlers(),
		koji.Archives{DB: h.db, Blobs: h.blobs, Flow: h.flow}.Handlers(),
		koji.Hosted{DB: h.db, Flow: h.flow}.Handlers(),
		koji.Starts{Flow: h.flow}.Handlers(),
		koji.Notifications{Domain: h.conf.Mail.Domain}.Handlers(),
		koji.Repos{Flow: h.flow, Tasks: h.tasks}.Handlers(),
		koji.Signing{DB: h.db, Blobs: h.blobs, Sign: h.sign}.Handlers(),
	)
}

// sideTags are the rules of side tags here.
func (h *house) sideTags() *tag.SideTags {
	return &tag.SideTags{Suffixes: h.conf.Koji.SideTagSuffixes, Allow: h.flow.Policies().SideTag}
}

// logGrown tells who follows a task's logs that there is more.
func (h *house) logGrown(tx *db.Tx, id int64) {
	tx.After(func() {
		if err := h.bus.Signal(fmt.Sprintf("task.log.%d", id), nil); err != nil {
			h.log.Debug("signal a log", "task", id, "err", err)
		}
	})
}

// readyz says whether this hub can do its work: its legs answer.
func (h *house) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	failed := false
	var text string
	for _, leg := range []struct {
		name    string
		healthy func(context.Context) error
	}{{"database", h.db.Healthy}, {"blobs", h.blobs.Healthy}, {"bus", h.bus.Healthy}} {
		if err := leg.healthy(ctx); err != nil {
			failed = true
			h.log.Warn("not ready", "leg", leg.name, "err", err)
			text += leg.name + ": not ready\n"
			continue
		}
		text += leg.name + ": ok\n"
	}
	if failed {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprint(w, text)
}

// tls gives how the listener for everybody and the one for certificates speak.
// Browsers would ask their people for a certificate at the first if it took any.
func (h *house) tls() (web, certificate *tls.Config, err error) {
	pki := filepath.Join(h.conf.Data, "pki")
	cert, err := tls.LoadX509KeyPair(filepath.Join(pki, "hub.pem"), filepath.Join(pki, "hub.pem"))
	if err != nil {
		return nil, nil, fmt.Errorf("the hub's certificate: %w: run kura init first", err)
	}
	ca, err := authority.Open(pki)
	if err != nil {
		return nil, nil, err
	}
	web = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	certificate = web.Clone()
	certificate.ClientAuth, certificate.ClientCAs = tls.VerifyClientCertIfGiven, ca.Pool()
	return web, certificate, nil
}

// listen opens all ports before anything is served.
func (h *house) listen(ctx context.Context, g *errgroup.Group, ways *ways) error {
	web, certificate, err := h.tls()
	if err != nil {
		return err
	}
	for _, l := range []struct {
		name, address string
		tls           *tls.Config
		handler       http.Handler
	}{
		{"web", h.conf.Listen.Web, web, ways.all},
		{"certificate", h.conf.Listen.Certificate, certificate, ways.all},
		{"plain", h.conf.Listen.Plain, nil, ways.plain},
	} {
		if l.address == "" {
			continue
		}
		if err := h.serve(ctx, g, l.name, l.address, l.tls, l.handler); err != nil {
			return err
		}
	}
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		ways.calls.Wait(end)
		return nil
	})
	if h.conf.Listen.Git == "" {
		return nil
	}
	lis, err := net.Listen("tcp", h.conf.Listen.Git)
	if err != nil {
		return fmt.Errorf("listen.git: %w", err)
	}
	g.Go(func() error { return git.NewDaemon(h.sources, h.log, 64).Serve(ctx, lis) })
	return nil
}

// stopTime is how long answers that are under way may take when a hub ends.
const stopTime = 10 * time.Second

func (h *house) serve(ctx context.Context, g *errgroup.Group, name, address string, conf *tls.Config, handler http.Handler) error {
	lis, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen.%s: %w: is another kura running here?", name, err)
	}
	// Requests live as long as the hub: long polls and streams end with it.
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 3 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(h.log.With("listener", name).Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		TLSConfig:   conf,
	}
	g.Go(func() error {
		var err error
		if conf != nil {
			err = s.ServeTLS(lis, "", "")
		} else {
			err = s.Serve(lis)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if err := s.Shutdown(end); err != nil {
			return s.Close()
		}
		return nil
	})
	return nil
}
