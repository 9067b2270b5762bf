package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// buildView is a build as callers see it.
type buildView struct {
	ID         int64           `json:"id"`
	NVR        string          `json:"nvr"`
	Package    string          `json:"package"`
	Version    string          `json:"version"`
	Release    string          `json:"release"`
	Epoch      *int64          `json:"epoch,omitempty"`
	State      string          `json:"state" enum:"building,complete,deleted,failed,canceled"`
	Task       *int64          `json:"task,omitempty"`
	Owner      string          `json:"owner"`
	Created    time.Time       `json:"created"`
	Completed  *time.Time      `json:"completed,omitempty"`
	Source     *string         `json:"source,omitempty"`
	Volume     string          `json:"volume"`
	Path       string          `json:"path" doc:"below /kojifiles"`
	Draft      bool            `json:"draft"`
	Generator  *string         `json:"content_generator,omitempty"`
	Extra      json.RawMessage `json:"extra,omitempty"`
	TaggedIn   string          `json:"tagged_in,omitempty" doc:"in lists of a tag: the tag that holds it"`
	TagedEvent int64           `json:"tagged_event,omitempty"`
}

// states are the names of builds' states here.
var states = map[build.State]string{build.Building: "building", build.Complete: "complete", build.Deleted: "deleted", build.Failed: "failed", build.Canceled: "canceled"}

// when is a stored time that may be missing.
func when(micros *int64) *time.Time {
	if micros == nil {
		return nil
	}
	t := db.Time(*micros)
	return &t
}

func viewBuild(b *build.Build) buildView {
	return buildView{ID: b.ID, NVR: b.NVR(), Package: b.Name, Version: b.Version, Release: b.Release, Epoch: b.Epoch, State: states[b.State],
		Task: b.TaskID, Owner: b.OwnerName, Created: db.Time(b.CreateTime), Completed: when(b.CompletionTime), Source: b.Source,
		Volume: b.VolumeName, Path: b.Path(), Draft: b.Draft, Generator: b.CGName, Extra: b.Extra}
}

func viewTagged(b *build.Tagged) buildView {
	v := viewBuild(b.Build)
	v.TaggedIn, v.TagedEvent = b.TagName, b.CreateEvent
	return v
}

// InBuild names a build in a path.
type InBuild struct {
	Build string `path:"build" doc:"the build's number, or its name-version-release"`
}

func (in *InBuild) find(ctx context.Context, c *call) (*build.Build, error) {
	if id, err := strconv.ParseInt(in.Build, 10, 64); err == nil {
		return build.Get(ctx, c.tx, id)
	}
	n, err := rpm.ParseNVR(in.Build)
	if err != nil {
		return nil, kura.Errorf("rest.build", kura.NotFound, "No such build: %.200s: it is neither a number nor a name-version-release", in.Build)
	}
	return build.ByNVR(ctx, c.tx, n)
}

func (s *Server) builds() {
	read(s, "list-builds", listBuilds)
	read(s, "get-build", func(ctx context.Context, c *call, in *InBuild) (v buildView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		return viewBuild(b), nil
	})
	read(s, "list-build-rpms", func(ctx context.Context, c *call, in *InBuild) (page pageOf[rpmView], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := build.ListRPMs(ctx, c.tx, build.RPMFilter{BuildID: b.ID})
		page.Items = []rpmView{}
		for _, r := range all {
			page.Items = append(page.Items, viewRPM(r))
		}
		return page, err
	})
	read(s, "list-build-tags", func(ctx context.Context, c *call, in *InBuild) (page pageOf[packageView], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := build.TagsOf(ctx, c.tx, b.ID, 0)
		page.Items = []packageView{}
		for _, t := range all {
			page.Items = append(page.Items, packageView{t.ID, t.Name})
		}
		return page, err
	})
	write(s, "cancel-build", http.StatusOK, func(ctx context.Context, c *call, in *InBuild) (v buildView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		if b.OwnerID != c.by.ID && !c.by.Has(account.Admin) {
			return v, kura.Errorf("rest.cancel", kura.Denied, "Cannot cancel build, not owner")
		}
		if b.State != build.Building {
			return v, kura.Errorf("rest.cancel", kura.Conflict, "build %s is %s", b.NVR(), states[b.State])
		}
		if b, err = build.SetState(ctx, c.tx, b.ID, build.Canceled); err != nil {
			return v, err
		}
		if b.TaskID != nil {
			if _, err := s.Tasks.CancelFull(ctx, c.tx, *b.TaskID, false); err != nil {
				return v, err
			}
		}
		return viewBuild(b), nil
	})
	write(s, "promote-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Force bool `query:"force" doc:"for administrators: past what the policy forbids"`
	}) (v buildView, err error) {
		b, err := in.find(ctx, c)
		if err == nil {
			b, err = s.Flow.Promote(ctx, c.tx, c.by, b, in.Force)
		}
		if err != nil {
			return v, err
		}
		return viewBuild(b), nil
	})
	s.tagged()
}

// listBuilds gives builds by their numbers, which rise.
func listBuilds(ctx context.Context, c *call, in *struct {
	Paging
	Package   string `query:"package"`
	Owner     string `query:"owner"`
	State     string `query:"state" enum:"building,complete,deleted,failed,canceled"`
	Untagged  bool   `query:"untagged" doc:"only those that no tag holds"`
	Type      string `query:"type" doc:"only those of a type: image"`
	Task      int64  `query:"task" minimum:"0" doc:"that this task made"`
	Volume    string `query:"volume"`
	Source    string `query:"source" doc:"a glob"`
	Draft     string `query:"draft" enum:"true,false" doc:"only drafts, or only others"`
	Pattern   string `query:"pattern" doc:"a glob on name-version-release"`
	Generator string `query:"content_generator" doc:"that made them"`

	After         time.Time `query:"completed_after"`
	Before        time.Time `query:"completed_before"`
	CreatedAfter  time.Time `query:"created_after"`
	CreatedBefore time.Time `query:"created_before"`
}) (page pageOf[buildView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	page.Items = []buildView{}
	f := build.Filter{BeforeID: m.ID, Pattern: in.Pattern, Newest: true, Limit: int64(in.Limit) + 1, Package: in.Package,
		Untagged: in.Untagged, Type: in.Type, TaskID: in.Task, Source: in.Source}
	if in.Volume != "" {
		v, err := build.GetVolume(ctx, c.tx, tag.ByName(in.Volume))
		if err != nil {
			return page, err
		}
		f.VolumeID = &v.ID
	}
	if in.Owner != "" {
		u, err := account.Get(ctx, c.tx, account.ByName(in.Owner))
		if err != nil {
			return page, err
		}
		f.UserID = u.ID
	}
	for st, name := range states {
		if name == in.State {
			f.State = &st
		}
	}
	f.Draft = choice(in.Draft)
	if in.Generator != "" {
		g, err := build.GetGenerator(ctx, c.tx, account.ByName(in.Generator))
		if err != nil {
			return page, err
		}
		f.CGID = g.ID
	}
	f.CompletedAfter, f.CompletedBefore = micros(in.After), micros(in.Before)
	f.CreatedAfter, f.CreatedBefore = micros(in.CreatedAfter), micros(in.CreatedBefore)
	got, err := build.List(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return full(&in.Paging, got, func(b *build.Build) mark { return mark{ID: b.ID} }, viewBuild), nil
}
