package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/blob/meter"
	"github.com/kura-build/kura/blob/s3"
	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/nats"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/hub/upload"
	"github.com/kura-build/kura/protocol"
	"github.com/kura-build/kura/signer"
)

// house is the hub with its rooms on their legs.
type house struct {
	conf     *Config
	log      *slog.Logger
	db       *db.DB
	blobs    blob.Store
	bus      *nats.Bus
	metrics  *prometheus.Registry
	sessions *account.Sessions
	tasks    *task.Room
	board    *task.Board
	runner   *task.Runner
	lists    *tag.Lists
	repos    *repo.Maker
	sign     *sign.Room
	sources  *source.Repositories
	flow     *flow.Flow
	uploads  *upload.Room
	known    build.Known
}

// openLegs opens the database and the store, and brings the tables up to date.
func openLegs(ctx context.Context, c *Config) (*db.DB, blob.Store, error) {
	if path, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, nil, err
		}
	}
	d, err := db.Open(ctx, c.Database.URL)
	if err != nil {
		return nil, nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, nil, err
	}
	b, err := openBlobs(c)
	if err != nil {
		d.Close()
		return nil, nil, err
	}
	return d, b, nil
}

// openBlobs opens the store that an address names.
func openBlobs(c *Config) (blob.Store, error) {
	if path, ok := strings.CutPrefix(c.Blobs.URL, "dir:"); ok {
		s, err := dir.New(path, dir.MinFree(c.Blobs.MinFree))
		if err != nil {
			return nil, err
		}
		return reserve{Store: s, dir: path, min: c.Blobs.MinFree}, nil
	}
	u, err := url.Parse(c.Blobs.URL)
	if err != nil || u.Scheme != "s3" {
		return nil, fmt.Errorf("blobs.url is %q: it is dir:PATH or s3://KEY:SECRET@HOST/BUCKET", c.Blobs.URL)
	}
	q := u.Query()
	scheme := "https://"
	if tls, err := strconv.ParseBool(q.Get("tls")); err == nil && !tls {
		scheme = "http://"
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	secret, _ := u.User.Password()
	return s3.New(s3.Config{
		URL: scheme + u.Host, Region: q.Get("region"), Bucket: bucket, Prefix: prefix,
		AccessKey: u.User.Username(), SecretKey: secret, PathStyle: q.Get("path_style") != "false", MinFree: c.Blobs.MinFree,
	})
}

// newBus gives the embedded bus, or the cluster that is named, to be started.
func newBus(c *Config, log *slog.Logger) (*nats.Bus, error) {
	n := nats.Config{Hub: subjectName(c.Hub.Name), Dir: filepath.Join(c.Data, "bus"), Log: log}
	if c.Bus.URL != "" {
		n.External = &nats.External{URL: c.Bus.URL}
	}
	if c.Bus.Cluster != "" {
		pki := filepath.Join(c.Data, "pki")
		tls, err := nats.ClusterTLS(filepath.Join(pki, "hub.pem"), filepath.Join(pki, "hub.pem"), filepath.Join(pki, "ca.crt"))
		if err != nil {
			return nil, fmt.Errorf("the bus's certificates: %w", err)
		}
		n.Cluster = &nats.Cluster{Name: subjectName(c.Organization), Secret: c.Bus.Secret, Listen: c.Bus.Cluster, Peers: c.Bus.Routes, TLS: tls}
	}
	return nats.New(n)
}

// subjectName makes a token of a bus's subject out of a name.
func subjectName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s)
}

// newHouse wires the rooms.
func newHouse(ctx context.Context, c *Config, log *slog.Logger) (_ *house, err error) {
	h := &house{conf: c, log: log}
	if h.bus, err = newBus(c, log.With("leg", "bus")); err != nil {
		return nil, err
	}
	started := make(chan error, 1)
	go func() { started <- h.bus.Start(ctx) }() // that takes longer than all the rest
	defer func() {
		if e := <-started; err == nil {
			err = e
		}
		if err != nil {
			h.close()
		}
	}()
	if h.db, h.blobs, err = openLegs(ctx, c); err != nil {
		return nil, err
	}
	h.metrics = newMetrics()
	h.metrics.MustRegister(newCensus(h.db))
	if h.blobs, err = meter.New(h.blobs, h.metrics); err != nil {
		return nil, err
	}
	h.sessions = account.NewSessions()
	h.sessions.Renewal, h.sessions.CheckIP, h.sessions.CreatesUser = c.Login.SessionRenewal, c.Login.CheckClientIP, c.Login.CreatesUser
	h.tasks = task.New(h.bus)
	h.board = task.NewBoard(h.tasks, h.db, log)
	h.runner = task.NewRunner(h.tasks, h.db, c.Hub.Name, 8, log)
	policies, err := flow.NewPolicies(c.Policy)
	if err != nil {
		return nil, fmt.Errorf("[policy]: %w", err)
	}
	h.lists = tag.NewLists(policies.List)
	if policies.Places() {
		h.tasks.Place = policies.Place
	}
	h.repos = repo.NewMaker(h.db, h.blobs)
	h.sources = source.NewRepositories(filepath.Join(c.Data, "git"))
	var s sign.Signer
	if c.Signer.Enabled {
		if s, err = signerClient(c); err != nil {
			return nil, err
		}
	}
	h.sign = sign.New(h.db, h.blobs, s)
	fc, err := flowConfig(c)
	if err != nil {
		return nil, err
	}
	fc.Policies = policies
	if fc.CA != "" {
		if err := h.repos.Trust([]byte(fc.CA)); err != nil {
			return nil, err
		}
	}
	h.flow = flow.New(h.db, h.blobs, h.tasks, h.repos, h.sign, fc)
	h.uploads = upload.New(h.db, h.blobs)
	h.flow.Register(h.runner)
	h.tasks.Ended = h.flow.Ended
	return h, nil
}

func (h *house) close() {
	if h.bus != nil {
		if err := h.bus.Close(); err != nil {
			h.log.Warn("close the bus", "err", err)
		}
	}
	if h.db != nil {
		if err := h.db.Close(); err != nil {
			h.log.Warn("close the database", "err", err)
		}
	}
}

func flowConfig(c *Config) (flow.Config, error) {
	rules, err := source.ParseRules(c.Sources.AllowedSCMs)
	if err != nil {
		return flow.Config{}, err
	}
	ca, err := os.ReadFile(filepath.Join(c.Data, "pki", "ca.crt"))
	if err != nil {
		return flow.Config{}, fmt.Errorf("%w: run kura init first", err)
	}
	return flow.Config{
		Dist: c.Hub.Dist, Rules: rules, CA: string(ca), OwnHosts: ownHosts(c),
		Maven: c.Koji.Maven, Windows: c.Koji.Windows,
		Limits: protocol.Limits{
			Time: c.Limits.Time, Silence: c.Limits.Silence, Log: c.Limits.Log,
			Memory: c.Limits.Memory, Processes: c.Limits.Processes, Disk: c.Limits.Disk,
		},
	}, nil
}

// ownHosts are the host:port pairs under which this hub serves sources.
func ownHosts(c *Config) []string {
	names := append([]string{"localhost", "127.0.0.1", c.Hub.Name}, c.Hub.Hosts...)
	var out []string
	for _, l := range []string{c.Listen.Web, c.Listen.Certificate, c.Listen.Plain, c.Listen.Git} {
		_, port, ok := strings.Cut(l, ":")
		if !ok {
			continue
		}
		for _, n := range names {
			out = append(out, strings.ToLower(n)+":"+port)
			if port == "443" || port == "9418" {
				out = append(out, strings.ToLower(n))
			}
		}
	}
	return out
}

// The hub's key for authorisations to the signer.
const signerAuthFile = "signer-auth.key"

func signerClient(c *Config) (sign.Signer, error) {
	path := filepath.Join(c.Data, "pki", signerAuthFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: run kura init first", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 key", path)
	}
	return signerKinds{signer.NewClient(c.Signer.Socket, key)}, nil
}

// signerKinds gives the signer's refusals the kinds of the hub's errors.
type signerKinds struct{ *signer.Client }

func kindOf(err error) error {
	var r *signer.Refusal
	if !errors.As(err, &r) {
		if err != nil && kura.KindOf(err) == kura.Other {
			return kura.Errorf("signer", kura.Unavailable, "the signer does not answer: %w", err)
		}
		return err
	}
	for k := kura.Other; k <= kura.Canceled; k++ {
		if k.String() == r.Kind {
			return &kura.Error{Op: "signer", Kind: k, Err: err}
		}
	}
	return err
}

func (s signerKinds) CreateKey(ctx context.Context, name, decision string, spec protocol.SignerKeySpec) (protocol.SignerKey, error) {
	k, err := s.Client.CreateKey(ctx, name, decision, spec)
	return k, kindOf(err)
}

func (s signerKinds) SignPackage(ctx context.Context, key string, build int64, nvra, decision string, header []byte) (protocol.SignerAnswer, error) {
	a, err := s.Client.SignPackage(ctx, key, build, nvra, decision, header)
	return a, kindOf(err)
}

func (s signerKinds) SignMetadata(ctx context.Context, key, repository, decision string, md []byte) (protocol.SignerAnswer, error) {
	a, err := s.Client.SignMetadata(ctx, key, repository, decision, md)
	return a, kindOf(err)
}

var _ bus.Bus = (*nats.Bus)(nil)
