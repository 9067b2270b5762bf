package client

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/kura-build/kura"
)

// trust makes the TLS settings of a profile. The certificate is shown only
// to servers that ask for one.
func trust(p *Profile) (*tls.Config, error) {
	const op = "client.New"
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: p.NoVerify}
	if p.ServerCA != "" {
		pem, err := os.ReadFile(p.ServerCA)
		if err != nil {
			return nil, kura.Errorf(op, kura.Invalid, "profile %q: read the authorities to trust: %w", p.Name, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, kura.Errorf(op, kura.Invalid, "profile %q: serverca %s holds no certificate in PEM form", p.Name, p.ServerCA)
		}
	}
	return c, nil
}

// withCertificate adds the client's certificate. It is read at login, not
// before: whoever only looks needs none.
func withCertificate(c *tls.Config, p *Profile) (*tls.Config, error) {
	const op = "client.Login"
	if p.Cert == "" {
		return nil, kura.Errorf(op, kura.Unauthenticated, "profile %q has no client certificate: add \"cert = FILE\", a PEM file with certificate and key", p.Name)
	}
	pem, err := os.ReadFile(p.Cert)
	if err != nil {
		return nil, kura.Errorf(op, kura.Unauthenticated, "profile %q: read the client certificate: %w", p.Name, err)
	}
	pair, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		return nil, kura.Errorf(op, kura.Unauthenticated, "profile %q: %s: %w; the file must hold certificate and key in PEM form", p.Name, p.Cert, err)
	}
	if leaf := pair.Leaf; leaf != nil && time.Now().After(leaf.NotAfter) {
		return nil, kura.Errorf(op, kura.Unauthenticated, "profile %q: the certificate %s expired on %s: get a new one",
			p.Name, p.Cert, leaf.NotAfter.Format(time.DateOnly))
	}
	c = c.Clone()
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// connect makes an HTTP client. Redirects are not followed: a call that is
// posted again as a GET is none.
func connect(c *tls.Config, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSClientConfig:       c,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: timeout,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       90 * time.Second,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// elder makes settings for servers that ask for a certificate only after they
// have seen the address: under TLS 1.3 that takes a handshake which Go's TLS
// does not know, under 1.2 it does.
func elder(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.MaxVersion = tls.VersionTLS12
	c.Renegotiation = tls.RenegotiateOnceAsClient
	c.NextProtos = []string{"http/1.1"}
	return c
}
