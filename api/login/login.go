package login

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/task"
)

// Door knows callers.
type Door struct {
	db       *db.DB
	sessions *account.Sessions
}

// NewDoor makes a door.
func NewDoor(d *db.DB, s *account.Sessions) *Door { return &Door{db: d, sessions: s} }

// Certificate gives the verified client certificate of a request, if it came
// with one.
func Certificate(r *http.Request) (*x509.Certificate, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return nil, false
	}
	return r.TLS.VerifiedChains[0][0], true
}

// Check refuses a certificate that was revoked.
func (d *Door) Check(ctx context.Context, c *x509.Certificate) error {
	return d.db.View(ctx, func(tx *db.Tx) error {
		_, err := account.CheckCertificate(ctx, tx, fmt.Sprintf("%x", c.SerialNumber))
		return err
	})
}

// Actor tells who makes a request, by certificate or by token;
// account.Anonymous for nobody.
func (d *Door) Actor(r *http.Request) (account.Actor, error) {
	ctx := r.Context()
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		var a account.Actor
		err := d.db.View(ctx, func(tx *db.Tx) (err error) {
			a, err = d.sessions.CheckToken(ctx, tx, secret, Remote(r))
			return err
		})
		return a, err
	}
	c, ok := Certificate(r)
	if !ok {
		return account.Anonymous, nil
	}
	if foreign(r) {
		return account.Anonymous, kura.Errorf("login.Actor", kura.Denied, "a page of another site made this request with your browser's certificate")
	}
	if err := d.Check(ctx, c); err != nil {
		return account.Anonymous, err
	}
	return d.byName(ctx, c.Subject.CommonName)
}

// foreign reports whether a browser made a request for a page of another site:
// it shows its certificate then as for pages of ours. Only browsers say so.
func foreign(r *http.Request) bool {
	if o := r.Header.Get("Origin"); o != "" {
		if u, err := url.Parse(o); err != nil || u.Host != r.Host {
			return true
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return true
}

func (d *Door) byName(ctx context.Context, name string) (a account.Actor, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) (err error) {
		a, err = d.load(ctx, tx, name)
		return err
	})
	if kura.Is(err, kura.NotFound) { // the first time: the certificate makes its user
		err = d.db.Update(ctx, func(tx *db.Tx) error {
			u, err := d.sessions.Certificate(ctx, tx, name)
			if err == nil {
				a, err = account.Load(ctx, tx, account.ByID(u.ID))
			}
			return err
		})
	}
	return a, err
}

// load gives somebody who is known, and who may log in: a certificate stays
// good when its user is blocked.
func (d *Door) load(ctx context.Context, tx *db.Tx, name string) (account.Actor, error) {
	a, err := account.Load(ctx, tx, account.ByName(name))
	if err != nil {
		return account.Anonymous, err
	}
	if a.Name != name { // a principal of theirs is no certificate
		return account.Anonymous, kura.Errorf("login.Actor", kura.NotFound, "No such user: %s", name)
	}
	if _, err := d.sessions.Certificate(ctx, tx, a.Name); err != nil {
		return account.Anonymous, err
	}
	a.Taken, err = account.Held(ctx, tx, a.ID)
	return a, err
}

// Host tells which build host makes a request. Only a certificate for a host
// that was added counts.
func (d *Door) Host(r *http.Request) (id int64, name string, err error) {
	const op = "login.Host"
	c, ok := Certificate(r)
	if !ok {
		return 0, "", kura.Errorf(op, kura.Unauthenticated, "a build host proves who it is with its client certificate")
	}
	ctx := r.Context()
	err = d.db.View(ctx, func(tx *db.Tx) error {
		if _, err := account.CheckCertificate(ctx, tx, fmt.Sprintf("%x", c.SerialNumber)); err != nil {
			return err
		}
		a, err := d.load(ctx, tx, c.Subject.CommonName)
		if err != nil {
			return err
		}
		if err := account.HostOnly.Allow(a); err != nil {
			return err
		}
		h, err := task.HostOfUser(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		id, name = h.ID, h.Name
		return nil
	})
	if kura.Is(err, kura.NotFound) {
		err = kura.Errorf(op, kura.Unauthenticated, "%s is no build host of this hub: add it with add-host", c.Subject.CommonName)
	}
	return id, name, err
}

// Remote is the caller's address.
func Remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
