package rest

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// userView is somebody as callers see them.
type userView struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Kind        string   `json:"kind" enum:"person,host,group"`
	Blocked     bool     `json:"blocked"`
	Permissions []string `json:"permissions,omitempty" doc:"also those of groups"`
	Groups      []string `json:"groups,omitempty"`
	Principals  []string `json:"krb_principals,omitempty"`
}

func viewUser(u account.User) userView {
	kind := map[int]string{account.Person: "person", account.Host: "host", account.Group: "group"}[u.Type]
	return userView{ID: u.ID, Name: u.Name, Kind: kind, Blocked: u.Status != account.Normal}
}

// InUser names somebody in a path.
type InUser struct {
	User string `path:"user" doc:"the user's name"`
}

func (in *InUser) view(ctx context.Context, c *call) (v userView, err error) {
	u, err := account.Get(ctx, c.tx, account.ByName(in.User))
	if err != nil {
		return v, err
	}
	v = viewUser(u)
	perms, err := account.PermsOf(ctx, c.tx, u.ID, 0, true)
	if err != nil {
		return v, err
	}
	v.Permissions = slices.Sorted(maps.Keys(perms))
	groups, err := account.GroupsOf(ctx, c.tx, u.ID)
	for _, g := range groups {
		v.Groups = append(v.Groups, g.Name)
	}
	if err != nil {
		return v, err
	}
	v.Principals, err = account.Principals(ctx, c.tx, u.ID)
	return v, err
}

// whoView is who makes the request.
type whoView struct {
	LoggedIn    bool     `json:"logged_in"`
	ID          int64    `json:"id,omitempty"`
	Name        string   `json:"name,omitempty"`
	Permissions []string `json:"permissions,omitempty" doc:"as far as the token's scopes let them"`
}

func (s *Server) users() {
	read(s, "whoami", func(_ context.Context, c *call, _ *struct{}) (whoView, error) {
		return whoView{c.by.LoggedIn(), c.by.ID, c.by.Name, c.by.PermNames()}, nil
	})
	read(s, "list-users", func(ctx context.Context, c *call, in *struct {
		Paging
		Kind   string `query:"kind" enum:"person,host,group"`
		Prefix string `query:"prefix" doc:"the beginning of names, in any case"`
		Perm   string `query:"permission" doc:"only who has it, be it by a group"`
	}) (page pageOf[userView], err error) {
		q := account.Query{Prefix: in.Prefix, Perm: in.Perm, Inherited: in.Perm != ""}
		if in.Kind != "" {
			q.Types = []int{map[string]int{"person": account.Person, "host": account.Host, "group": account.Group}[in.Kind]}
		}
		all, err := account.List(ctx, c.tx, q)
		if err != nil {
			return page, err
		}
		slices.SortFunc(all, func(a, b account.User) int { return strings.Compare(a.Name, b.Name) })
		return cut(&in.Paging, all, func(u account.User) string { return u.Name }, viewUser)
	})
	read(s, "get-user", func(ctx context.Context, c *call, in *InUser) (userView, error) { return in.view(ctx, c) })
	write(s, "create-user", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name string `json:"name" minLength:"1"`
		}
	}) (v userView, err error) {
		u, err := account.Create(ctx, c.tx, in.Body.Name, account.Person)
		return viewUser(u), err
	})
	write(s, "set-user-status", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InUser
		Body struct {
			Blocked bool `json:"blocked"`
		}
	}) (v userView, err error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return v, err
		}
		status := account.Normal
		if in.Body.Blocked {
			status = account.Blocked
		}
		if err := account.SetStatus(ctx, c.tx, u.ID, status); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "rename-user", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InUser
		Body struct {
			Name string `json:"name" minLength:"1"`
		}
	}) (v userView, err error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return v, err
		}
		if u.Name != in.Body.Name {
			err = account.Rename(ctx, c.tx, u.ID, in.Body.Name)
		}
		if err != nil {
			return v, err
		}
		return (&InUser{in.Body.Name}).view(ctx, c)
	})
	write(s, "set-password", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InUser
		Body struct {
			Password string `json:"password" minLength:"1"`
		}
	}) (none, error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return none{}, err
		}
		return none{}, account.ChangePassword(ctx, c.tx, c.by, u, in.Body.Password)
	})
	s.principals()
	s.userGroups()
	s.permissions()
	s.tokens()
}

func (s *Server) principals() {
	type inPrincipal struct {
		InUser
		Principal string `path:"principal" doc:"of Kerberos, with its realm"`
	}
	changed := func(ctx context.Context, c *call, in *inPrincipal, change func(context.Context, *db.Tx, int64, string) error) (v userView, err error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err == nil {
			err = change(ctx, c.tx, u.ID, in.Principal)
		}
		if err != nil {
			return v, err
		}
		return in.view(ctx, c)
	}
	write(s, "add-principal", http.StatusOK, func(ctx context.Context, c *call, in *inPrincipal) (userView, error) {
		return changed(ctx, c, in, account.AddPrincipal)
	})
	write(s, "remove-principal", http.StatusOK, func(ctx context.Context, c *call, in *inPrincipal) (userView, error) {
		return changed(ctx, c, in, account.RemovePrincipal)
	})
}
