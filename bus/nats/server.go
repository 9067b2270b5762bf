package nats

import (
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sys/unix"
)

// startWithin is how long an embedded server may take to be ready; reading a
// full store is what takes time.
const startWithin = time.Minute

// storeName is JetStream's own directory below Config.Dir.
const storeName = server.JetStreamStoreDir

// eventServer keeps events. It is alone in the world.
func eventServer(c *Config) *server.Options {
	return &server.Options{
		ServerName:             "kura-" + c.Hub,
		DontListen:             true,
		NoSigs:                 true,
		NoLog:                  true,
		DisableJetStreamBanner: true,
		JetStream:              true,
		StoreDir:               c.Dir,
		JetStreamMaxMemory:     maxMemory,
		JetStreamMaxStore:      storeLimit(c),
		// The outbox forgets what is published, so published must mean kept.
		SyncAlways: true,
	}
}

// storeLimit leaves room beside the stream, whose own limit drops old events;
// this one would refuse new ones.
func storeLimit(c *Config) int64 { return c.MaxStore + c.MaxStore/4 + 16<<20 }

// signalServer carries signals to the peers. A NATS server opens its port for
// peers only after one for clients, so that one is opened too: on the loopback,
// for a password that nobody but this process ever knows.
func signalServer(c *Config, password string) (*server.Options, error) {
	const op = "bus/nats.Open"
	host, port, err := splitPort(c.Cluster.Listen)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "bus address %q: %w", c.Cluster.Listen, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "kura-" + c.Hub + "-signals",
		Host:       "127.0.0.1",
		Port:       server.RANDOM_PORT,
		Username:   "kura",
		Password:   password,
		NoSigs:     true,
		NoLog:      true,
		Cluster: server.ClusterOpts{
			Name: c.Cluster.Name, Host: host, Port: port, Advertise: c.Cluster.Advertise,
			Username: "kura", Password: c.Cluster.Secret,
			TLSConfig: c.Cluster.TLS, TLSTimeout: 10, AuthTimeout: 10,
			NoAdvertise:  true, // of the port for clients
			PoolSize:     -1,   // one line to each peer is plenty for signals
			PingInterval: 5 * time.Second,
			MaxPingsOut:  2,
		},
	}
	for _, p := range c.Cluster.Peers {
		o.Routes = append(o.Routes, &url.URL{
			Scheme: "nats-route", Host: p, User: url.UserPassword("kura", c.Cluster.Secret),
		})
	}
	return o, nil
}

func splitPort(addr string) (string, int, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return host, int(port), err
}

// start runs an embedded server until it is ready.
func start(o *server.Options, log *slog.Logger) (*server.Server, error) {
	const op = "bus/nats.Open"
	srv, err := server.NewServer(o)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "embedded bus %s: %w", o.ServerName, err)
	}
	l := &serverLog{log: log.With("server", o.ServerName), fatal: make(chan string, 1)}
	srv.SetLoggerV2(l, false, false, false)
	ready := make(chan bool, 1)
	go func() {
		srv.Start()
		ready <- srv.ReadyForConnections(startWithin) // who asks before waits for its clock
	}()
	why := "it was not ready in time"
	select {
	case why = <-l.fatal:
	case ok := <-ready:
		if ok && (!o.JetStream || srv.JetStreamEnabled()) {
			return srv, nil
		}
		select {
		case why = <-l.fatal:
		default:
		}
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	return nil, kura.Errorf(op, kura.Unavailable, "embedded bus %s did not start: %s", o.ServerName, why)
}

// lock makes sure that one process uses the directory, and makes it. Two would
// destroy each other's store without noticing.
func lock(dir string) (*os.File, error) {
	const op = "bus/nats.Open"
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, kura.Errorf(op, kura.Unavailable, "directory of the bus: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, kura.Errorf(op, kura.Unavailable, "directory of the bus: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, kura.Errorf(op, kura.Locked, "the bus directory %s is used by another process: stop it, or give this hub a directory of its own", dir)
		}
		return nil, kura.Errorf(op, kura.Unavailable, "locking the bus directory %s: %w", dir, err)
	}
	return f, nil
}
