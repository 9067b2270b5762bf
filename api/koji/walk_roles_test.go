package koji

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// role is somebody who calls, and what the walk knows of them.
type role struct {
	name            string
	header          http.Header
	user            string
	perms           []string
	host, exclusive bool
	taken           bool // another session has the user for itself
}

// address is where all calls come from.
const address = "192.0.2.1"

// people makes somebody of each kind.
func (w *walk) people() {
	perms := map[string]bool{}
	s := account.NewSessions()
	ctx := context.Background()
	update := func(fn func(*db.Tx) error) {
		if err := w.db.Update(ctx, fn); err != nil {
			w.t.Fatal(err)
		}
	}
	session := func(tx *db.Tx, u account.User, exclusive bool) (http.Header, error) {
		o, err := s.Open(ctx, tx, u, account.AuthPassword, address)
		if err == nil && exclusive {
			err = s.MakeExclusive(ctx, tx, account.Actor{ID: u.ID, Session: o.ID}, false)
		}
		return http.Header{"Koji-Session-Id": {fmt.Sprint(o.ID)}, "Koji-Session-Key": {o.Key}}, err
	}
	update(func(tx *db.Tx) error {
		known, err := account.ListPerms(ctx, tx)
		for _, p := range known {
			perms[p.Name] = true
		}
		for _, m := range w.server.api.methods {
			for _, p := range permsOf(m.Needs.String()) {
				if !perms[p] && err == nil {
					_, err = account.CreatePerm(ctx, tx, p, "")
				}
				perms[p] = true
			}
		}
		return err
	})
	person := func(name string, perms ...string) {
		update(func(tx *db.Tx) error {
			u, err := account.Create(ctx, tx, name, account.Person)
			for _, p := range perms {
				if err == nil {
					err = account.Grant(ctx, tx, account.System, account.ByID(u.ID), account.ByName(p))
				}
			}
			if err != nil {
				return err
			}
			h, err := session(tx, u, false)
			w.roles = append(w.roles, role{name: name, user: name, header: h, perms: perms})
			return err
		})
	}
	w.roles = append(w.roles, role{name: "anonymous", header: http.Header{}})
	person("user")
	for p := range perms {
		person("with-"+p, p)
	}
	update(func(tx *db.Tx) error {
		for _, name := range []string{"host", "exclusive-host"} {
			u, err := account.Create(ctx, tx, name, account.Host)
			if err != nil {
				return err
			}
			h, err := session(tx, u, name == "exclusive-host")
			if err != nil {
				return err
			}
			w.roles = append(w.roles, role{name: name, user: name, header: h, host: true, exclusive: name == "exclusive-host"})
		}
		u, err := account.Create(ctx, tx, "busy", account.Person)
		if err != nil {
			return err
		}
		h, err := session(tx, u, false)
		if err != nil {
			return err
		}
		w.roles = append(w.roles, role{name: "shut out", user: "busy", header: h, taken: true})
		_, err = session(tx, u, true)
		return err
	})
	update(func(tx *db.Tx) error {
		for name, c := range map[string]struct {
			user   string
			scopes []string
			perms  []string
			role   role
		}{
			"token without scopes": {user: "user"},
			"admin's bare token":   {user: "with-admin"},
			"admin's token (tag)":  {user: "with-admin", scopes: []string{"tag"}, perms: []string{"tag"}},
			"user's token (admin)": {user: "user", scopes: []string{"admin"}},
			"admin's token (*)":    {user: "with-admin", scopes: []string{"*"}, perms: []string{"admin"}},
			"host's token":         {user: "exclusive-host", scopes: []string{"*"}, role: role{host: true, taken: true}},
		} {
			u, err := account.Get(ctx, tx, account.ByName(c.user))
			if err != nil {
				return err
			}
			_, secret, err := s.CreateToken(ctx, tx, u.ID, name, c.scopes, 0)
			if err != nil {
				return err
			}
			r := c.role
			r.name, r.user, r.perms, r.header = name, c.user, c.perms, http.Header{"Authorization": {"Bearer " + secret}}
			w.roles = append(w.roles, r)
		}
		return nil
	})
}

// permsOf reads which permissions a need is about.
func permsOf(need string) (perms []string) {
	for one := range strings.SplitSeq(need, " or ") {
		if p, ok := strings.CutPrefix(one, "permission "); ok {
			perms = append(perms, p)
		}
	}
	return perms
}

// refusal is what somebody must hear of a method, by its row; nil if they are
// let in.
func (r role) refusal(t *testing.T, m *Method) *xmlrpc.Fault {
	switch m.Name {
	case "login", "sslLogin", "exclusiveSession", "logout":
	default:
		if r.taken {
			return &xmlrpc.Fault{Code: 1006, String: "User locked by another session"}
		}
	}
	need := m.Needs.String()
	perms := permsOf(need)
	switch {
	case need == "anyone":
		return nil
	case need == "login" && r.user == "":
		return &xmlrpc.Fault{Code: 1004, String: "you must be logged in for this operation"}
	case need == "login":
		return nil
	case need == "exclusive host" && r.user == "":
		return &xmlrpc.Fault{Code: 1002, String: "Not logged-in"}
	case need == "exclusive host" && !r.host:
		return &xmlrpc.Fault{Code: 1002, String: "is not a host"}
	case need == "exclusive host" && !r.exclusive:
		return &xmlrpc.Fault{Code: 1002, String: "This method requires an exclusive session"}
	case need == "exclusive host":
		return nil
	case len(perms) == 0 || len(perms) != len(strings.Split(need, " or ")):
		t.Errorf("%s: what is %q?", m.Name, need)
		return nil
	}
	for _, p := range append(perms, account.Admin) {
		if slices.Contains(r.perms, p) {
			return nil
		}
	}
	who := "user not logged in"
	if r.user != "" {
		who = "logged in as " + r.user
	}
	return &xmlrpc.Fault{Code: 1004, String: fmt.Sprintf("%s permission required (%s)", perms[0], who)}
}
