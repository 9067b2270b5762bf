package rpm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/protocol"
)

// What was downloaded is kept and used again; a package that was replaced by
// another of the same name is fetched anew.
func TestARepositoryOverHTTP(t *testing.T) {
	s := stocked(t)
	fetched := map[string]int{}
	files := http.FileServer(http.Dir(s.repo))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".rpm") && r.Method == http.MethodGet {
			s.desk.mu.Lock()
			fetched[filepath.Base(r.URL.Path)]++
			s.desk.mu.Unlock()
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	s.b.opt.Hub, s.b.opt.HTTP = "https://hub.example.org", &http.Client{Transport: nobodys{}}
	order := func(names ...string) protocol.Root {
		o := s.order(names...)
		o.Repos[0].URL = srv.URL
		return o
	}
	content := func(r *cleanRoot) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(r.base.fs(), "usr/share/lib"))
		s.must(err)
		return string(data)
	}
	r, err := s.root(order("base"))
	s.must(err)
	if got := names(r.packages()); got != "base-1 lib-1" || content(r) != "l" {
		t.Errorf("got %s with %q", got, content(r))
	}
	_, err = s.root(order("base", "tool"))
	s.must(err)
	if fetched["lib-1-1.noarch.rpm"] != 1 || fetched["tool-1-1.noarch.rpm"] != 1 {
		t.Errorf("fetched %v: each package once", fetched)
	}
	s.must(os.Remove(filepath.Join(s.repo, "lib-1-1.noarch.rpm")))
	s.pkg(rpm.Build{Name: "lib"}, "/usr/share/lib", "another, of the same name")
	s.publish()
	r, err = s.root(order("base"))
	s.must(err)
	if content(r) != "another, of the same name" {
		t.Errorf("the root has the old package: %q", content(r))
	}
	srv.Close()
	if _, err = s.root(order("base")); err == nil || !strings.Contains(err.Error(), "repository ours does not answer") {
		t.Errorf("a server that is gone: %v", err)
	}
}

// nobodys is the way to the hub, which other servers are not to be asked by.
type nobodys struct{}

func (nobodys) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New(r.URL.Host + " was asked as if it were the hub")
}

// The hub's own repositories ask for the builder's certificate.
func TestARepositoryThatWantsTheBuildersCertificate(t *testing.T) {
	s := stocked(t)
	certFile, pool := clientCertificate(s)
	srv := httptest.NewUnstartedServer(http.FileServer(http.Dir(s.repo)))
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := filepath.Join(s.dir, "ca.pem")
	s.must(os.WriteFile(ca, authorityOf(srv), 0o600))
	pair, err := tls.LoadX509KeyPair(certFile, certFile)
	s.must(err)
	mine := srv.Client().Transport.(*http.Transport).Clone()
	mine.TLSClientConfig.Certificates = []tls.Certificate{pair}
	s.b.opt.HTTP = &http.Client{Transport: mine}
	s.b.opt.Hub, s.b.opt.CertFile, s.b.opt.KeyFile, s.b.opt.CAFile = srv.URL, certFile, certFile, ca
	order := s.order("base")
	order.Repos[0].URL = srv.URL
	r, err := s.root(order)
	s.must(err)
	if got := names(r.packages()); got != "base-1 lib-1" {
		t.Errorf("got %s", got)
	}
	// Another host is not shown it.
	s.b.opt.Hub = "https://hub.example.org"
	order.Packages = []string{"tool"}
	if _, err := s.root(order); err == nil {
		t.Error("a repository that is not the hub's was shown the builder's certificate")
	}
}

func TestSourcesFromAServerOfAPrivateAuthority(t *testing.T) {
	s, srv := serveSite(t, httptest.NewTLSServer)
	id := s.commit(map[string]string{"hi.spec": "Name: hi\n"})
	scm := s.scm("main")
	if _, err := s.task().checkout(t.Context(), scm); err == nil {
		t.Error("a server that nobody vouches for was believed")
	}
	scm.CA = string(authorityOf(srv))
	got, err := s.task().checkout(t.Context(), scm)
	s.must(err)
	if got != id {
		t.Errorf("checked out %s, want %s", got, id)
	}
}

// authorityOf gives what vouches for a test server.
func authorityOf(srv *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
}

// clientCertificate makes a certificate that vouches for itself, in one file
// with its key.
func clientCertificate(s *shop) (file string, pool *x509.CertPool) {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "builder"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	s.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	file = filepath.Join(s.dir, "builder.pem")
	s.must(os.WriteFile(file, append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), 0o600))
	parsed, err := x509.ParseCertificate(der)
	s.must(err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return file, pool
}
