package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// requestView is somebody's wish for a repository, and what became of it.
type requestView struct {
	ID       int64           `json:"id,omitempty" doc:"none: there was a repository already"`
	Tag      string          `json:"tag"`
	Owner    *string         `json:"owner,omitempty"`
	AtEvent  *int64          `json:"at_event,omitempty"`
	MinEvent *int64          `json:"min_event,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"`
	Priority int             `json:"priority,omitempty" doc:"a smaller one comes first"`
	Active   bool            `json:"active" doc:"its task goes on"`
	Created  *time.Time      `json:"created,omitempty"`
	Task     *int64          `json:"task,omitempty"`
	State    string          `json:"task_state,omitempty" enum:"free,open,closed,canceled,assigned,failed"`
	Same     bool            `json:"duplicate,omitempty" doc:"somebody asked for the same before"`
	Repo     *repoView       `json:"repo,omitempty" doc:"once it is made"`
}

func viewRequest(r *repo.Request) requestView {
	v := requestView{ID: r.ID, Tag: r.TagName, Owner: r.OwnerName, AtEvent: r.AtEvent, MinEvent: r.MinEvent, Options: r.Opts, Priority: r.Priority,
		Active: r.Active, Created: new(db.Time(r.CreateTime)), Task: r.TaskID}
	if r.TaskState != nil {
		v.State = taskStates[task.State(*r.TaskState)]
	}
	return v
}

func (s *Server) repoRequests() {
	read(s, "list-repo-requests", func(ctx context.Context, c *call, in *struct {
		Paging
		Tag  string `query:"tag"`
		Open bool   `query:"open" doc:"only those whose task goes on"`
	}) (page pageOf[requestView], err error) {
		m, err := in.mark()
		if err != nil {
			return page, err
		}
		f := repo.RequestFilter{Open: in.Open, Asked: db.Asked{Order: []string{"id"}, Limit: int64(in.Limit) + 1}}
		if m.ID != 0 {
			f.Asked.Clauses = []db.Clause{{Field: "id", Op: ">", Value: m.ID}}
		}
		if in.Tag != "" {
			n, err := tag.Lookup(ctx, c.tx, tag.ByName(in.Tag))
			if err != nil {
				return page, err
			}
			f.TagID = n.ID
		}
		all, err := repo.Requests(ctx, c.tx, f)
		if err != nil {
			return page, err
		}
		return full(&in.Paging, all, func(r *repo.Request) mark { return mark{ID: r.ID} }, viewRequest), nil
	})
	read(s, "get-repo-request", func(ctx context.Context, c *call, in *ByNumber) (v requestView, err error) {
		r, err := repo.GetRequest(ctx, c.tx, in.ID)
		if err != nil {
			return v, err
		}
		v = viewRequest(r)
		if r.RepoID == nil {
			return v, nil
		}
		made, err := repo.Get(ctx, c.tx, *r.RepoID)
		if err != nil {
			return v, err
		}
		v.Repo = new(viewRepo(made))
		return v, nil
	})
	write(s, "request-repo", http.StatusCreated, s.requestRepo)
	write(s, "set-repo-request-priority", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		ByNumber
		Body struct {
			Priority int `json:"priority" doc:"a smaller one comes first; 20 is usual"`
		}
	}) (v requestView, err error) {
		r, err := repo.GetRequest(ctx, c.tx, in.ID)
		if err == nil {
			r, err = s.Flow.HurryRepo(ctx, c.tx, r, in.Body.Priority)
		}
		if err != nil {
			return v, err
		}
		return viewRequest(r), nil
	})
}

func (s *Server) requestRepo(ctx context.Context, c *call, in *struct {
	Body struct {
		RepoContent
		Tag      string `json:"tag" minLength:"1"`
		MinEvent *int64 `json:"min_event,omitempty" minimum:"1" doc:"the tag as it was then or later"`
		AtEvent  *int64 `json:"at_event,omitempty" minimum:"1" doc:"the tag as it was then; neither of both: as it is now"`
		Priority int    `json:"priority,omitempty" doc:"beside the usual one; below 0 is for administrators"`
		Force    bool   `json:"force,omitempty" doc:"a new one, even if there is one"`
	}
}) (v requestView, err error) {
	b := &in.Body
	if b.MinEvent != nil && b.AtEvent != nil {
		return v, kura.Errorf("rest.requestRepo", kura.Invalid, "min_event and at_event exclude each other")
	}
	for _, e := range []*int64{b.MinEvent, b.AtEvent} {
		if e == nil {
			continue
		}
		if _, err := event.Get(ctx, c.tx, *e); err != nil {
			return v, err
		}
	}
	t, err := tag.Get(ctx, c.tx, tag.ByName(b.Tag), 0)
	if err != nil {
		return v, err
	}
	w, err := s.Flow.RequestRepo(ctx, c.tx, c.by, repo.Asked{Tag: t.ID, MinEvent: b.MinEvent, AtEvent: b.AtEvent, Opts: repo.OptsFor(t, b.asked()), Priority: b.Priority}, b.Force)
	if err != nil {
		return v, err
	}
	if w.Repo != nil {
		return requestView{Tag: t.Name, Repo: new(viewRepo(w.Repo))}, nil
	}
	v = viewRequest(w.Request)
	v.Same = w.Duplicate
	return v, nil
}
