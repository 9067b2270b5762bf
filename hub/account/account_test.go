package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

func sentence(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func TestNeeds(t *testing.T) {
	ann := account.Actor{ID: 5, Name: "ann", Perms: map[string]bool{"tag": true}, Groups: map[int64]string{9: "kde"}}
	root := account.Actor{ID: 1, Name: "root", Perms: map[string]bool{"admin": true}}
	host := account.Actor{ID: 7, Name: "b1", Type: account.Host}
	either := account.AnyOf(account.Perm("repo"), account.Perm("regen-repo"))
	for _, c := range []struct {
		need  account.Need
		actor account.Actor
		want  string
	}{
		{account.Need{}, root, "this operation is open to nobody"},
		{account.Anyone, account.Anonymous, ""},
		{account.LoggedIn, account.Anonymous, "you must be logged in for this operation"},
		{account.LoggedIn, ann, ""},
		{account.Perm("tag"), ann, ""},
		{account.Perm("tag"), root, ""},
		{account.Perm("tag"), account.System, ""},
		{account.Perm("admin"), ann, "admin permission required (logged in as ann)"},
		{account.Perm("admin"), account.Anonymous, "admin permission required (user not logged in)"},
		{account.HostOnly, account.Anonymous, "Not logged-in"},
		{account.HostOnly, ann, "User 5 is not a host"},
		{account.HostOnly, host, ""},
		{account.ExclusiveHost, host, "This method requires an exclusive session"},
		{account.Self(5), ann, ""},
		{account.Self(9), ann, ""},
		{account.Self(6), ann, "not owner"},
		{account.Self(6), root, ""},
		{account.Self(0), account.Anonymous, "not owner"},
		{either, ann, "repo permission required (logged in as ann)"},
		{either, root, ""},
	} {
		got := ""
		if err := c.need.Allow(c.actor); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s for %s: %q, want %q", c.need, c.actor.Name, got, c.want)
		}
	}
}

func TestUsers(t *testing.T) {
	run(t, func(h *house) {
		ann := h.user("ann")
		h.user("Anders_1")
		h.do(func(tx *db.Tx) error {
			if _, err := account.Create(ctx, tx, "b1", account.Host); err != nil {
				return err
			}
			byID, err := account.Get(ctx, tx, account.ByID(ann.ID))
			if byID != ann || err != nil {
				h.Errorf("by id: %+v, %v", byID, err)
			}
			_, err = account.Get(ctx, tx, account.ByName("who"))
			h.want(err, kura.NotFound, "No such user: who")
			_, err = account.Create(ctx, tx, "ann", account.Person)
			h.want(err, kura.Exists, "user already exists: ann")
			names := func(q account.Query) (names []string) {
				got, err := account.List(ctx, tx, q)
				if err != nil {
					h.Error(err)
				}
				for _, u := range got {
					names = append(names, u.Name)
				}
				return names
			}
			if diff := cmp.Diff([]string{"ann", "Anders_1"}, names(account.Query{Prefix: "an", Types: []int{account.Person}})); diff != "" {
				h.Error(diff)
			}
			if diff := cmp.Diff([]string{"Anders_1"}, names(account.Query{Prefix: "anders_"})); diff != "" {
				h.Error(diff)
			}
			err = account.Rename(ctx, tx, ann.ID, "Anders_1")
			if !kura.Is(err, kura.Exists) && !kura.Is(err, kura.Invalid) {
				h.Error(err)
			}
			if err := account.Rename(ctx, tx, ann.ID, "anna"); err != nil {
				return err
			}
			if err := account.AddPrincipal(ctx, tx, ann.ID, "ann@EXAMPLE.ORG"); err != nil {
				return err
			}
			byPrincipal, err := account.Get(ctx, tx, account.ByName("ann@EXAMPLE.ORG"))
			if byPrincipal.Name != "anna" {
				h.Errorf("by principal: %+v, %v", byPrincipal, err)
			}
			return account.RemovePrincipal(ctx, tx, ann.ID, "ann@EXAMPLE.ORG")
		})
	})
}

func TestPermissionsThroughGroupsAndTime(t *testing.T) {
	run(t, func(h *house) {
		ann, name := h.user("ann"), account.ByName
		var before, granted int64
		h.do(func(tx *db.Tx) (err error) {
			if _, err = account.NewGroup(ctx, tx, "kde"); err != nil {
				return err
			}
			before, err = event.Now(ctx, tx)
			return err
		})
		h.do(func(tx *db.Tx) error {
			for _, err := range []error{
				account.AddMember(ctx, tx, account.System, name("kde"), name("ann")),
				account.Grant(ctx, tx, account.System, name("kde"), name("tag")),
				account.Grant(ctx, tx, account.System, name("ann"), name("tag")),
				account.Grant(ctx, tx, account.System, name("ann"), name("image")),
			} {
				if err != nil {
					return err
				}
			}
			var err error
			granted, err = event.Now(ctx, tx)
			return err
		})
		h.do(func(tx *db.Tx) error { return account.Revoke(ctx, tx, account.System, name("ann"), name("image")) })
		err := h.try(func(tx *db.Tx) error { return account.Revoke(ctx, tx, account.System, name("ann"), name("image")) })
		h.want(err, kura.NotFound, "user ann does not have permission: image")
		err = h.try(func(tx *db.Tx) error { return account.Grant(ctx, tx, account.System, name("ann"), name("tag")) })
		h.want(err, kura.Exists, "user ann already has permission: tag")
		err = h.try(func(tx *db.Tx) error {
			return account.AddMember(ctx, tx, account.System, name("kde"), name("kde"))
		})
		h.want(err, kura.Invalid, "Groups cannot be members of other groups")
		err = h.try(func(tx *db.Tx) error {
			return account.AddMember(ctx, tx, account.System, name("kde"), name("ann"))
		})
		h.want(err, kura.Exists, "User already in group")
		h.do(func(tx *db.Tx) error {
			for at, want := range map[int64]map[string][]string{
				before:  {},
				granted: {"tag": {"", "kde"}, "image": {""}},
				0:       {"tag": {"", "kde"}},
			} {
				got, err := account.PermsOf(ctx, tx, ann.ID, at, true)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					h.Errorf("at %d: %v %s", at, err, diff)
				}
			}
			return account.Revoke(ctx, tx, account.System, name("ann"), name("tag"))
		})
		a := h.actor(h.open(ann))
		if !a.Has("tag") || a.Has("image") || !a.Is(a.ID) || len(a.Groups) != 1 {
			h.Errorf("through the group: %+v", a)
		}
		h.do(func(tx *db.Tx) error {
			got, err := account.List(ctx, tx, account.Query{Perm: "tag", Inherited: true})
			if err != nil || len(got) != 2 {
				h.Errorf("with tag, also inherited: %v %v", got, err)
			}
			return account.DropMember(ctx, tx, account.System, name("kde"), name("ann"))
		})
		if a := h.actor(h.open(ann)); a.Has("tag") {
			h.Error("tag outlives the membership")
		}
	})
}

func TestFreshPermissions(t *testing.T) {
	run(t, func(h *house) {
		h.do(func(tx *db.Tx) error {
			got, err := account.ListPerms(ctx, tx)
			if len(got) != 15 || got[0].Name != "admin" || got[0].ID != 1 {
				h.Errorf("%v %v", got, err)
			}
			p, err := account.CreatePerm(ctx, tx, "secure-boot", "")
			if err != nil || p.ID != 16 {
				h.Errorf("%+v %v", p, err)
			}
			return account.DescribePerm(ctx, tx, account.ByName("secure-boot"), "Build boot loaders.")
		})
	})
}

func TestTokens(t *testing.T) {
	run(t, func(h *house) {
		ann, root := h.user("ann"), h.user("root")
		h.do(func(tx *db.Tx) error {
			return account.Grant(ctx, tx, account.System, account.ByName("root"), account.ByName("admin"))
		})
		make := func(u account.User, life time.Duration, scopes ...string) (tok account.Token, secret string) {
			h.Helper()
			h.do(func(tx *db.Tx) (err error) {
				tok, secret, err = h.s.CreateToken(ctx, tx, u.ID, "ci", scopes, life)
				return err
			})
			return tok, secret
		}
		check := func(secret string) (a account.Actor, err error) {
			err = h.d.View(ctx, func(tx *db.Tx) error { a, err = h.s.CheckToken(ctx, tx, secret, "10.0.0.9"); return err })
			return a, err
		}
		tok, secret := make(root, time.Hour, "tag")
		a, err := check(secret)
		if err != nil || !a.Has("tag") || a.Has("admin") || a.Has("repo") || a.Name != "root" || a.Session != 0 {
			h.Errorf("scope tag of an admin: %+v %v", a, err)
		}
		_, all := make(root, 0, account.AllScopes)
		if a, _ := check(all); !a.Has("repo") {
			h.Error("* is not everything")
		}
		_, none := make(ann, 0, "tag")
		if a, _ := check(none); a.Has("tag") {
			h.Error("a scope gives what its user has not")
		}
		err = h.try(func(tx *db.Tx) error { return h.s.RevokeToken(ctx, tx, account.Actor{ID: ann.ID}, tok.ID) })
		if !kura.Is(err, kura.NotFound) {
			h.Errorf("ann revokes root's token: %v", err)
		}
		h.now = h.now.Add(2 * time.Hour)
		if _, err := check(secret); !kura.Is(err, kura.Expired) {
			h.Errorf("expired: %v", err)
		}
		h.do(func(tx *db.Tx) error {
			mine, err := account.Tokens(ctx, tx, root.ID)
			if err != nil || len(mine) != 2 {
				h.Errorf("%v %v", mine, err)
			}
			return h.s.RevokeToken(ctx, tx, account.Actor{ID: root.ID}, mine[1].ID)
		})
		if _, err := check(all); !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("revoked: %v", err)
		}
		if _, err := check("kura_guess"); !kura.Is(err, kura.Unauthenticated) {
			h.Errorf("guessed: %v", err)
		}
	})
}

func TestCertificateRecords(t *testing.T) {
	run(t, func(h *house) {
		h.do(func(tx *db.Tx) error {
			if err := account.RecordCertificate(ctx, tx, account.Certificate{Serial: "AB01", Name: "b1", Purpose: "builder", Issued: 1, Expires: 2}); err != nil {
				return err
			}
			if c, err := account.CheckCertificate(ctx, tx, "ab01"); err != nil || c.Name != "b1" {
				h.Errorf("%+v %v", c, err)
			}
			if err := account.RevokeCertificate(ctx, tx, "ab01"); err != nil {
				return err
			}
			if _, err := account.CheckCertificate(ctx, tx, "ab01"); !kura.Is(err, kura.Unauthenticated) {
				h.Errorf("revoked: %v", err)
			}
			if _, err := account.CheckCertificate(ctx, tx, "ff"); !kura.Is(err, kura.Unauthenticated) {
				h.Errorf("unknown: %v", err)
			}
			got, err := account.ListCertificates(ctx, tx, "b1")
			if len(got) != 1 || got[0].Revoked == 0 {
				h.Errorf("%+v", got)
			}
			return err
		})
	})
}
