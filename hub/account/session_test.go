package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/account"
)

var ctx = context.Background()

type house struct {
	*testing.T
	d   *db.DB
	s   *account.Sessions
	now time.Time
}

func run(t *testing.T, fn func(h *house)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		h := &house{T: t, d: d, s: account.NewSessions(), now: time.Now()}
		h.s.Clock = func() time.Time { return h.now }
		fn(h)
	})
}

func (h *house) try(fn func(tx *db.Tx) error) error { return h.d.Update(ctx, fn) }

func (h *house) do(fn func(tx *db.Tx) error) {
	h.Helper()
	if err := h.try(fn); err != nil {
		h.Fatal(err)
	}
}

// want fails unless err is of a kind and says a sentence.
func (h *house) want(err error, kind kura.Kind, sentence string) {
	h.Helper()
	if !kura.Is(err, kind) || err.Error() != sentence {
		h.Errorf("got %v (%v), want %s (%v)", err, kura.KindOf(err), sentence, kind)
	}
}

func (h *house) user(name string) (u account.User) {
	h.Helper()
	h.do(func(tx *db.Tx) (err error) { u, err = account.Create(ctx, tx, name, account.Person); return err })
	return u
}

func (h *house) open(u account.User) (o account.Opened) {
	h.Helper()
	h.do(func(tx *db.Tx) (err error) {
		o, err = h.s.Open(ctx, tx, u, account.AuthPassword, "10.0.0.1")
		return err
	})
	return o
}

// check runs Check where nothing can be written.
func (h *house) check(o account.Opened) (a account.Actor, err error) {
	err = h.d.View(ctx, func(tx *db.Tx) error {
		a, err = h.s.Check(ctx, tx, account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.1"})
		return err
	})
	return a, err
}

func (h *house) actor(o account.Opened) account.Actor {
	h.Helper()
	a, err := h.check(o)
	if err != nil {
		h.Fatal(err)
	}
	return a
}

const bad = "Invalid session or bad credentials"

func TestSessionIsBoundToKeyAndAddress(t *testing.T) {
	run(t, func(h *house) {
		o := h.open(h.user("ann"))
		if a := h.actor(o); a.Name != "ann" || a.Session != o.ID || a.Stale || !a.LoggedIn() {
			h.Errorf("actor %+v", a)
		}
		_, err := h.check(account.Opened{ID: o.ID, Key: o.Key + "x"})
		h.want(err, kura.Unauthenticated, bad)
		_, err = h.check(account.Opened{ID: o.ID + 1, Key: o.Key})
		h.want(err, kura.Unauthenticated, bad)
		elsewhere := account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.2"}
		from := func() error {
			return h.d.View(ctx, func(tx *db.Tx) error { _, err := h.s.Check(ctx, tx, elsewhere); return err })
		}
		h.want(from(), kura.Unauthenticated, bad)
		h.s.CheckIP = false
		if err := from(); err != nil {
			h.Error(err)
		}
	})
}

func TestExpiryAndRenewal(t *testing.T) {
	run(t, func(h *house) {
		u := h.user("ann")
		o := h.open(u)
		h.now = h.now.Add(12 * time.Hour)
		var child account.Opened
		h.do(func(tx *db.Tx) (err error) { child, err = h.s.Subsession(ctx, tx, h.actorIn(tx, o)); return err })
		h.now = h.now.Add(13 * time.Hour)
		_, err := h.check(o)
		h.want(err, kura.Expired, sentence(`session "%d" has expired`, o.ID))
		_, err = h.check(child)
		h.want(err, kura.Expired, sentence(`session "%d" has expired`, child.ID))

		// Somebody else's login does not renew it.
		eve := h.user("eve")
		old := account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.1"}
		err = h.try(func(tx *db.Tx) error { _, err := h.s.Renew(ctx, tx, eve, old); return err })
		if !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("eve renews ann's session: %v", err)
		}
		var again account.Opened
		h.do(func(tx *db.Tx) (err error) { again, err = h.s.Renew(ctx, tx, u, old); return err })
		if again.ID != o.ID || again.Key == o.Key {
			h.Errorf("renewed %v from %v, want the same id and another key", again, o)
		}
		h.actor(again)
		h.actor(child) // half a day old: it lives while its master does
	})
}

func (h *house) actorIn(tx *db.Tx, o account.Opened) account.Actor {
	h.Helper()
	a, err := h.s.Check(ctx, tx, account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.1"})
	if err != nil {
		h.Fatal(err)
	}
	return a
}

func TestCallNumbers(t *testing.T) {
	run(t, func(h *house) {
		u := h.user("ann")
		o := h.open(u)
		advance := func(n int64, again bool) error {
			return h.try(func(tx *db.Tx) error { return h.s.Advance(ctx, tx, o.ID, n, again) })
		}
		if err := errors.Join(advance(0, false), advance(2, false)); err != nil {
			h.Fatal(err)
		}
		h.want(advance(1, false), kura.Sequence, sentence("2 > 1 (session %d)", o.ID))
		if err := advance(2, false); !kura.Is(err, kura.Retry) {
			h.Errorf("the same number again: %v, want kind retry", err)
		}
		if err := advance(2, true); err != nil {
			h.Errorf("a call that may be repeated: %v", err)
		}
		// What failed leaves no number behind.
		h.try(func(tx *db.Tx) error { h.s.Advance(ctx, tx, o.ID, 3, false); return errors.New("failed") })
		if err := advance(3, false); err != nil {
			h.Error(err)
		}
		// After a renewal clients count from 0 again.
		h.do(func(tx *db.Tx) error {
			_, err := h.s.Renew(ctx, tx, u, account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.1"})
			return err
		})
		if err := advance(0, false); err != nil {
			h.Error(err)
		}
	})
}

func TestExclusiveSession(t *testing.T) {
	run(t, func(h *house) {
		u := h.user("builder1")
		first, second := h.open(u), h.open(u)
		var child account.Opened
		h.do(func(tx *db.Tx) (err error) { child, err = h.s.Subsession(ctx, tx, h.actorIn(tx, first)); return err })
		exclusive := func(o account.Opened, force bool) error {
			return h.try(func(tx *db.Tx) error { return h.s.MakeExclusive(ctx, tx, h.actorIn(tx, o), force) })
		}
		h.want(exclusive(child, false), kura.Invalid, "subsessions cannot become exclusive")
		if err := exclusive(first, false); err != nil {
			h.Fatal(err)
		}
		h.want(exclusive(first, false), kura.Conflict, "session is already exclusive")
		h.want(exclusive(second, false), kura.Locked, "Cannot get exclusive session")
		if a := h.actor(child); !a.Exclusive || a.CheckLock() != nil {
			h.Errorf("the holder's child is shut out: %+v", a)
		}
		err := h.actor(second).CheckLock()
		h.want(err, kura.Locked, "User locked by another session")
		if !errors.Is(err, account.ErrTaken) {
			h.Error("the lock error is not ErrTaken")
		}
		if err := exclusive(second, true); err != nil {
			h.Fatal(err)
		}
		_, err = h.check(first)
		h.want(err, kura.Unauthenticated, bad)
		_, err = h.check(child)
		h.want(err, kura.Unauthenticated, bad)
		h.do(func(tx *db.Tx) error { return h.s.MakeShared(ctx, tx, h.actorIn(tx, second)) })
		third := h.open(u)
		if err := exclusive(third, false); err != nil {
			h.Error(err)
		}
	})
}

func TestLogout(t *testing.T) {
	run(t, func(h *house) {
		ann, eve := h.user("ann"), h.user("eve")
		o, other := h.open(ann), h.open(eve)
		var c1, c2 account.Opened
		h.do(func(tx *db.Tx) (err error) {
			a := h.actorIn(tx, o)
			if c1, err = h.s.Subsession(ctx, tx, a); err != nil {
				return err
			}
			c2, err = h.s.Subsession(ctx, tx, h.actorIn(tx, c1)) // below the top one, not below c1
			return err
		})
		if a := h.actor(c2); a.Master != o.ID {
			h.Errorf("the subsession of a subsession is below %d, want %d", a.Master, o.ID)
		}
		err := h.try(func(tx *db.Tx) error { return h.s.Logout(ctx, tx, h.actorIn(tx, other), o.ID) })
		h.want(err, kura.Denied, "only admins or owner may logout other session")
		h.do(func(tx *db.Tx) error { return h.s.LogoutChild(ctx, tx, h.actorIn(tx, other), c1.ID) })
		h.actor(c1) // not eve's to end
		h.do(func(tx *db.Tx) error { return h.s.LogoutChild(ctx, tx, h.actorIn(tx, o), c1.ID) })
		_, err = h.check(c1)
		h.want(err, kura.Unauthenticated, bad)
		h.actor(c2)
		h.do(func(tx *db.Tx) error { return h.s.Logout(ctx, tx, h.actorIn(tx, o), 0) })
		for _, s := range []account.Opened{o, c2} {
			_, err = h.check(s)
			h.want(err, kura.Unauthenticated, bad)
		}
	})
}

func TestBlockedUserIsOutAtOnce(t *testing.T) {
	run(t, func(h *house) {
		u := h.user("ann")
		o := h.open(u)
		var secret string
		h.do(func(tx *db.Tx) (err error) {
			if _, secret, err = h.s.CreateToken(ctx, tx, u.ID, "ci", nil, 0); err != nil {
				return err
			}
			return account.SetStatus(ctx, tx, u.ID, account.Blocked)
		})
		_, err := h.check(o)
		h.want(err, kura.Unauthenticated, "logins by ann are not allowed")
		err = h.d.View(ctx, func(tx *db.Tx) error { _, err := h.s.CheckToken(ctx, tx, secret, ""); return err })
		h.want(err, kura.Unauthenticated, "logins by ann are not allowed")
		err = h.try(func(tx *db.Tx) error { _, err := h.s.Certificate(ctx, tx, "ann"); return err })
		h.want(err, kura.Unauthenticated, "logins by ann are not allowed")
	})
}

func TestTouchOnlyAfterAMinute(t *testing.T) {
	run(t, func(h *house) {
		o := h.open(h.user("ann"))
		h.now = h.now.Add(30 * time.Second)
		if h.actor(o).Stale {
			h.Error("stale after 30 s")
		}
		h.now = h.now.Add(time.Minute)
		if !h.actor(o).Stale {
			h.Error("not stale after 90 s")
		}
		h.do(func(tx *db.Tx) error { return h.s.Touch(ctx, tx, o.ID) })
		if h.actor(o).Stale {
			h.Error("stale after Touch")
		}
		h.now = h.now.Add(90 * 24 * time.Hour)
		h.do(func(tx *db.Tx) error { return h.s.Sweep(ctx, tx, 30*24*time.Hour) })
		_, err := h.check(o)
		h.want(err, kura.Unauthenticated, bad)
	})
}

func TestPasswords(t *testing.T) {
	run(t, func(h *house) {
		u := h.user("ann")
		h.user("nopw")
		h.do(func(tx *db.Tx) error { return account.SetPassword(ctx, tx, u.ID, "correct horse") })
		login := func(name, pw string) (got account.User, err error) {
			err = h.d.View(ctx, func(tx *db.Tx) error { got, err = h.s.Password(ctx, tx, name, pw, "10.0.0.1"); return err })
			return got, err
		}
		got, err := login("ann", "correct horse")
		if diff := cmp.Diff(u, got); err != nil || diff != "" {
			h.Error(err, diff)
		}
		for _, c := range [][2]string{{"ann", "wrong"}, {"ann", ""}, {"nobody", "x"}, {"nopw", ""}, {"nopw", "x"}} {
			_, err := login(c[0], c[1])
			h.want(err, kura.Unauthenticated, "invalid username or password")
		}
		for range 10 {
			login("ann", "wrong")
		}
		if _, err := login("ann", "correct horse"); !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("after ten failures: %v", err)
		}
		h.now = h.now.Add(6 * time.Minute)
		if _, err := login("ann", "correct horse"); err != nil {
			h.Errorf("after the pause: %v", err)
		}
	})
}

func TestCertificateMakesUser(t *testing.T) {
	run(t, func(h *house) {
		h.do(func(tx *db.Tx) error {
			u, err := h.s.Certificate(ctx, tx, "builder1.example.org")
			if err != nil || u.Type != account.Person {
				h.Errorf("%+v %v", u, err)
			}
			return account.MakeHost(ctx, tx, u.ID)
		})
		h.s.CreatesUser = false
		err := h.try(func(tx *db.Tx) error { _, err := h.s.Certificate(ctx, tx, "who"); return err })
		h.want(err, kura.Unauthenticated, "Unknown user: who")
		h.s.CreatesUser = true
		h.do(func(tx *db.Tx) error {
			u, err := h.s.Principal(ctx, tx, "ann@EXAMPLE.ORG")
			if err != nil {
				return err
			}
			again, err := h.s.Principal(ctx, tx, "ann@EXAMPLE.ORG")
			if again != u || u.Name != "ann" {
				h.Errorf("%+v, then %+v", u, again)
			}
			return err
		})
		err = h.try(func(tx *db.Tx) error { _, err := h.s.Principal(ctx, tx, "ann@EVIL.ORG"); return err })
		if !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("another realm's ann: %v", err)
		}
		err = h.try(func(tx *db.Tx) error { _, err := h.s.Certificate(ctx, tx, "a b"); return err })
		if !kura.Is(err, kura.Invalid) {
			h.Errorf("a name with a space: %v", err)
		}
	})
}
