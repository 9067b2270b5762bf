package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// packageView is a package as callers see it.
type packageView struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// listedView is an entry of a package list.
type listedView struct {
	Package     string   `json:"package"`
	Tag         string   `json:"tag" doc:"whose entry it is: the tag, or one that it inherits from"`
	Owner       string   `json:"owner"`
	Blocked     bool     `json:"blocked"`
	ExtraArches []string `json:"extra_arches,omitempty"`
}

func viewListed(l tag.Listed) listedView {
	v := listedView{Package: l.PackageName, Tag: l.TagName, Owner: l.OwnerName, Blocked: l.Blocked}
	if l.ExtraArches != nil {
		v.ExtraArches = strings.Fields(*l.ExtraArches)
	}
	return v
}

// InPackage names a package in a tag's list.
type InPackage struct {
	InTag
	Package string `path:"package" doc:"the package's name"`
	Force   bool   `query:"force" doc:"for administrators: past what the policy forbids"`
}

func (s *Server) packages() {
	read(s, "list-packages", func(ctx context.Context, c *call, in *struct {
		Paging
		Prefix string `query:"prefix" doc:"the beginning of names, in any case"`
	}) (page pageOf[packageView], err error) {
		all, err := tag.ListPackages(ctx, c.tx, in.Prefix)
		if err != nil {
			return page, err
		}
		slices.SortFunc(all, func(a, b tag.Package) int { return strings.Compare(a.Name, b.Name) })
		return cut(&in.Paging, all, func(p tag.Package) string { return p.Name }, func(p tag.Package) packageView { return packageView{p.ID, p.Name} })
	})
	read(s, "list-tag-packages", func(ctx context.Context, c *call, in *struct {
		Paging
		InTag
		At
		Inherit bool `query:"inherit" default:"true" doc:"also what the tag inherits"`
		Blocked bool `query:"blocked" default:"true" doc:"also what is blocked"`
	}) (page pageOf[listedView], err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return page, err
		}
		all, err := tag.ListedPackages(ctx, c.tx, tag.ListQuery{Tag: t.ID, At: in.Event, Inherit: in.Inherit})
		if err != nil {
			return page, err
		}
		if !in.Blocked {
			all = slices.DeleteFunc(all, func(l tag.Listed) bool { return l.Blocked })
		}
		slices.SortFunc(all, func(a, b tag.Listed) int { return strings.Compare(a.PackageName, b.PackageName) })
		return cut(&in.Paging, all, func(l tag.Listed) string { return l.PackageName }, viewListed)
	})
	read(s, "list-package-tags", func(ctx context.Context, c *call, in *struct {
		Paging
		At
		OfPackage
	}) (page pageOf[listedView], err error) {
		p, err := in.OfPackage.find(ctx, c)
		if err != nil {
			return page, err
		}
		return listed(ctx, c, &in.Paging, tag.ListQuery{Package: p.ID, At: in.Event})
	})
	read(s, "list-user-packages", func(ctx context.Context, c *call, in *struct {
		Paging
		At
		InUser
	}) (page pageOf[listedView], err error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return page, err
		}
		return listed(ctx, c, &in.Paging, tag.ListQuery{User: u.ID, At: in.Event})
	})
	write(s, "put-tag-package", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InPackage
		Body struct {
			Owner       string    `json:"owner,omitempty" doc:"a new entry needs one"`
			Blocked     *bool     `json:"blocked,omitempty" doc:"whether the package and its builds are hidden in the tag"`
			ExtraArches *[]string `json:"extra_arches,omitempty" doc:"beside the tag's"`
		}
	}) (v listedView, err error) {
		e := tag.Entry{Block: in.Body.Blocked, Force: in.Force}
		if in.Body.Owner != "" {
			r := account.ByName(in.Body.Owner)
			e.Owner = &r
		}
		if in.Body.ExtraArches != nil {
			text := strings.Join(*in.Body.ExtraArches, " ")
			e.ExtraArches = &text
		}
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		if err != nil {
			return v, err
		}
		if err := s.unblock(ctx, c, t, tag.ByName(in.Package), e); err != nil {
			return v, err
		}
		if err := s.Lists.Add(ctx, c.tx, c.by, tag.ByID(t.ID), tag.ByName(in.Package), e); err != nil {
			return v, err
		}
		p, err := tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
		if err != nil {
			return v, err
		}
		l, _, err := tag.PackageIn(ctx, c.tx, t.ID, p.ID, 0)
		return viewListed(l), err
	})
	write(s, "remove-tag-package", http.StatusOK, func(ctx context.Context, c *call, in *InPackage) (none, error) {
		return none{}, s.Lists.Remove(ctx, c.tx, c.by, tag.ByName(in.Tag), tag.ByName(in.Package), in.Force)
	})
}

// listed makes a page of entries of many tags.
func listed(ctx context.Context, c *call, p *Paging, q tag.ListQuery) (page pageOf[listedView], err error) {
	all, err := tag.ListedPackages(ctx, c.tx, q)
	if err != nil {
		return page, err
	}
	name := func(l tag.Listed) string { return l.TagName + " " + l.PackageName } // neither has a space
	sortBy(all, name)
	return cut(p, all, name, viewListed)
}

// unblock takes a block back that a change is not to leave. A policy knows that
// as an action of its own, so no force is needed.
func (s *Server) unblock(ctx context.Context, c *call, t tag.Tag, pkg tag.Ref, e tag.Entry) error {
	if e.Block == nil || *e.Block {
		return nil
	}
	p, err := tag.GetPackage(ctx, c.tx, pkg)
	if kura.Is(err, kura.NotFound) {
		return nil // it is new
	}
	if err != nil {
		return err
	}
	l, found, err := tag.PackageIn(ctx, c.tx, t.ID, p.ID, 0)
	if err != nil || !found || !l.Blocked {
		return err
	}
	return s.Lists.Unblock(ctx, c.tx, c.by, tag.ByID(t.ID), pkg, e.Force)
}
