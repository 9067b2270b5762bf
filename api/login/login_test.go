package login

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http/httptest"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
)

// A browser shows its certificate for whatever page asks it to.
func TestPagesOfOtherSitesActForNobody(t *testing.T) {
	door := NewDoor(dbtest.SQLite(t), account.NewSessions())
	for site, want := range map[string]kura.Kind{
		"cross-site": kura.Denied, "same-site": kura.Denied,
		"same-origin": kura.Unauthenticated, "none": kura.Unauthenticated, "": kura.Unauthenticated, // the certificate is not one of ours
	} {
		r := httptest.NewRequest("POST", "/repo/pkgs/upload.cgi", nil)
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ada"}}}}}
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		a, err := door.Actor(r)
		if !kura.Is(err, want) || a.LoggedIn() {
			t.Errorf("%q: %v, %v", site, a, err)
		}
	}
	// Older browsers say only where the page is from.
	for origin, want := range map[string]kura.Kind{
		"https://elsewhere.example": kura.Denied, "null": kura.Denied, "%": kura.Denied, "https://example.com": kura.Unauthenticated, "": kura.Unauthenticated,
	} {
		r := httptest.NewRequest("POST", "https://example.com/api/v1/tags", nil)
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ada"}}}}}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if a, err := door.Actor(r); !kura.Is(err, want) || a.LoggedIn() {
			t.Errorf("%q: %v, %v", origin, a, err)
		}
	}
}

// A certificate is for the name in it. Neither is it for who has that name as a
// Kerberos principal, nor does it pass by who has its user alone.
func TestWhoACertificateIsFor(t *testing.T) {
	d, ctx := dbtest.SQLite(t), context.Background()
	door := NewDoor(d, account.NewSessions())
	err := d.Update(ctx, func(tx *db.Tx) error {
		u, err := account.Create(ctx, tx, "ada", account.Person)
		if err == nil {
			err = account.AddPrincipal(ctx, tx, u.ID, "ada@EXAMPLE.ORG")
		}
		if err != nil {
			return err
		}
		opened, err := door.sessions.Open(ctx, tx, u, account.AuthPassword, "192.0.2.1")
		if err != nil {
			return err
		}
		return door.sessions.MakeExclusive(ctx, tx, account.Actor{ID: u.ID, Name: u.Name, Session: opened.ID}, false)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.View(ctx, func(tx *db.Tx) error {
		if a, err := door.load(ctx, tx, "ada@EXAMPLE.ORG"); !kura.Is(err, kura.NotFound) {
			t.Errorf("a principal's certificate acts as %v, %v", a.Name, err)
		}
		a, err := door.load(ctx, tx, "ada")
		if err == nil && !kura.Is(a.CheckLock(), kura.Locked) {
			t.Error("a certificate passes by the session that has its user alone")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
