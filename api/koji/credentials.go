package koji

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kura-build/kura/hub/account"
)

// credentials are what a call says about its session.
type credentials struct {
	account.Credentials
	Callnum *int64 // counts the calls of a session, so that a repeated one is noticed
}

// given reports whether the call came with a session.
func (c credentials) given() bool { return c.Session != 0 }

// readCredentials reads the headers, or else the query of older clients. A raw
// upload has a query of its own, which does not matter beside headers.
func readCredentials(r *http.Request, remote string) (credentials, error) {
	c := credentials{Credentials: account.Credentials{IP: remote}}
	h := r.Header
	if id := h.Get("Koji-Session-Id"); id != "" {
		num := h.Get("Koji-Session-Callnum")
		if num == "" {
			num = h.Get("Koji-Callnum") // sent by some clients before 1.35
		}
		err := c.set(id, h.Get("Koji-Session-Key"), num)
		return c, err
	}
	if r.URL.RawQuery == "" {
		return c, nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return c, fault(authError, "malformed session args")
	}
	for _, name := range []string{"session-id", "session-key"} {
		if !q.Has(name) {
			return c, fault(authError, "'%s' not specified in session args", name)
		}
	}
	err = c.set(q.Get("session-id"), q.Get("session-key"), q.Get("callnum"))
	return c, err
}

func (c *credentials) set(id, key, callnum string) error {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil || n <= 0 || key == "" {
		return fault(authError, "Invalid session or bad credentials")
	}
	c.Session, c.Key = n, key
	if callnum == "" {
		return nil
	}
	num, err := strconv.ParseInt(strings.TrimSpace(callnum), 10, 64)
	if err != nil || num < 0 {
		return fault(authError, "Invalid callnum: %s", pyRepr(callnum))
	}
	c.Callnum = &num
	return nil
}

// Identity is who the transport says the client is, before any session.
type Identity struct {
	Name     string // the user's name, or a Kerberos principal
	DN       string // subject of the certificate, or the principal again
	Authtype int    // account.AuthCertificate or account.AuthGSSAPI
}

// certificate is the Identity of a verified TLS client certificate.
func certificate(r *http.Request) (Identity, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return Identity{}, false
	}
	subject := r.TLS.VerifiedChains[0][0].Subject
	return Identity{Name: subject.CommonName, DN: subject.String(), Authtype: account.AuthCertificate}, subject.CommonName != ""
}

// peer is the address that the connection comes from.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
