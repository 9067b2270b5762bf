package rest

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// releaseView is a release that is free.
type releaseView struct {
	Release string `json:"release"`
}

// durationView is how long something took.
type durationView struct {
	Seconds *float64 `json:"seconds,omitempty" doc:"none: there is no such build"`
}

// accessView says whether somebody may tag builds.
type accessView struct {
	May    bool   `json:"may"`
	Force  bool   `json:"force" doc:"whether they may by force"`
	Reason string `json:"reason,omitempty" doc:"why not"`
}

// OfPackage names a package in a path.
type OfPackage struct {
	Package string `path:"package" doc:"the package's name"`
}

func (in *OfPackage) find(ctx context.Context, c *call) (tag.Package, error) {
	return tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
}

// packageFacts registers what is asked about one package.
func (s *Server) packageFacts() {
	read(s, "get-package", func(ctx context.Context, c *call, in *OfPackage) (v packageView, err error) {
		p, err := in.find(ctx, c)
		return packageView{p.ID, p.Name}, err
	})
	read(s, "get-next-release", func(ctx context.Context, c *call, in *struct {
		OfPackage
		Version string `query:"version" required:"true" minLength:"1"`
		By      int64  `query:"by" minimum:"1" maximum:"1000000" default:"1" doc:"how far to count on"`
	}) (v releaseView, err error) {
		v.Release, err = build.NextRelease(ctx, c.tx, in.Package, in.Version, in.By)
		return v, err
	})
	read(s, "get-average-build-duration", func(ctx context.Context, c *call, in *struct {
		OfPackage
		After time.Time `query:"completed_after" doc:"only of builds since; none: of all"`
	}) (v durationView, err error) {
		p, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		took, found, err := build.AverageDuration(ctx, c.tx, p.ID, micros(in.After))
		if found {
			v.Seconds = new(took / 1e6)
		}
		return v, err
	})
	read(s, "get-tag-package", func(ctx context.Context, c *call, in *struct {
		InTag
		OfPackage
		At
	}) (v listedView, err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return v, err
		}
		p, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		l, found, err := tag.PackageIn(ctx, c.tx, t.ID, p.ID, in.Event)
		if err == nil && !found {
			err = kura.Errorf("rest.tagPackage", kura.NotFound, "package %s is not in the list of tag %s, nor in one that it inherits", p.Name, t.Name)
		}
		return viewListed(l), err
	})
	read(s, "check-tag-access", func(ctx context.Context, c *call, in *struct {
		InTag
		Whose
	}) (v accessView, err error) {
		who := c.by
		if in.User != "" {
			if who, err = account.Load(ctx, c.tx, account.ByName(in.User)); err != nil {
				return v, err
			}
		}
		v.May, v.Force, v.Reason, err = tag.Access(ctx, c.tx, who, tag.ByName(in.Tag))
		return v, err
	})
}
