package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// repoView is a repository as callers see it.
type repoView struct {
	ID         int64           `json:"id"`
	Tag        string          `json:"tag"`
	Event      int64           `json:"event" doc:"whose contents it has"`
	BeginEvent *int64          `json:"begin_event,omitempty" doc:"since when the tag was as it shows it"`
	EndEvent   *int64          `json:"end_event,omitempty" doc:"when the tag changed after it"`
	State      string          `json:"state" enum:"init,ready,expired,deleted,problem"`
	StateSince time.Time       `json:"state_since"`
	Dist       bool            `json:"dist" doc:"it is for people, signed, and not for builds"`
	Options    json.RawMessage `json:"options,omitempty"`
	Task       *int64          `json:"task,omitempty"`
	Created    time.Time       `json:"created"`
	Path       string          `json:"path" doc:"below /kojifiles"`
}

func viewRepo(r *repo.Repo) repoView {
	return repoView{ID: r.ID, Tag: r.TagName, Event: r.CreateEvent, BeginEvent: r.BeginEvent, EndEvent: r.EndEvent,
		State: strings.ToLower(r.State.String()), StateSince: db.Time(r.StateTime), Dist: r.Dist, Options: r.Opts, Task: r.TaskID,
		Created: db.Time(r.CreateTime), Path: r.Path()}
}

// repoStates are the states by their names here.
var repoStates = map[string]repo.State{"init": repo.Init, "ready": repo.Ready, "expired": repo.Expired, "deleted": repo.Deleted, "problem": repo.Problem}

// ByNumber names something by its number in a path.
type ByNumber struct {
	ID int64 `path:"id" minimum:"1"`
}

// RepoContent says what a repository is to hold beside packages for roots;
// what is not said is as the tag's settings have it.
type RepoContent struct {
	Source      *bool `json:"source,omitempty" doc:"source packages"`
	Debuginfo   *bool `json:"debuginfo,omitempty"`
	SeparateSrc *bool `json:"separate_source,omitempty" doc:"source packages in a directory of their own"`
}

func (r *RepoContent) asked() map[string]bool {
	out := map[string]bool{}
	for name, v := range map[string]*bool{"src": r.Source, "debuginfo": r.Debuginfo, "separate_src": r.SeparateSrc} {
		if v != nil {
			out[name] = *v
		}
	}
	return out
}

func (s *Server) repos() {
	read(s, "list-repos", listRepos)
	read(s, "get-repo", func(ctx context.Context, c *call, in *ByNumber) (v repoView, err error) {
		r, err := repo.Get(ctx, c.tx, in.ID)
		if err != nil {
			return v, err
		}
		return viewRepo(r), nil
	})
	read(s, "find-repo", func(ctx context.Context, c *call, in *struct {
		InTag
		MinEvent    int64 `query:"min_event" minimum:"0" doc:"it shows the tag as it was at this event or later"`
		AtEvent     int64 `query:"at_event" minimum:"0" doc:"it shows the tag as it was at this event"`
		Source      bool  `query:"source" doc:"with source packages"`
		Debuginfo   bool  `query:"debuginfo"`
		SeparateSrc bool  `query:"separate_source"`
	}) (v repoView, err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		if err != nil {
			return v, err
		}
		asked := map[string]bool{}
		for name, on := range map[string]bool{"src": in.Source, "debuginfo": in.Debuginfo, "separate_src": in.SeparateSrc} {
			if on {
				asked[name] = true
			}
		}
		r, err := repo.Best(ctx, c.tx, t.ID, in.MinEvent, in.AtEvent, repo.OptsFor(t, asked))
		if err == nil && r == nil {
			err = kura.Errorf("rest.repo", kura.NotFound, "tag %s has no such repository: request one", t.Name)
		}
		if err != nil {
			return v, err
		}
		return viewRepo(r), nil
	})
	read(s, "list-repo-users", func(ctx context.Context, c *call, in *ByNumber) (page pageOf[repoUserView], err error) {
		if _, err := repo.Get(ctx, c.tx, in.ID); err != nil {
			return page, err
		}
		all, err := repo.References(ctx, c.tx, in.ID)
		page.Items = []repoUserView{}
		for _, r := range all {
			page.Items = append(page.Items, repoUserView{r.Buildroot, r.Host, r.Task, r.CreateEvent})
		}
		return page, err
	})
	write(s, "set-repo-state", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		ByNumber
		Body struct {
			State string `json:"state" enum:"expired,deleted,problem" doc:"one that is used is not deleted"`
		}
	}) (v repoView, err error) {
		r, err := repo.Get(ctx, c.tx, in.ID)
		if err != nil {
			return v, err
		}
		to := repoStates[in.Body.State]
		if to != repo.Deleted {
			err = repo.SetState(ctx, c.tx, r, to)
		} else if r.State != repo.Deleted {
			var users []repo.Reference
			if users, err = repo.Discard(ctx, c.tx, r); err == nil && len(users) > 0 {
				err = kura.Errorf("rest.repo", kura.Conflict, "repo %d is used by %d buildroots", r.ID, len(users))
			}
		}
		if err != nil {
			return v, err
		}
		return viewRepo(r), nil
	})
	s.makeRepos()
	s.repoRequests()
}

// repoUserView is a root that is being made from a repository.
type repoUserView struct {
	Buildroot int64  `json:"buildroot"`
	Host      *int64 `json:"host,omitempty"`
	Task      *int64 `json:"task,omitempty"`
	Event     int64  `json:"create_event"`
}

func listRepos(ctx context.Context, c *call, in *struct {
	Paging
	Tag   string `query:"tag"`
	State string `query:"state" enum:"init,ready,expired,deleted,problem"`
	Dist  string `query:"dist" enum:"true,false" doc:"only those for people, or only those for builds"`
	Task  int64  `query:"task" minimum:"0" doc:"that this task made"`
}) (page pageOf[repoView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	f := repo.Filter{TaskID: in.Task, ByID: true, BeforeID: m.ID, Limit: int64(in.Limit) + 1}
	if f.TagID, err = tagNumber(ctx, c, in.Tag); err != nil {
		return page, err
	}
	if in.State != "" {
		f.States = []int{int(repoStates[in.State])}
	}
	f.Dist = choice(in.Dist)
	got, err := repo.List(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return full(&in.Paging, got, func(r *repo.Repo) mark { return mark{ID: r.ID} }, viewRepo), nil
}

func (s *Server) makeRepos() {
	write(s, "start-repo", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Tag         string `json:"tag" minLength:"1"`
			Event       int64  `json:"event,omitempty" minimum:"0" doc:"the tag as it was then"`
			Source      bool   `json:"source,omitempty" doc:"with source packages"`
			Debuginfo   bool   `json:"debuginfo,omitempty"`
			SeparateSrc bool   `json:"separate_source,omitempty"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		made, err := s.Flow.Regenerate(ctx, c.tx, c.by, tag.ByName(b.Tag), flow.RepoParams{Event: b.Event, Src: b.Source, Debuginfo: b.Debuginfo, SeparateSrc: b.SeparateSrc})
		if err != nil {
			return v, err
		}
		return viewTask(made), nil
	})
	write(s, "start-dist-repo", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Tag            string   `json:"tag" minLength:"1"`
			Keys           []string `json:"keys" doc:"names or ids of signing keys, the wanted ones first"`
			Arches         []string `json:"arches,omitempty" doc:"none: the tag's"`
			Event          int64    `json:"event,omitempty" minimum:"0" doc:"the tag as it was then"`
			Inherit        *bool    `json:"inherit,omitempty" doc:"none: yes"`
			Latest         *bool    `json:"latest,omitempty" doc:"of each package only the newest; none: yes"`
			SplitDebuginfo bool     `json:"split_debuginfo,omitempty"`
			SkipUnsigned   bool     `json:"skip_missing_signatures,omitempty" doc:"leave packages out that none of the keys signed"`
			AllowUnsigned  bool     `json:"allow_missing_signatures,omitempty" doc:"take them as they are"`
			WriteSigned    bool     `json:"write_signed_rpms,omitempty" doc:"write signed copies that are not there yet"`
			Comps          string   `json:"comps,omitempty" doc:"path of an upload below work/"`
			Multilib       string   `json:"multilib,omitempty" doc:"path of an upload below work/: python-multilib's configuration"`
		}
	}) (v taskView, err error) {
		b := &in.Body
		made, err := s.Flow.DistRepo(ctx, c.tx, c.by.ID, tag.ByName(b.Tag), b.Keys, repo.DistOpts{Arch: b.Arches, Comps: b.Comps, Event: b.Event, Inherit: b.Inherit, Latest: b.Latest,
			SplitDebuginfo: b.SplitDebuginfo, SkipMissingSignatures: b.SkipUnsigned, AllowMissingSignatures: b.AllowUnsigned, WriteSignedRPMs: b.WriteSigned, Multilib: b.Multilib})
		if err != nil {
			return v, err
		}
		return viewTask(made), nil
	})
}
