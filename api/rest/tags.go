package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// tagView is a tag as callers see it.
type tagView struct {
	ID              int64          `json:"id"`
	Name            string         `json:"name"`
	Arches          []string       `json:"arches,omitempty" doc:"none: as inherited"`
	Permission      string         `json:"permission,omitempty" doc:"what who tags builds needs"`
	Locked          bool           `json:"locked"`
	MavenSupport    bool           `json:"maven_support"`
	MavenIncludeAll bool           `json:"maven_include_all"`
	Extra           map[string]any `json:"extra,omitempty"`
}

func viewTag(t tag.Tag) tagView {
	v := tagView{ID: t.ID, Name: t.Name, Locked: t.Locked, MavenSupport: t.MavenSupport, MavenIncludeAll: t.MavenIncludeAll, Extra: t.Extra}
	if t.Arches != nil {
		v.Arches = strings.Fields(*t.Arches)
	}
	if t.Perm != nil {
		v.Permission = *t.Perm
	}
	return v
}

// At is the past that a question is about.
type At struct {
	Event int64 `query:"event" minimum:"0" doc:"as it was at this event; 0 is now"`
}

// InTag names a tag in a path.
type InTag struct {
	Tag string `path:"tag" doc:"the tag's name"`
}

// tagNumber is the number of a tag that is asked for, or 0.
func tagNumber(ctx context.Context, c *call, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	t, err := tag.Lookup(ctx, c.tx, tag.ByName(name))
	return t.ID, err
}

func (s *Server) tags() {
	read(s, "list-tags", func(ctx context.Context, c *call, in *struct {
		Paging
		Pattern string `query:"pattern" doc:"a glob: * and ?, in any case"`
		Build   string `query:"build" doc:"only those that hold this build, by number or name-version-release"`
		Package string `query:"package" doc:"only those that list this package themselves"`
	}) (page pageOf[tagView], err error) {
		q := tag.Query{Pattern: in.Pattern}
		if in.Build != "" {
			b, err := (&InBuild{Build: in.Build}).find(ctx, c)
			if err != nil {
				return page, err
			}
			q.Build = b.ID
		}
		if in.Package != "" {
			p, err := tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
			if err != nil {
				return page, err
			}
			q.Package = p.ID
		}
		all, err := tag.List(ctx, c.tx, q)
		if err != nil {
			return page, err
		}
		slices.SortFunc(all, func(a, b tag.Tag) int { return strings.Compare(a.Name, b.Name) })
		return cut(&in.Paging, all, func(t tag.Tag) string { return t.Name }, viewTag)
	})
	read(s, "get-tag", func(ctx context.Context, c *call, in *struct {
		InTag
		At
	}) (v tagView, err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		return viewTag(t), err
	})
	write(s, "create-tag", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			TagChange
			Name   string `json:"name" minLength:"1"`
			Parent string `json:"parent,omitempty" doc:"a tag to inherit from"`
		}
	}) (v tagView, err error) {
		ch := in.Body.change()
		conf := tag.Config{Name: in.Body.Name, Arches: ch.Arches, Perm: ch.Perm, Extra: ch.Extra}
		if in.Body.Parent != "" {
			r := tag.ByName(in.Body.Parent)
			conf.Parent = &r
		}
		for from, to := range map[*bool]*bool{ch.Locked: &conf.Locked, ch.MavenSupport: &conf.MavenSupport, ch.MavenIncludeAll: &conf.MavenIncludeAll} {
			if from != nil {
				*to = *from
			}
		}
		id, err := tag.Create(ctx, c.tx, c.by, conf)
		if err != nil {
			return v, err
		}
		t, err := tag.Get(ctx, c.tx, tag.ByID(id), 0)
		return viewTag(t), err
	})
	write(s, "edit-tag", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTag
		Body struct {
			TagChange
			Name        string   `json:"name,omitempty"`
			BlockExtra  []string `json:"block_extra,omitempty" doc:"inherited keys that the tag is to hide"`
			RemoveExtra []string `json:"remove_extra,omitempty"`
		}
	}) (v tagView, err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		if err != nil {
			return v, err
		}
		ch := in.Body.change()
		ch.Name, ch.BlockExtra, ch.RemoveExtra = in.Body.Name, in.Body.BlockExtra, in.Body.RemoveExtra
		if err := tag.Edit(ctx, c.tx, c.by, tag.ByID(t.ID), ch); err != nil {
			return v, err
		}
		t, err = tag.Get(ctx, c.tx, tag.ByID(t.ID), 0)
		return viewTag(t), err
	})
	write(s, "delete-tag", http.StatusOK, func(ctx context.Context, c *call, in *InTag) (none, error) {
		return none{}, tag.Delete(ctx, c.tx, c.by, tag.ByName(in.Tag))
	})
	s.inheritance()
	s.targets()
	s.externals()
}

// TagChange is what can be set of a tag.
type TagChange struct {
	Arches          *[]string      `json:"arches,omitempty" doc:"an empty list: as inherited"`
	Permission      *string        `json:"permission,omitempty" doc:"an empty text: none is needed"`
	Locked          *bool          `json:"locked,omitempty"`
	MavenSupport    *bool          `json:"maven_support,omitempty"`
	MavenIncludeAll *bool          `json:"maven_include_all,omitempty"`
	Extra           map[string]any `json:"extra,omitempty"`
}

func (t *TagChange) change() tag.Change {
	ch := tag.Change{Locked: t.Locked, MavenSupport: t.MavenSupport, MavenIncludeAll: t.MavenIncludeAll, Extra: t.Extra}
	if t.Arches != nil {
		text := strings.Join(*t.Arches, " ")
		ch.Arches = &text
	}
	if t.Permission != nil {
		r := account.ByName(*t.Permission)
		ch.Perm = &r
	}
	return ch
}

// linkView is a step of inheritance.
type linkView struct {
	Child        int64  `json:"child_id"`
	Parent       int64  `json:"parent_id"`
	Name         string `json:"name" doc:"of the parent"`
	Priority     int    `json:"priority"`
	MaxDepth     *int   `json:"max_depth,omitempty" doc:"how far up inheritance goes on; none: to the end"`
	Intransitive bool   `json:"intransitive"`
	NoConfig     bool   `json:"noconfig"`
	PkgFilter    string `json:"pkg_filter,omitempty"`
	Depth        int    `json:"depth" doc:"1 for the tag's own parents"`
}

func viewLink(l tag.Link, depth int) linkView {
	return linkView{l.Child, l.Parent, l.Name, l.Priority, l.MaxDepth, l.Intransitive, l.NoConfig, l.PkgFilter, depth}
}

// InParent names a tag and one that it inherits from.
type InParent struct {
	InTag
	Parent string `path:"parent" doc:"the name of the tag to inherit from"`
}

func (s *Server) inheritance() {
	read(s, "get-inheritance", func(ctx context.Context, c *call, in *struct {
		InTag
		At
		Reverse bool `query:"reverse" doc:"who inherits from the tag, instead"`
	}) (page pageOf[linkView], err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return page, err
		}
		walk := tag.Inheritance
		if in.Reverse {
			walk = tag.Descendants
		}
		steps, err := walk(ctx, c.tx, t.ID, in.Event)
		page.Items = []linkView{}
		for _, st := range steps {
			page.Items = append(page.Items, viewLink(st.Link, st.Depth))
		}
		return page, err
	})
	write(s, "set-parent", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InParent
		Body struct {
			Priority     int    `json:"priority"`
			MaxDepth     *int   `json:"max_depth,omitempty" minimum:"0"`
			Intransitive bool   `json:"intransitive,omitempty"`
			NoConfig     bool   `json:"noconfig,omitempty"`
			PkgFilter    string `json:"pkg_filter,omitempty" doc:"a regular expression, matched at the start of package names"`
		}
	}) (v linkView, err error) {
		child, parent, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		b := &in.Body
		l := tag.Link{Child: child.ID, Parent: parent.ID, Name: parent.Name, Priority: b.Priority, MaxDepth: b.MaxDepth, Intransitive: b.Intransitive, NoConfig: b.NoConfig, PkgFilter: b.PkgFilter}
		return viewLink(l, 1), tag.SetParents(ctx, c.tx, c.by, child.ID, []tag.LinkChange{{Link: l}}, false)
	})
	write(s, "remove-parent", http.StatusOK, func(ctx context.Context, c *call, in *InParent) (none, error) {
		child, parent, err := in.find(ctx, c)
		if err != nil {
			return none{}, err
		}
		return none{}, tag.SetParents(ctx, c.tx, c.by, child.ID, []tag.LinkChange{{Link: tag.Link{Parent: parent.ID}, Delete: true}}, false)
	})
}

func (in *InParent) find(ctx context.Context, c *call) (child, parent tag.Tag, err error) {
	if child, err = tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0); err != nil {
		return child, parent, err
	}
	parent, err = tag.Get(ctx, c.tx, tag.ByName(in.Parent), 0)
	return child, parent, err
}
