package nats

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus implements bus.Bus.
type Bus struct {
	config Config
	log    *slog.Logger
	stream string
	fresh  bool

	life context.Context // ends with Close
	end  context.CancelFunc

	lock      *os.File       // of the directory; nil when external
	keeper    *server.Server // of events; nil when external
	messenger *server.Server // of signals to peers; nil when alone or external
	events    *natsgo.Conn
	signals   *natsgo.Conn // the same as events unless there is a messenger
	js        jetstream.JetStream

	naming  sync.Mutex  // one at a time makes a durable
	ill     atomic.Bool // the keeper was seen not to keep
	mending sync.Mutex  // one at a time switches it on again
}

var _ bus.Bus = (*Bus)(nil)

// Open starts or joins a bus. ctx bounds the start only.
func Open(ctx context.Context, c Config) (*Bus, error) {
	b, err := New(c)
	if err != nil {
		return nil, err
	}
	if err := b.Start(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// New makes a bus, which is of use once it was started.
func New(c Config) (*Bus, error) {
	const op = "bus/nats.Open"
	if err := c.check(op); err != nil {
		return nil, err
	}
	if c.MaxStore == 0 {
		c.MaxStore = DefaultMaxStore
	}
	if c.Pause == nil {
		c.Pause = bus.Pause
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bus{config: c, log: c.Log, stream: "ev-" + c.Hub}
	b.life, b.end = context.WithCancel(context.Background())
	return b, nil
}

// Start starts a new bus. One that cannot start is closed.
func (b *Bus) Start(ctx context.Context) error {
	err := b.open(ctx)
	if err != nil {
		b.Close()
	}
	return err
}

func (b *Bus) open(ctx context.Context) error {
	const op = "bus/nats.Open"
	if b.config.External != nil {
		b.stream = "events"
		if err := b.join(); err != nil {
			return err
		}
		return kura.E(op, b.ensure(ctx))
	}
	var err error
	if b.lock, err = lock(b.config.Dir); err != nil {
		return err
	}
	if b.config.Cluster != nil {
		password := rand.Text()
		opts, err := signalServer(&b.config, password)
		if err != nil {
			return err
		}
		if b.messenger, err = start(opts, b.log); err != nil {
			return err
		}
		if b.signals, err = b.connect("", natsgo.InProcessServer(b.messenger), natsgo.UserInfo("kura", password)); err != nil {
			return err
		}
	}
	err = b.keep(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// Nothing is lost with the store, so a damaged one is no reason not to run.
	b.log.Error("the bus cannot use its store and begins a new one", "dir", b.config.Dir, "err", err)
	b.drop()
	if err := os.RemoveAll(filepath.Join(b.config.Dir, storeName)); err != nil {
		return kura.Errorf(op, kura.Unavailable, "removing the damaged store of the bus: %w", err)
	}
	return b.keep(ctx)
}

// keep starts the embedded store of events.
func (b *Bus) keep(ctx context.Context) (err error) {
	if b.keeper, err = start(eventServer(&b.config), b.log); err != nil {
		return err
	}
	if b.events, err = b.connect("", natsgo.InProcessServer(b.keeper)); err != nil {
		return err
	}
	if b.js, err = jetstream.New(b.events); err != nil {
		return kura.E("bus/nats.Open", err)
	}
	if b.messenger == nil {
		b.signals = b.events
	}
	return b.ensure(ctx)
}

// join connects to the external cluster.
func (b *Bus) join() (err error) {
	ext := b.config.External
	opts := []natsgo.Option{natsgo.ReconnectWait(time.Second), natsgo.PingInterval(20 * time.Second)}
	if ext.Credentials != "" {
		opts = append(opts, natsgo.UserCredentials(ext.Credentials))
	}
	if ext.TLS != nil {
		opts = append(opts, natsgo.Secure(ext.TLS))
	}
	if b.events, err = b.connect(ext.URL, opts...); err != nil {
		return err
	}
	b.signals = b.events
	b.js, err = jetstream.New(b.events)
	return kura.E("bus/nats.Open", err)
}

func (b *Bus) connect(url string, opts ...natsgo.Option) (*natsgo.Conn, error) {
	opts = append(opts, natsgo.Name("kura-"+b.config.Hub), natsgo.MaxReconnects(-1),
		natsgo.DisconnectErrHandler(func(_ *natsgo.Conn, err error) {
			if b.life.Err() == nil {
				b.log.Warn("the bus is away", "err", err)
			}
		}),
		natsgo.ReconnectHandler(func(*natsgo.Conn) { b.log.Info("the bus is back") }),
		natsgo.ErrorHandler(func(_ *natsgo.Conn, sub *natsgo.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			b.log.Warn("bus", "subject", subject, "err", err)
		}))
	conn, err := natsgo.Connect(url, opts...)
	if err != nil {
		return nil, kura.Errorf("bus/nats.Open", kura.Unavailable, "connecting to the bus %s: %w", url, err)
	}
	return conn, nil
}

// Store implements bus.Bus.
func (b *Bus) Store() string { return b.stream }

// Fresh implements bus.Bus.
func (b *Bus) Fresh() bool { return b.fresh }

// Peers is how many other hubs' embedded buses are joined now.
func (b *Bus) Peers() int {
	if b.messenger == nil {
		return 0
	}
	return b.messenger.NumRoutes()
}

// ClusterAddr is where this bus listens for its peers, "" when it does not.
func (b *Bus) ClusterAddr() string {
	if b.messenger == nil || b.messenger.ClusterAddr() == nil {
		return ""
	}
	return b.messenger.ClusterAddr().String()
}

// Healthy implements bus.Bus.
func (b *Bus) Healthy(ctx context.Context) error {
	const op = "bus/nats.Healthy"
	if err := b.alive(op); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := b.signals.FlushWithContext(ctx); err != nil {
		return b.fail(op, "signals", err)
	}
	if b.sick() != "" {
		b.ill.Store(true)
		if err := b.mend(op); err != nil {
			return err
		}
	}
	if _, err := b.js.Stream(ctx, b.stream); err != nil {
		return b.fail(op, b.stream, err)
	}
	return nil
}

// Close implements bus.Bus.
func (b *Bus) Close() error {
	b.end()
	b.drop()
	if b.messenger != nil {
		b.signals.Close()
		b.messenger.Shutdown()
		b.messenger.WaitForShutdown()
	}
	if b.lock != nil {
		b.lock.Close()
	}
	return nil
}

// drop ends the event side.
func (b *Bus) drop() {
	if b.events != nil {
		b.events.Close()
	}
	if b.keeper != nil {
		b.keeper.Shutdown()
		b.keeper.WaitForShutdown()
	}
}

func (b *Bus) alive(op string) error {
	if b.life.Err() != nil {
		return kura.Errorf(op, kura.Unavailable, "the bus is closed")
	}
	return nil
}

// fail gives an error of NATS its kind.
func (b *Bus) fail(op, object string, err error) error {
	switch {
	case err == nil:
		return nil
	case b.life.Err() != nil:
		return kura.Errorf(op, kura.Unavailable, "the bus is closed: %w", err)
	case errors.Is(err, context.Canceled):
		return kura.Errorf(op, kura.Canceled, "stopped on request: %w", err)
	case fullStore(err):
		return kura.Errorf(op, kura.NoSpace, "the store of the bus in %s is full: free some space there: %w", b.place(), err)
	}
	return kura.Errorf(op, kura.Unavailable, "the bus did not take %s: %w", object, err)
}

// place says where the store is, for people.
func (b *Bus) place() string {
	if b.config.External != nil {
		return b.config.External.URL
	}
	return b.config.Dir
}
