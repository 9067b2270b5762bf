package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// InUserGroup names a group of users in a path.
type InUserGroup struct {
	Group string `path:"group" doc:"the name of a group of users"`
}

// InMember names a user in a group in a path.
type InMember struct {
	InUserGroup
	InUser
}

func (s *Server) userGroups() {
	members := func(ctx context.Context, c *call, p *Paging, group string) (page pageOf[userView], err error) {
		all, err := account.Members(ctx, c.tx, account.ByName(group))
		if err != nil {
			return page, err
		}
		name := func(u account.User) string { return u.Name }
		sortBy(all, name)
		return cut(p, all, name, viewUser)
	}
	write(s, "create-user-group", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name string `json:"name" minLength:"1"`
		}
	}) (v userView, err error) {
		g, err := account.NewGroup(ctx, c.tx, in.Body.Name)
		return viewUser(g), err
	})
	read(s, "list-members", func(ctx context.Context, c *call, in *struct {
		Paging
		InUserGroup
	}) (pageOf[userView], error) {
		return members(ctx, c, &in.Paging, in.Group)
	})
	write(s, "add-member", http.StatusOK, func(ctx context.Context, c *call, in *InMember) (v userView, err error) {
		err = account.AddMember(ctx, c.tx, c.by, account.ByName(in.Group), account.ByName(in.User))
		if err != nil && !kura.Is(err, kura.Exists) { // who was in it before stays
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "drop-member", http.StatusOK, func(ctx context.Context, c *call, in *InMember) (v userView, err error) {
		if err := account.DropMember(ctx, c.tx, c.by, account.ByName(in.Group), account.ByName(in.User)); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
}
