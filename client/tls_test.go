package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client/hubtest"
)

// certificate writes a PEM file with a new certificate and its key.
func certificate(t *testing.T, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ann"}, NotBefore: time.Unix(0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "client.pem")
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})))
	return path
}

func TestCertificateLogin(t *testing.T) {
	f := hubtest.Unstarted()
	f.Server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	f.Server.StartTLS()
	t.Cleanup(f.Server.Close)
	f.Answer("hello", "hi")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Server.Certificate().Raw})))

	h := open(t, f, func(p *Profile) {
		p.AuthType, p.Cert, p.ServerCA = "ssl", certificate(t, time.Now().Add(time.Hour)), ca
	})
	if err := h.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := h.Call(t.Context(), "hello"); v != "hi" || err != nil {
		t.Error(v, err)
	}
	for _, c := range []struct {
		name   string
		change func(*Profile)
		kind   kura.Kind
		text   string
	}{
		{"stranger", func(p *Profile) { p.ServerCA = "" }, kura.Unavailable, "serverca"},
		{"expired", func(p *Profile) { p.Cert = certificate(t, time.Now().Add(-time.Hour)) }, kura.Unauthenticated, "expired on"},
		{"none", func(p *Profile) { p.Cert = "" }, kura.Unauthenticated, "no client certificate"},
		{"no key", func(p *Profile) { p.Cert = ca }, kura.Unauthenticated, "certificate and key"},
		{"looking", func(p *Profile) { p.AuthType = "noauth" }, kura.Unauthenticated, "for looking only"},
	} {
		h := open(t, f, func(p *Profile) {
			p.AuthType, p.Cert, p.ServerCA = "ssl", certificate(t, time.Now().Add(time.Hour)), ca
			c.change(p)
		})
		err := h.Login(t.Context())
		if !kura.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v %v", c.name, kura.KindOf(err), err)
		}
	}
}
