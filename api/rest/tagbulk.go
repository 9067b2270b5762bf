package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// configView is what builds for a tag go by.
type configView struct {
	Tag        tagView           `json:"tag" doc:"with what it inherits"`
	ArchesFrom string            `json:"arches_from,omitempty" doc:"the tag whose architectures these are; none: its own, or none"`
	ExtraFrom  map[string]string `json:"extra_from,omitempty" doc:"the tags whose extra values these are, for those inherited"`
}

// taggedRPMView is a package of a build that a tag holds.
type taggedRPMView struct {
	RPM        rpmView  `json:"rpm"`
	NVR        string   `json:"nvr" doc:"of the build"`
	Tag        string   `json:"tag" doc:"which may be one that is inherited from"`
	Signatures []string `json:"signatures,omitempty" doc:"the last 8 digits of the keys that it is signed with, if they were asked for; empty: unsigned"`
}

// movedView is what was moved.
type movedView struct {
	Builds []buildView `json:"builds" doc:"in the order in which they were moved"`
}

// tagBulk registers what looks at all that is in a tag, or does something with it.
func (s *Server) tagBulk() {
	read(s, "get-build-config", func(ctx context.Context, c *call, in *struct {
		InTag
		At
	}) (v configView, err error) {
		conf, err := tag.GetBuildConfig(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return v, err
		}
		v = configView{Tag: viewTag(conf.Tag), ExtraFrom: map[string]string{}}
		if conf.ArchesFrom != nil {
			v.ArchesFrom = conf.ArchesFrom.Name
		}
		for key, from := range conf.ExtraFrom {
			v.ExtraFrom[key] = from.Name
		}
		return v, nil
	})
	read(s, "list-tagged-rpms", s.listTaggedRPMs)
	write(s, "copy-tag", http.StatusOK, copyTag)
	write(s, "mass-tag", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTag
		Body struct {
			Builds []string `json:"builds" minItems:"1" maxItems:"1000" doc:"by number or name-version-release, the oldest first"`
		}
	}) (v movedView, err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		if err != nil {
			return v, err
		}
		builds := make([]*build.Build, len(in.Body.Builds))
		for i, name := range in.Body.Builds {
			if builds[i], err = (&InBuild{Build: name}).find(ctx, c); err != nil {
				return v, err
			}
		}
		return viewMoved(builds), s.Flow.MassTag(ctx, c.tx, c.by, t, builds)
	})
	write(s, "move-package", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InPackage
		Body struct {
			To string `json:"to" minLength:"1" doc:"the tag that is to hold the builds instead"`
		}
	}) (v movedView, err error) {
		from, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		if err != nil {
			return v, err
		}
		to, err := tag.Get(ctx, c.tx, tag.ByName(in.Body.To), 0)
		if err != nil {
			return v, err
		}
		p, err := tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
		if err != nil {
			return v, err
		}
		moved, err := s.Flow.MoveAll(ctx, c.tx, c.by, from, to, p, in.Force)
		return viewMoved(moved), err
	})
}

func viewMoved(builds []*build.Build) movedView {
	v := movedView{Builds: []buildView{}}
	for _, b := range builds {
		v.Builds = append(v.Builds, viewBuild(b))
	}
	return v
}

// listTaggedRPMs gives the packages of a tag's builds by the builds' numbers. A
// page holds whole builds: so it ends at one, and who goes on misses none.
func (s *Server) listTaggedRPMs(ctx context.Context, c *call, in *struct {
	InHeld
	Arches     []string `query:"arches" doc:"only these, with commas between them; src is one"`
	Signatures bool     `query:"signatures" doc:"with the keys that packages are signed with"`
}) (page pageOf[taggedRPMView], err error) {
	m, all, err := in.builds(ctx, c, s.Known)
	if err != nil {
		return page, err
	}
	next := all.ByID(m.ID)
	page.Items = []taggedRPMView{}
	const some = 50 // builds: more would be read than a page has
	for next < all.Len() && len(page.Items) < in.Limit {
		part, err := all.Rows(ctx, c.tx, next, min(next+some, all.Len()))
		if err != nil {
			return page, err
		}
		rpms, err := build.RPMs(ctx, c.tx, part, in.Arches)
		if err != nil {
			return page, err
		}
		of := map[int64][]*build.RPM{}
		var ids []int64
		for _, r := range rpms {
			of[*r.BuildID] = append(of[*r.BuildID], r)
			ids = append(ids, r.ID)
		}
		keys := map[int64][]build.Signature{}
		if in.Signatures {
			if keys, err = build.SigsOf(ctx, c.tx, ids); err != nil {
				return page, err
			}
		}
		for _, b := range part {
			if len(page.Items) >= in.Limit {
				break
			}
			for _, r := range of[b.ID] {
				v := taggedRPMView{RPM: viewRPM(r), NVR: b.NVR(), Tag: b.TagName}
				for _, k := range keys[r.ID] {
					v.Signatures = append(v.Signatures, k.Key)
				}
				page.Items = append(page.Items, v)
			}
			next, m.ID = next+1, b.ID
		}
	}
	if next < all.Len() {
		page.Next = mark{ID: m.ID}.cursor()
	}
	return page, nil
}

// copyTag makes a tag what another one is, or was.
func copyTag(ctx context.Context, c *call, in *struct {
	InTag
	At
	Body struct {
		To            string `json:"to" minLength:"1" doc:"the name of the copy"`
		Existing      bool   `json:"existing,omitempty" doc:"the copy is there, and becomes what the tag is"`
		Config        *bool  `json:"config,omitempty" default:"true" doc:"architectures, permission, lock, extra values"`
		Packages      *bool  `json:"packages,omitempty" default:"true"`
		Groups        *bool  `json:"groups,omitempty" default:"true"`
		Builds        *bool  `json:"builds,omitempty" default:"true" doc:"not without packages"`
		LatestOnly    *bool  `json:"latest_only,omitempty" default:"true" doc:"of each package only the newest build"`
		InheritBuilds *bool  `json:"inherit_builds,omitempty" default:"true" doc:"the builds that the tag inherits as well"`
		Remove        bool   `json:"remove,omitempty" doc:"take builds out of the copy that the tag does not have"`
		Force         bool   `json:"force,omitempty" doc:"also from, or over, a locked tag"`
	}
}) (v tagView, err error) {
	const op = "rest.copyTag"
	b := &in.Body
	on := func(v *bool) bool { return v == nil || *v }
	if on(b.Builds) && !on(b.Packages) {
		return v, kura.Errorf(op, kura.Invalid, "builds cannot be copied to %s without packages: nobody would see them there", b.To)
	}
	_, err = tag.Get(ctx, c.tx, tag.ByName(b.To), 0)
	switch {
	case err == nil && !b.Existing:
		return v, kura.Errorf(op, kura.Exists, "Target tag already exists: %s; say existing to make it what %s is", b.To, in.Tag)
	case err != nil && (b.Existing || !kura.Is(err, kura.NotFound)):
		return v, err
	}
	src, dst, err := tag.Copy(ctx, c.tx, c.by, tag.ByName(in.Tag), b.To, tag.CopyOptions{Config: on(b.Config), Packages: on(b.Packages), Groups: on(b.Groups), At: in.Event, Force: b.Force})
	if err == nil && on(b.Builds) {
		err = build.CopyTagged(ctx, c.tx, c.by, src, dst, build.TagCopy{Inherit: on(b.InheritBuilds), Latest: on(b.LatestOnly), Remove: b.Remove})
	}
	if err != nil {
		return v, err
	}
	dst, err = tag.Get(ctx, c.tx, tag.ByID(dst.ID), 0)
	return viewTag(dst), err
}
