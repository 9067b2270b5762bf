package koji

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kura-build/kura/hub/account"
)

// credentials are what a call says about its session, or its token.
type credentials struct {
	account.Credentials
	Callnum *int64 // counts the calls of a session, so that a repeated one is noticed
	token   string // stands alone: it has no session, and no numbers
}

// given reports whether the call came with a session or a token.
func (c credentials) given() bool { return c.Session != 0 || c.token != "" }

// readCredentials reads the headers, or else the query of older clients. A raw
// upload has a query of its own, which does not matter beside headers.
func readCredentials(r *http.Request, remote string) (credentials, error) {
	c := credentials{Credentials: account.Credentials{IP: remote}}
	h := r.Header
	var err error
	if c.token, err = bearer(h); err != nil {
		return c, err
	}
	if c.token != "" {
		if claimsSession(r) {
			return c, fault(authError, "the call has both a session and a token: send one of them")
		}
		return c, nil
	}
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

// bearer is the token of the Authorization header. Other schemes are for
// whoever stands before the hub.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", fault(authError, "the call has %d Authorization headers: send one", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", fault(authError, "the Authorization header has no token: send \"Bearer %s…\"", account.TokenPrefix)
	}
	return token, nil
}

// claimsSession reports whether a call names a session in any of the ways
// that there are. A query that cannot be read might.
func claimsSession(r *http.Request) bool {
	for _, name := range []string{"Koji-Session-Id", "Koji-Session-Key"} {
		if len(r.Header.Values(name)) > 0 {
			return true
		}
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	return err != nil || q.Has("session-id") || q.Has("session-key")
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
