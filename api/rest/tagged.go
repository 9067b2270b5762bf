package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
)

// InTagged names a build in a tag.
type InTagged struct {
	InTag
	InBuild
	Force bool `query:"force" doc:"for administrators: past what is forbidden"`
}

// InHeld asks for what a tag holds.
type InHeld struct {
	Paging
	InTag
	At
	Inherit bool   `query:"inherit" doc:"also what the tag inherits"`
	Latest  bool   `query:"latest" doc:"of each package only the newest build"`
	Package string `query:"package"`
}

// builds gives the tag's builds, and where the page begins.
func (in *InHeld) builds(ctx context.Context, c *call, known *build.Known) (m mark, all *build.TaggedList, err error) {
	if m, err = in.mark(); err != nil {
		return m, nil, err
	}
	t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
	if err != nil {
		return m, nil, err
	}
	q := build.TaggedQuery{Tag: tag.ByID(t.ID), At: in.Event, Inherit: in.Inherit, Package: in.Package, Known: known}
	if in.Latest {
		q.Latest = 1
	}
	all, err = build.FindTagged(ctx, c.tx, q)
	return m, all, err
}

func (s *Server) tagged() {
	read(s, "list-tagged", func(ctx context.Context, c *call, in *InHeld) (page pageOf[buildView], err error) {
		m, all, err := in.builds(ctx, c, s.Known)
		if err != nil {
			return page, err
		}
		// The order is that of the tags; a page goes on behind the build that
		// ended the one before, or where that was.
		from := min(int(m.At), all.Len())
		for i := range all.Len() {
			if id, _, _ := all.Place(i); m.ID != 0 && id == m.ID {
				from = i + 1
			}
		}
		to := min(from+in.Limit, all.Len())
		rows, err := all.Rows(ctx, c.tx, from, to)
		if err != nil {
			return page, err
		}
		page.Items = []buildView{}
		for _, b := range rows {
			page.Items = append(page.Items, viewTagged(b))
		}
		if to < all.Len() {
			last, _, _ := all.Place(to - 1)
			page.Next = mark{ID: last, At: int64(to)}.cursor()
		}
		return page, nil
	})
	write(s, "tag-build", http.StatusOK, func(ctx context.Context, c *call, in *InTagged) (v buildView, err error) {
		b, t, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		if err := tag.CheckAccess(ctx, c.tx, c.by, tag.ByID(t.ID), in.Force); err != nil {
			return v, err
		}
		if err := s.Flow.Move(ctx, c.tx, c.by, b, nil, &t, in.Force); err != nil {
			return v, err
		}
		return viewBuild(b), notify.Tagged(ctx, c.tx, notify.Tagging{Build: b.ID, Tag: &t.ID, By: c.by.Name})
	})
	write(s, "untag-build", http.StatusOK, func(ctx context.Context, c *call, in *InTagged) (v buildView, err error) {
		b, t, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		if err := tag.CheckAccess(ctx, c.tx, c.by, tag.ByID(t.ID), in.Force); err != nil {
			return v, err
		}
		if err := s.Flow.Move(ctx, c.tx, c.by, b, &t, nil, in.Force); err != nil {
			return v, err
		}
		return viewBuild(b), notify.Tagged(ctx, c.tx, notify.Tagging{Build: b.ID, From: &t.ID, By: c.by.Name})
	})
	write(s, "move-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTagged
		Body struct {
			To string `json:"to" minLength:"1" doc:"the tag that is to hold the build instead"`
		}
	}) (v buildView, err error) {
		b, from, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		to, err := tag.Get(ctx, c.tx, tag.ByName(in.Body.To), 0)
		if err != nil {
			return v, err
		}
		for _, t := range []tag.Tag{from, to} {
			if err := tag.CheckAccess(ctx, c.tx, c.by, tag.ByID(t.ID), in.Force); err != nil {
				return v, err
			}
		}
		if err := s.Flow.Move(ctx, c.tx, c.by, b, &from, &to, in.Force); err != nil {
			return v, err
		}
		return viewBuild(b), notify.Tagged(ctx, c.tx, notify.Tagging{Build: b.ID, Tag: &to.ID, From: &from.ID, By: c.by.Name})
	})
}

func (in *InTagged) find(ctx context.Context, c *call) (*build.Build, tag.Tag, error) {
	t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
	if err != nil {
		return nil, t, err
	}
	b, err := in.InBuild.find(ctx, c)
	return b, t, err
}
