package authority_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/kura-build/kura/hub/account/authority"
)

func TestCertificatesKnowOneAnother(t *testing.T) {
	dir := t.TempDir()
	a, err := authority.Create(dir, "Example Linux")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Create(dir, "Other"); err == nil {
		t.Fatal("an authority was overwritten")
	}
	issue := func(p authority.Purpose, name string, hosts ...string) (*authority.Issued, tls.Certificate) {
		i, err := a.Issue(p, name, hosts, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tls.X509KeyPair(i.PEM, i.PEM)
		if err != nil {
			t.Fatal(err)
		}
		return i, c
	}
	_, server := issue(authority.Server, "hub", "localhost", "127.0.0.1")
	user, client := issue(authority.User, "kojiadmin")

	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := r.TLS.VerifiedChains[0][0]
		io.WriteString(w, c.Subject.CommonName+" "+c.Subject.OrganizationalUnit[0])
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	s.StartTLS()
	defer s.Close()
	get := func(c ...tls.Certificate) (string, error) {
		h := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool(), Certificates: c}}}
		r, err := h.Get(s.URL)
		if err != nil {
			return "", err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return string(b), err
	}
	if got, err := get(client); err != nil || got != "kojiadmin user" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := get(); err == nil {
		t.Error("a caller without a certificate was let in")
	}
	b, err := user.PKCS12("")
	if err != nil {
		t.Fatal(err)
	}
	if _, c, _, err := pkcs12.DecodeChain(b, ""); err != nil || c.Subject.CommonName != "kojiadmin" {
		t.Errorf("PKCS#12: %v", err)
	}
}
