package nats

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
)

const (
	// maxMemory bounds what JetStream may keep in memory only; kura's streams
	// are on disk, so this is for its own needs.
	maxMemory = 32 << 20
	// DefaultMaxStore is the size at which the oldest events go.
	DefaultMaxStore = 1 << 30
)

// Config says where the bus runs.
type Config struct {
	Hub      string    // this hub's name, unique among hubs: A-Z a-z 0-9 _ -
	Dir      string    // of the embedded event store
	MaxStore int64     // bytes of events kept; DefaultMaxStore when 0
	Cluster  *Cluster  // nil: this hub is alone
	External *External // nil: embedded

	Pause func(delivery int) time.Duration // bus.Pause when nil
	Log   *slog.Logger                     // silent when nil
}

// Cluster joins the embedded buses of several hubs. All of it but Listen,
// Advertise and Peers is the same on all of them.
type Cluster struct {
	Name      string      // keeps two installations from joining by mistake
	Secret    string      // known to the hubs alone
	Listen    string      // host:port for peers; port 0 takes any
	Advertise string      // host:port at which peers reach us, when not Listen
	Peers     []string    // host:port of other hubs
	TLS       *tls.Config // see ClusterTLS; needed off the loopback
}

// External names a NATS cluster.
type External struct {
	URL         string      // "tls://a:4222,tls://b:4222"
	Credentials string      // file with a user's JWT and seed; may be empty
	TLS         *tls.Config // nil: the system's authorities
	Replicas    int         // of the stream, when it has to be made; 1 when 0
}

// ClusterTLS makes the configuration with which hubs know each other: each
// shows a certificate, and takes only those of the given authority.
func ClusterTLS(certFile, keyFile, caFile string) (*tls.Config, error) {
	const op = "bus/nats.ClusterTLS"
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "certificate %s with key %s: %w", certFile, keyFile, err)
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "authority of the other hubs: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, kura.Errorf(op, kura.Invalid, "%s holds no certificate in PEM", caFile)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		RootCAs:      pool,
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}, nil
}

func (c *Config) check(op string) error {
	// The hub's name becomes a part of names that NATS limits as we limit
	// durables.
	if err := bus.CheckConsume(op, c.Hub, "event.>"); err != nil {
		return kura.Errorf(op, kura.Invalid, "hub name %q must have 1 to 64 characters out of A-Z a-z 0-9 _ -", c.Hub)
	}
	if c.External != nil {
		if c.External.URL == "" || c.Cluster != nil {
			return kura.Errorf(op, kura.Invalid, "an external bus needs a URL, and joins no cluster of hubs: leave one of the two out")
		}
		return nil
	}
	if c.Dir == "" {
		return kura.Errorf(op, kura.Invalid, "the embedded bus of hub %s needs a directory", c.Hub)
	}
	if c.Cluster != nil {
		return c.Cluster.check(op)
	}
	return nil
}

func (c *Cluster) check(op string) error {
	if c.Name == "" || c.Secret == "" {
		return kura.Errorf(op, kura.Invalid, "hubs that join need the name of their cluster and its secret, the same on all of them")
	}
	for _, addr := range append([]string{c.Listen}, c.Peers...) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return kura.Errorf(op, kura.Invalid, "bus address %q is not host:port: %w", addr, err)
		}
		if c.TLS == nil && !loopback(host) {
			return kura.Errorf(op, kura.Invalid,
				"bus address %s is reached over a network: set certificate, key and authority of the hubs, or signals could be read and forged there", addr)
		}
	}
	if c.TLS != nil && (c.TLS.ClientAuth != tls.RequireAndVerifyClientCert || c.TLS.InsecureSkipVerify) {
		return kura.Errorf(op, kura.Invalid, "the hubs' TLS must check certificates both ways: make it with ClusterTLS")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
