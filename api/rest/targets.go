package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/tag"
)

// targetView is a build target as callers see it.
type targetView struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	BuildTag string `json:"build_tag" doc:"in whose roots is built"`
	DestTag  string `json:"dest_tag" doc:"where builds go"`
}

func viewTarget(t tag.Target) targetView {
	return targetView{t.ID, t.Name, t.BuildTagName, t.DestTagName}
}

// InTarget names a target in a path.
type InTarget struct {
	Target string `path:"target" doc:"the target's name"`
}

func (s *Server) targets() {
	read(s, "list-targets", func(ctx context.Context, c *call, in *struct {
		Paging
		At
		BuildTag string `query:"build_tag" doc:"only those in whose roots is built"`
		DestTag  string `query:"dest_tag" doc:"only those where builds go"`
	}) (page pageOf[targetView], err error) {
		q := tag.TargetQuery{At: in.Event}
		if q.BuildTag, err = tagNumber(ctx, c, in.BuildTag); err != nil {
			return page, err
		}
		if q.DestTag, err = tagNumber(ctx, c, in.DestTag); err != nil {
			return page, err
		}
		all, err := tag.ListTargets(ctx, c.tx, q)
		if err != nil {
			return page, err
		}
		return cut(&in.Paging, all, func(t tag.Target) string { return t.Name }, viewTarget)
	})
	read(s, "get-target", func(ctx context.Context, c *call, in *struct {
		InTarget
		At
	}) (targetView, error) {
		t, err := tag.GetTarget(ctx, c.tx, tag.ByName(in.Target), in.Event)
		return viewTarget(t), err
	})
	write(s, "put-target", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTarget
		Body struct {
			BuildTag string `json:"build_tag" minLength:"1"`
			DestTag  string `json:"dest_tag" minLength:"1"`
			Name     string `json:"name,omitempty" doc:"of a target that there is: its name from now on"`
		}
	}) (v targetView, err error) {
		name := in.Target
		if in.Body.Name != "" {
			name = in.Body.Name
		}
		build, dest := tag.ByName(in.Body.BuildTag), tag.ByName(in.Body.DestTag)
		_, err = tag.GetTarget(ctx, c.tx, tag.ByName(in.Target), 0)
		switch {
		case kura.Is(err, kura.NotFound):
			_, err = tag.CreateTarget(ctx, c.tx, c.by, name, build, dest)
		case err == nil:
			err = tag.EditTarget(ctx, c.tx, c.by, tag.ByName(in.Target), name, build, dest)
		}
		if err != nil {
			return v, err
		}
		t, err := tag.GetTarget(ctx, c.tx, tag.ByName(name), 0)
		return viewTarget(t), err
	})
	write(s, "delete-target", http.StatusOK, func(ctx context.Context, c *call, in *InTarget) (none, error) {
		return none{}, tag.DeleteTarget(ctx, c.tx, c.by, tag.ByName(in.Target))
	})
}
