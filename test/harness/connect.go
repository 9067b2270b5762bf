package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kura-build/kura/client"
)

// The profiles that kura init makes.
const (
	Admin = "local-admin"
	User  = "local-koji"
)

// Profile gives a profile with the patience that a test has: a hub may be away
// for a while, and is asked again soon.
func (s *Site) Profile(name string) (*client.Profile, error) {
	p, err := client.Load(client.Where{Data: s.Data, Profile: name})
	if err != nil {
		return nil, err
	}
	p.MaxRetries, p.RetryInterval = 300, 100*time.Millisecond
	return p, nil
}

// As logs in.
func (s *Site) As(ctx context.Context, profile string) (*client.Hub, error) {
	p, err := s.Profile(profile)
	if err != nil {
		return nil, err
	}
	h, err := client.New(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.clients = append(s.clients, h)
	s.mu.Unlock()
	return h, h.Login(ctx)
}

// HTTP is a client that trusts the site's authority and shows a certificate:
// a file in the site's data directory, or none.
func (s *Site) HTTP(cert string) (*http.Client, error) {
	pem, err := os.ReadFile(filepath.Join(s.Data, "client", "ca.crt"))
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{RootCAs: x509.NewCertPool()}
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s/client/ca.crt holds no certificate", s.Data)
	}
	if cert != "" {
		file := filepath.Join(s.Data, cert)
		c, err := tls.LoadX509KeyPair(file, file)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{c}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf}, Timeout: time.Minute}, nil
}

// Worker is a build host's client, under the builder's certificate.
func (s *Site) Worker() (*client.Worker, error) {
	pki := filepath.Join(s.Data, "pki")
	cert := filepath.Join(pki, "builder.pem")
	return client.NewWorker(client.WorkerConfig{Hub: s.Cert, CertFile: cert, KeyFile: cert, CAFile: filepath.Join(pki, "ca.crt")})
}
