package rest

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
)

// permissionView is a permission as callers see it.
type permissionView struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

func viewPermission(p account.Permission) permissionView {
	return permissionView{p.ID, p.Name, p.Description.String}
}

// heldView is a permission that somebody has.
type heldView struct {
	Name   string   `json:"name"`
	Own    bool     `json:"own" doc:"it was given to the user"`
	Groups []string `json:"groups,omitempty" doc:"by which the user has it"`
}

// InPermission names a permission of somebody in a path.
type InPermission struct {
	InUser
	Permission string `path:"permission" doc:"the permission's name"`
}

func (s *Server) permissions() {
	write(s, "grant-permission", http.StatusOK, func(ctx context.Context, c *call, in *InPermission) (v userView, err error) {
		err = account.Grant(ctx, c.tx, c.by, account.ByName(in.User), account.ByName(in.Permission))
		if err != nil && !kura.Is(err, kura.Exists) { // who had it before keeps it
			return v, err
		}
		return in.view(ctx, c)
	})
	write(s, "revoke-permission", http.StatusOK, func(ctx context.Context, c *call, in *InPermission) (v userView, err error) {
		if err := account.Revoke(ctx, c.tx, c.by, account.ByName(in.User), account.ByName(in.Permission)); err != nil {
			return v, err
		}
		return in.view(ctx, c)
	})
	read(s, "list-user-permissions", func(ctx context.Context, c *call, in *InUser) (page pageOf[heldView], err error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return page, err
		}
		held, err := account.PermsOf(ctx, c.tx, u.ID, 0, true)
		page.Items = []heldView{}
		for _, name := range slices.Sorted(maps.Keys(held)) {
			v := heldView{Name: name}
			for _, group := range held[name] {
				if group == "" {
					v.Own = true
				} else {
					v.Groups = append(v.Groups, group)
				}
			}
			page.Items = append(page.Items, v)
		}
		return page, err
	})
	read(s, "list-permissions", func(ctx context.Context, c *call, in *Paging) (page pageOf[permissionView], err error) {
		all, err := account.ListPerms(ctx, c.tx)
		if err != nil {
			return page, err
		}
		name := func(p account.Permission) string { return p.Name }
		sortBy(all, name)
		return cut(in, all, name, viewPermission)
	})
	write(s, "put-permission", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		Permission string `path:"permission" doc:"the permission's name"`
		Body       struct {
			Description *string `json:"description,omitempty" doc:"what it is for"`
		}
	}) (v permissionView, err error) {
		ref, text := account.ByName(in.Permission), in.Body.Description
		_, err = account.GetPerm(ctx, c.tx, ref)
		switch {
		case kura.Is(err, kura.NotFound):
			if text == nil {
				text = new("")
			}
			_, err = account.CreatePerm(ctx, c.tx, in.Permission, *text)
		case err == nil && text != nil:
			err = account.DescribePerm(ctx, c.tx, ref, *text)
		}
		if err != nil {
			return v, err
		}
		p, err := account.GetPerm(ctx, c.tx, ref)
		return viewPermission(p), err
	})
}
