package login

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http/httptest"
	"testing"

	"github.com/kura-build/kura"
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
}
