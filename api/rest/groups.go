package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/tag"
)

// groupView is a comps group of a tag as callers see it.
type groupView struct {
	ID           int64             `json:"id"`
	Name         string            `json:"name"`
	TagID        int64             `json:"tag_id" doc:"whose entry it is: the tag, or one that it inherits from"`
	DisplayName  string            `json:"display_name"`
	Description  *string           `json:"description,omitempty"`
	Blocked      bool              `json:"blocked"`
	Exported     bool              `json:"exported" doc:"repositories show it"`
	Default      *bool             `json:"default,omitempty" doc:"it is installed unless somebody says no"`
	UserVisible  *bool             `json:"user_visible,omitempty"`
	LangOnly     *string           `json:"lang_only,omitempty"`
	BiarchOnly   *bool             `json:"biarch_only,omitempty"`
	Packages     []groupMemberView `json:"packages"`
	Requirements []groupReqView    `json:"requirements" doc:"groups that come with it"`
}

// groupMemberView is a package in a group, by name.
type groupMemberView struct {
	Package      string  `json:"package"`
	TagID        int64   `json:"tag_id" doc:"whose entry it is"`
	Type         string  `json:"type" enum:"mandatory,default,optional,conditional"`
	Blocked      bool    `json:"blocked"`
	BasearchOnly *bool   `json:"basearch_only,omitempty"`
	Requires     *string `json:"requires,omitempty" doc:"of conditional ones: the package that it comes with"`
}

// groupReqView is a group in a group.
type groupReqView struct {
	Group       string `json:"group"`
	TagID       int64  `json:"tag_id" doc:"whose entry it is"`
	Type        string `json:"type" enum:"mandatory,default,optional,conditional"`
	Blocked     bool   `json:"blocked"`
	Metapackage bool   `json:"metapackage"`
}

func viewGroup(g tag.Group) groupView {
	v := groupView{ID: g.ID, Name: g.Name, TagID: g.TagID, DisplayName: g.DisplayName, Description: g.Description, Blocked: g.Blocked, Exported: g.Exported,
		Default: g.IsDefault, UserVisible: g.UserVisible, LangOnly: g.LangOnly, BiarchOnly: g.BiarchOnly, Packages: []groupMemberView{}, Requirements: []groupReqView{}}
	for _, p := range g.Packages {
		v.Packages = append(v.Packages, groupMemberView{p.Package, p.TagID, p.Type, p.Blocked, p.BasearchOnly, p.Requires})
	}
	for _, r := range g.Groups {
		v.Requirements = append(v.Requirements, groupReqView{r.Name, r.TagID, r.Type, r.Blocked, r.IsMetapkg})
	}
	return v
}

// InGroup names a comps group of a tag in a path.
type InGroup struct {
	InTag
	Group string `path:"group" doc:"the group's name"`
}

func (in *InGroup) refs() (t, g tag.Ref) { return tag.ByName(in.Tag), tag.ByName(in.Group) }

// view shows the group as it counts in the tag, with what is blocked in it.
func (in *InGroup) view(ctx context.Context, c *call, at int64) (v groupView, err error) {
	t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), at)
	if err != nil {
		return v, err
	}
	all, err := tag.Groups(ctx, c.tx, tag.GroupQuery{Tag: t.ID, At: at, Packages: true, Groups: true, Blocked: true})
	if err != nil {
		return v, err
	}
	for _, g := range all {
		if g.Name == in.Group {
			return viewGroup(g), nil
		}
	}
	return v, kura.Errorf("rest.group", kura.NotFound, "group %s not present in tag %s", in.Group, t.Name)
}

// Blocking says whether an entry of a tag hides what the tag would inherit.
type Blocking struct {
	Blocked bool `json:"blocked,omitempty" doc:"the entry hides what it names; false takes a block of the tag's own back"`
}

func (s *Server) groups() {
	read(s, "list-groups", func(ctx context.Context, c *call, in *struct {
		Paging
		InTag
		At
		Inherit bool `query:"inherit" default:"true" doc:"also what the tag inherits"`
		Blocked bool `query:"blocked" doc:"also what is blocked"`
	}) (page pageOf[groupView], err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return page, err
		}
		all, err := tag.Groups(ctx, c.tx, tag.GroupQuery{Tag: t.ID, At: in.Event, OwnOnly: !in.Inherit, Packages: true, Groups: true, Blocked: in.Blocked})
		if err != nil {
			return page, err
		}
		return cut(&in.Paging, all, func(g tag.Group) string { return g.Name }, viewGroup)
	})
	read(s, "get-group", func(ctx context.Context, c *call, in *struct {
		InGroup
		At
	}) (groupView, error) {
		return in.view(ctx, c, in.Event)
	})
	write(s, "put-group", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InGroup
		Body struct {
			Blocking
			DisplayName *string `json:"display_name,omitempty"`
			Description *string `json:"description,omitempty"`
			Exported    *bool   `json:"exported,omitempty" doc:"repositories show it"`
			Default     *bool   `json:"default,omitempty"`
			UserVisible *bool   `json:"user_visible,omitempty"`
			LangOnly    *string `json:"lang_only,omitempty"`
			BiarchOnly  *bool   `json:"biarch_only,omitempty"`
		}
	}) (v groupView, err error) {
		t, g := in.refs()
		b := &in.Body
		o := tag.GroupOptions{DisplayName: b.DisplayName, Exported: b.Exported, IsDefault: b.Default, UserVisible: b.UserVisible,
			Description: b.Description, LangOnly: b.LangOnly, BiarchOnly: b.BiarchOnly}
		if err := tag.AddGroup(ctx, c.tx, c.by, t, g, o, b.Blocked, true); err != nil {
			return v, err
		}
		return in.view(ctx, c, 0)
	})
	write(s, "remove-group", http.StatusOK, func(ctx context.Context, c *call, in *InGroup) (none, error) {
		t, g := in.refs()
		return none{}, tag.RemoveGroup(ctx, c.tx, c.by, t, g, false)
	})
	s.groupMembers()
}

// InGroupPackage names a package in a comps group in a path.
type InGroupPackage struct {
	InGroup
	Package string `path:"package" doc:"the package's name, or what it provides"`
}

// InGroupReq names a group in a comps group in a path.
type InGroupReq struct {
	InGroup
	Requirement string `path:"requirement" doc:"the name of the group that comes with it"`
}

func (s *Server) groupMembers() {
	write(s, "put-group-package", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InGroupPackage
		Body struct {
			Blocking
			Type         *string `json:"type,omitempty" enum:"mandatory,default,optional,conditional" doc:"of a new one: mandatory"`
			BasearchOnly *bool   `json:"basearch_only,omitempty"`
			Requires     *string `json:"requires,omitempty" doc:"of conditional ones: the package that it comes with"`
		}
	}) (v groupView, err error) {
		t, g := in.refs()
		o := tag.MemberOptions{Type: in.Body.Type, BasearchOnly: in.Body.BasearchOnly, Requires: in.Body.Requires}
		if err := tag.AddGroupPackage(ctx, c.tx, c.by, t, g, in.Package, o, in.Body.Blocked, true); err != nil {
			return v, err
		}
		return in.view(ctx, c, 0)
	})
	write(s, "remove-group-package", http.StatusOK, func(ctx context.Context, c *call, in *InGroupPackage) (v groupView, err error) {
		t, g := in.refs()
		if err := tag.RemoveGroupPackage(ctx, c.tx, c.by, t, g, in.Package); err != nil {
			return v, err
		}
		return in.view(ctx, c, 0)
	})
	write(s, "put-group-requirement", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InGroupReq
		Body struct {
			Blocking
			Type        *string `json:"type,omitempty" enum:"mandatory,default,optional,conditional" doc:"of a new one: mandatory"`
			Metapackage *bool   `json:"metapackage,omitempty"`
		}
	}) (v groupView, err error) {
		t, g := in.refs()
		o := tag.MemberOptions{Type: in.Body.Type, IsMetapkg: in.Body.Metapackage}
		if err := tag.AddGroupReq(ctx, c.tx, c.by, t, g, tag.ByName(in.Requirement), o, in.Body.Blocked, true); err != nil {
			return v, err
		}
		return in.view(ctx, c, 0)
	})
	write(s, "remove-group-requirement", http.StatusOK, func(ctx context.Context, c *call, in *InGroupReq) (v groupView, err error) {
		t, g := in.refs()
		if err := tag.RemoveGroupReq(ctx, c.tx, c.by, t, g, tag.ByName(in.Requirement)); err != nil {
			return v, err
		}
		return in.view(ctx, c, 0)
	})
}
