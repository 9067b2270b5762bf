package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// requestStruct is how Koji shows a request for a repository.
func requestStruct(r *repo.Request) (xmlrpc.Struct, error) {
	opts, err := stored(r.Opts)
	return record("id", r.ID, "create_time", TimeText(r.CreateTime), "create_ts", TimeTS(r.CreateTime),
		"owner", deref(r.Owner), "owner_name", deref(r.OwnerName), "priority", r.Priority,
		"tag_id", r.TagID, "tag_name", r.TagName, "at_event", deref(r.AtEvent), "min_event", deref(r.MinEvent), "opts", opts,
		"update_time", TimeText(r.UpdateTime), "update_ts", TimeTS(r.UpdateTime), "active", r.Active,
		"task_id", deref(r.TaskID), "task_state", deref(r.TaskState), "tries", r.Tries, "repo_id", deref(r.RepoID)), err
}

// request gives a repository that there is, or has one made, and keeps the
// wish so that its fate can be asked.
func (h Repos) request(ctx context.Context, c *Call) (any, error) {
	want, err := h.wanted(ctx, c)
	if err != nil {
		return nil, err
	}
	w, err := h.Flow.RequestRepo(ctx, c.Tx, c.Actor, want, c.Args.Bool("force"))
	if err != nil {
		return nil, err
	}
	if w.Repo != nil {
		s, err := repositoryStruct(w.Repo)
		return record("repo", s, "request", nil, "duplicate", false), err
	}
	s, err := requestStruct(w.Request)
	return record("repo", nil, "request", s, "duplicate", w.Duplicate), err
}

// wanted reads a request.
func (h Repos) wanted(ctx context.Context, c *Call) (want repo.Asked, err error) {
	ref, asked, prio := tagRef(c.Args, "tag"), repoOpts(c.Args), c.Args.OptInt("priority")
	want.AtEvent = c.Args.OptInt("at_event")
	last := c.Args.Any("min_event") == "last"
	if !last {
		want.MinEvent = c.Args.OptInt("min_event")
	}
	if err = c.Args.Err(); err != nil {
		return want, err
	}
	if want.AtEvent != nil && (want.MinEvent != nil || last) {
		return want, fault(parameterError, "The min_event and at_event options conflict")
	}
	for _, e := range []*int64{want.AtEvent, want.MinEvent} {
		if e == nil {
			continue
		}
		if _, err = event.Get(ctx, c.Tx, *e); kura.Is(err, kura.NotFound) {
			err = fault(parameterError, "Invalid event: %d", *e)
		}
		if err != nil {
			return want, err
		}
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return want, err
	}
	want.Tag, want.Opts, want.Priority = t.ID, repo.OptsFor(t, asked), int(moment(prio))
	return want, nil
}

func (h Repos) check(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("req_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	req, err := repo.GetRequest(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	s, err := requestStruct(req)
	if err != nil {
		return nil, err
	}
	out := record("repo", nil, "request", s)
	switch {
	case req.RepoID != nil:
		r, err := repo.Get(ctx, c.Tx, *req.RepoID)
		if err != nil {
			return nil, err
		}
		out[0].Value, err = repositoryStruct(r)
		return out, err
	case req.TaskID != nil:
		t, err := task.Get(ctx, c.Tx, *req.TaskID)
		if err != nil {
			return nil, err
		}
		out = append(out, xmlrpc.Member{Name: "task", Value: taskStruct(t)})
	}
	return out, nil
}
