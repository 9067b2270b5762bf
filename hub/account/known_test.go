package account_test

import (
	"testing"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Who was found is known again without a look at the database, until anybody's rights
// change: calls, logins and other people's work change none.
func TestKnownCallers(t *testing.T) {
	run(t, func(h *house) {
		ada, bob := h.user("ada"), h.user("bob")
		o := h.open(ada)
		c := account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.1"}
		var secret string
		h.do(func(tx *db.Tx) (err error) {
			_, secret, err = h.s.CreateToken(ctx, tx, ada.ID, "ci", []string{account.AllScopes}, 24*time.Hour)
			return err
		})
		state := func() db.State {
			t.Helper()
			s, err := h.d.State(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		note := func() {
			t.Helper()
			at := state()
			h.do(func(tx *db.Tx) error {
				a, err := h.s.Check(ctx, tx, c)
				h.s.Remember(c, "", at, a)
				return err
			})
			h.do(func(tx *db.Tx) error {
				a, err := h.s.CheckToken(ctx, tx, secret, "10.0.0.1")
				h.s.Remember(account.Credentials{IP: "10.0.0.1"}, secret, at, a)
				return err
			})
		}
		known := func(want bool, after string) {
			t.Helper()
			at := state()
			if a, ok := h.s.Recall(c, "", at); ok != want || want && (a.ID != ada.ID || a.Session != o.ID) {
				t.Errorf("after %s the session is known: %v %v", after, ok, a)
			}
			if a, ok := h.s.Recall(account.Credentials{IP: "10.0.0.1"}, secret, at); ok != want || want && a.ID != ada.ID {
				t.Errorf("after %s the token is known: %v %v", after, ok, a)
			}
		}
		known(false, "nothing")
		note()
		known(true, "a check")
		for _, wrong := range []account.Credentials{{Session: o.ID, Key: o.Key, IP: "10.0.0.2"}, {Session: o.ID, Key: o.Key + "x", IP: c.IP}, {Session: o.ID + 1, Key: o.Key, IP: c.IP}} {
			if _, ok := h.s.Recall(wrong, "", state()); ok {
				t.Errorf("%v is known", wrong)
			}
		}
		if _, ok := h.s.Recall(account.Credentials{IP: "10.0.0.1"}, secret+"x", state()); ok {
			t.Error("a wrong token is known")
		}

		theirs := h.open(bob)
		h.do(func(tx *db.Tx) error { return h.s.Advance(ctx, tx, o.ID, 7, false) })
		h.now = h.now.Add(staleNow)
		h.do(func(tx *db.Tx) error { return h.s.Touch(ctx, tx, theirs.ID) })
		note()
		h.do(func(tx *db.Tx) error { return h.s.Touch(ctx, tx, o.ID) })
		known(true, "calls and logins")
		h.now = h.now.Add(staleNow)
		known(false, "a while, when its use has to be noted")

		for name, change := range map[string]func(tx *db.Tx) error{
			"a permission": func(tx *db.Tx) error {
				return account.Grant(ctx, tx, account.System, account.ByID(ada.ID), account.ByName("admin"))
			},
			"a new name":                  func(tx *db.Tx) error { return account.Rename(ctx, tx, bob.ID, "rob") },
			"somebody's being locked out": func(tx *db.Tx) error { return account.SetStatus(ctx, tx, bob.ID, account.Blocked) },
			"a logout":                    func(tx *db.Tx) error { return h.s.Logout(ctx, tx, account.System, theirs.ID) },
			"a token's end": func(tx *db.Tx) error {
				extra, _, err := h.s.CreateToken(ctx, tx, bob.ID, "x", nil, 0)
				if err == nil {
					err = h.s.RevokeToken(ctx, tx, account.System, extra.ID)
				}
				return err
			},
		} {
			note()
			known(true, "a check")
			h.do(change)
			known(false, name)
		}
		note()
		h.now = h.now.Add(25 * time.Hour)
		known(false, "a day")
	})
}

const staleNow = 61 * time.Second
