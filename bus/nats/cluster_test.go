package nats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/bus"
	"github.com/kura-build/kura/bus/bustest"
	"github.com/kura-build/kura/bus/nats"
)

// hub is the configuration of one of several joined hubs.
func hub(t *testing.T, name, listen string, peers ...string) nats.Config {
	return nats.Config{Hub: name, Dir: t.TempDir(), Cluster: &nats.Cluster{
		Name: "kura", Secret: "the hubs' own", Listen: listen, Peers: peers,
	}}
}

// eventually waits until something comes true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// crosses sends until a signal arrives: word of a listener takes its time to
// reach the other hub.
func crosses(t *testing.T, from, to bus.Bus) {
	t.Helper()
	subject := "cross." + strings.ToLower(rand.Text())
	heard := bustest.Listen(t, to, subject)
	eventually(t, "a signal crosses", func() bool {
		must(t, from.Signal(subject, nil))
		select {
		case <-heard:
			return true
		case <-time.After(20 * time.Millisecond):
			return false
		}
	})
}

func TestTwoHubs(t *testing.T) {
	ca := hub(t, "a", "127.0.0.1:0")
	a := open(t, ca)
	cb := hub(t, "b", "127.0.0.1:0", a.ClusterAddr())
	b := open(t, cb)
	crosses(t, a, b)
	crosses(t, b, a)

	// Each has its own store and its own events.
	if a.Store() == b.Store() {
		t.Errorf("both stores are called %q", a.Store())
	}
	bustest.Publish(t, a, "event.x", 1)
	bustest.Publish(t, b, "event.x", 1)
	bustest.Publish(t, b, "event.x", 2)
	ea, _ := bustest.Consume(t, a, "web", "event.>")
	eb, stop := bustest.Consume(t, b, "web", "event.>")
	for _, want := range []string{"event.x 1 1 1", "event.x 2 2 1"} {
		if got := bustest.Get(t, "b's event", eb); got != want {
			t.Errorf("b got %q, want %q", got, want)
		}
	}
	bustest.Get(t, "a's event", ea)
	bustest.Publish(t, a, "event.x", 3)
	if got := bustest.Get(t, "a's event", ea); got != "event.x 3 3 1" {
		t.Errorf("a got %q: events of b crossed", got)
	}

	// One dies; the other goes on alone, with signals and events.
	stop()
	addr := b.ClusterAddr()
	must(t, b.Close())
	eventually(t, "a knows that b is gone", func() bool { return a.Peers() == 0 })
	must(t, a.Healthy(t.Context()))
	crosses(t, a, a)
	bustest.Publish(t, a, "event.x", 4)
	if got := bustest.Get(t, "a's event", ea); got != "event.x 4 4 1" {
		t.Errorf("a got %q", got)
	}

	// It comes back and joins again, with what it had kept.
	cb.Cluster.Listen = addr
	b = open(t, cb)
	crosses(t, a, b)
	crosses(t, b, a)
	if b.Fresh() {
		t.Error("b's store was lost with the process")
	}
}

// Knowing one peer is enough to be joined to all.
func TestThreeHubsLearnOfEachOther(t *testing.T) {
	a := open(t, hub(t, "a", "127.0.0.1:0"))
	b := open(t, hub(t, "b", "127.0.0.1:0", a.ClusterAddr()))
	c := open(t, hub(t, "c", "127.0.0.1:0", a.ClusterAddr()))
	crosses(t, b, c)
	crosses(t, c, b)
	must(t, a.Close())
	crosses(t, b, c)
}

// The hub whose peer is not there yet starts, works, and finds it later.
func TestPeerComesLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := l.Addr().String()
	must(t, l.Close())
	a := open(t, hub(t, "a", "127.0.0.1:0", addr))
	must(t, a.Healthy(t.Context()))
	b := open(t, hub(t, "b", addr))
	crosses(t, a, b)
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, err = nats.Open(t.Context(), hub(t, "a", l.Addr().String()))
	if !kura.Is(err, kura.Unavailable) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v, want that the address is in use", err)
	}
}

// logged waits for a line in a bus's log.
func logged(c *nats.Config) <-chan string {
	lines := make(chan string, 1000)
	c.Log = slog.New(slog.NewTextHandler(lineWriter(lines), nil))
	return lines
}

type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) {
	select {
	case w <- string(p):
	default:
	}
	return len(p), nil
}

// Who does not know the secret, or has no certificate of ours, is not let in.
func TestStrangers(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := newAuthority(t, dir, "ours"), newAuthority(t, dir, "theirs")
	for name, tt := range map[string]struct {
		change func(*nats.Config)
		said   string
	}{
		"wrong secret":      {func(c *nats.Config) { c.Cluster.Secret = "guessed" }, "authentication error"},
		"other authority":   {func(c *nats.Config) { c.Cluster.TLS = theirs.config(t, "b") }, "tls"},
		"no certificate":    {func(c *nats.Config) { c.Cluster.TLS = nil }, "tls"},
		"another's cluster": {func(c *nats.Config) { c.Cluster.Name = "other" }, "cluster name"},
	} {
		t.Run(name, func(t *testing.T) {
			ca := hub(t, "a", "127.0.0.1:0")
			ca.Cluster.TLS = ours.config(t, "a")
			said := logged(&ca)
			a := open(t, ca)
			cb := hub(t, "b", "127.0.0.1:0", a.ClusterAddr())
			cb.Cluster.TLS = ours.config(t, "b")
			tt.change(&cb)
			b := open(t, cb)
			var lines []string
			for {
				line := strings.ToLower(bustest.Get(t, fmt.Sprintf("a complaint about %q in %q", tt.said, lines), said))
				if strings.Contains(line, tt.said) {
					break
				}
				lines = append(lines, line)
			}
			if a.Peers() != 0 || b.Peers() != 0 {
				t.Errorf("joined: a has %d peers, b has %d", a.Peers(), b.Peers())
			}
		})
	}
	ca := hub(t, "a", "127.0.0.1:0")
	ca.Cluster.TLS = ours.config(t, "a")
	a := open(t, ca)
	cb := hub(t, "b", "127.0.0.1:0", a.ClusterAddr())
	cb.Cluster.TLS = ours.config(t, "b")
	crosses(t, a, open(t, cb))
}

// authority makes certificates for hubs on the loopback.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, dir, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	a := &authority{dir: filepath.Join(dir, name), cert: cert, key: key}
	must(t, os.Mkdir(a.dir, 0o700))
	a.write(t, "ca", "CERTIFICATE", der)
	return a
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(a.dir, name+".pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// config is what an administrator would set up for a hub.
func (a *authority) config(t *testing.T, name string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	must(t, err)
	pk, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c, err := nats.ClusterTLS(a.write(t, name, "CERTIFICATE", der), a.write(t, name+"-key", "PRIVATE KEY", pk), filepath.Join(a.dir, "ca.pem"))
	must(t, err)
	return c
}
