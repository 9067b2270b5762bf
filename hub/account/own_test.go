package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

func TestTokensMakeNoStrongerTokens(t *testing.T) {
	run(t, func(h *house) {
		root := h.user("root")
		h.do(func(tx *db.Tx) error {
			return account.Grant(ctx, tx, account.System, account.ByName("root"), account.ByName("admin"))
		})
		make := func(by account.Actor, life time.Duration, scopes ...string) (tok account.Token, secret string, err error) {
			err = h.try(func(tx *db.Tx) (err error) {
				tok, secret, err = h.s.OwnToken(ctx, tx, by, "ci", scopes, life)
				return err
			})
			return tok, secret, err
		}
		as := func(life time.Duration, scopes ...string) (a account.Actor, tok account.Token) {
			h.Helper()
			tok, secret, err := make(account.Actor{ID: root.ID, Name: "root"}, life, scopes...)
			if err == nil {
				err = h.d.View(ctx, func(tx *db.Tx) error { a, err = h.s.CheckToken(ctx, tx, secret, ""); return err })
			}
			if err != nil {
				h.Fatal(err)
			}
			return a, tok
		}
		all, _ := as(0, "*")
		admin, _ := as(0, "admin")
		tag, parent := as(time.Hour, "tag", "repo", "tag")
		none, _ := as(0)
		for _, c := range []struct {
			by     account.Actor
			life   time.Duration
			scopes string
			want   string
		}{
			{all, 0, "* tag", ""},
			{all, 0, "", ""},
			{admin, 0, "admin", ""},
			{admin, 0, "*", "scope *"},
			{admin, 0, "tag", "scope tag"},
			{tag, 0, "tag", ""},
			{tag, time.Minute, "tag repo", ""},
			{tag, 2 * time.Hour, "tag", "outlive"},
			{tag, 0, "tag admin", "scope admin"},
			{none, 0, "", ""},
			{none, 0, "tag", "scope tag"},
			{none, 0, "*", "scope *"},
		} {
			tok, _, err := make(c.by, c.life, strings.Fields(c.scopes)...)
			switch {
			case c.want != "" && (!kura.Is(err, kura.Denied) || !strings.Contains(err.Error(), c.want)):
				h.Errorf("%v makes %q for %v: %v", c.by.PermNames(), c.scopes, c.life, err)
			case c.want == "" && err != nil:
				h.Errorf("%v makes %q for %v: %v", c.by.PermNames(), c.scopes, c.life, err)
			case err == nil && c.by.Token == tag.Token && (tok.Expires == 0 || tok.Expires > parent.Expires):
				h.Errorf("a token until %d makes one until %d", parent.Expires, tok.Expires)
			}
		}
		if _, _, err := make(account.Anonymous, 0); !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("nobody makes a token: %v", err)
		}
		if _, _, err := make(account.Actor{ID: root.ID}, -time.Hour); !kura.Is(err, kura.Invalid) {
			h.Errorf("a life that is over: %v", err)
		}
		if _, _, err := make(account.Actor{ID: root.ID}, 0, ""); !kura.Is(err, kura.Invalid) {
			h.Errorf("an empty scope: %v", err)
		}
	})
}

// Whoever has a user alone has it also before the user's tokens.
func TestTokensHeedExclusiveSessions(t *testing.T) {
	run(t, func(h *house) {
		ann := h.user("ann")
		var secret string
		check := func() (a account.Actor) {
			h.do(func(tx *db.Tx) (err error) { a, err = h.s.CheckToken(ctx, tx, secret, ""); return err })
			return a
		}
		var a account.Actor
		h.do(func(tx *db.Tx) (err error) {
			if _, secret, err = h.s.CreateToken(ctx, tx, ann.ID, "ci", nil, 0); err != nil {
				return err
			}
			o, err := h.s.Open(ctx, tx, ann, account.AuthPassword, "10.0.0.9")
			if err == nil {
				a, err = h.s.Check(ctx, tx, account.Credentials{Session: o.ID, Key: o.Key, IP: "10.0.0.9"})
			}
			return err
		})
		if err := check().CheckLock(); err != nil {
			h.Errorf("before: %v", err)
		}
		h.do(func(tx *db.Tx) error { return h.s.MakeExclusive(ctx, tx, a, false) })
		if err := check().CheckLock(); !kura.Is(err, kura.Locked) {
			h.Errorf("while a session has ann: %v", err)
		}
		h.do(func(tx *db.Tx) error { return h.s.MakeShared(ctx, tx, a) })
		if err := check().CheckLock(); err != nil {
			h.Errorf("after: %v", err)
		}
	})
}

func TestWhoMayChangePasswords(t *testing.T) {
	run(t, func(h *house) {
		ann, bob := h.user("ann"), h.user("bob")
		var host, group account.User
		h.do(func(tx *db.Tx) (err error) {
			if host, err = account.Create(ctx, tx, "builder", account.Host); err == nil {
				group, err = account.Create(ctx, tx, "crew", account.Group)
			}
			return err
		})
		as := func(u account.User) account.Actor { return account.Actor{ID: u.ID, Name: u.Name} }
		admin := account.Actor{ID: 77, Perms: map[string]bool{"admin": true}}
		token := admin
		token.Token = 1
		const good = "twelve chars"
		for name, c := range map[string]struct {
			by       account.Actor
			user     account.User
			password string
			want     kura.Kind
		}{
			"own":               {as(ann), ann, good, kura.Other},
			"an admin":          {admin, bob, good, kura.Other},
			"another's":         {as(ann), bob, good, kura.Denied},
			"nobody":            {account.Anonymous, ann, good, kura.Denied},
			"a token":           {token, ann, good, kura.Denied},
			"own by own token":  {account.Actor{ID: ann.ID, Token: 3}, ann, good, kura.Denied},
			"a host's":          {admin, host, good, kura.Invalid},
			"a group's":         {admin, group, good, kura.Invalid},
			"short":             {as(ann), ann, "eleven char", kura.Invalid},
			"empty":             {as(ann), ann, "", kura.Invalid},
			"letters not bytes": {as(ann), ann, "éééééé", kura.Invalid},
			"long":              {as(ann), ann, strings.Repeat("x", 1025), kura.TooLarge},
		} {
			err := h.try(func(tx *db.Tx) error { return account.ChangePassword(ctx, tx, c.by, c.user, c.password) })
			if c.want == kura.Other && err != nil || c.want != kura.Other && !kura.Is(err, c.want) {
				h.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		h.do(func(tx *db.Tx) error {
			_, err := h.s.Password(ctx, tx, "bob", good, "10.0.0.9")
			return err
		})
	})
}
