package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/event"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// repoPriority is that of tasks that make repositories: builds wait for them.
const repoPriority = 15

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
	t, want, o, err := h.wanted(ctx, c)
	if err != nil {
		return nil, err
	}
	if !c.Args.Bool("force") {
		r, err := bestRepo(ctx, c.Tx, t, moment(want.MinEvent), moment(want.AtEvent), o)
		if err != nil {
			return nil, err
		}
		if r != nil {
			s, err := repositoryStruct(ctx, c.Tx, r)
			return record("repo", s, "request", nil, "duplicate", false), err
		}
	}
	req, err := repo.OpenRequest(ctx, c.Tx, want)
	if err != nil {
		return nil, err
	}
	duplicate := req != nil
	switch {
	case !duplicate:
		req, err = h.ask(ctx, c, want)
	case want.Priority < req.Priority:
		req, err = h.hurry(ctx, c, req, want.Priority)
	}
	if err != nil {
		return nil, err
	}
	s, err := requestStruct(req)
	return record("repo", nil, "request", s, "duplicate", duplicate), err
}

// wanted reads a request. Without an event it is for the tag as it is now.
func (h Repos) wanted(ctx context.Context, c *Call) (t tag.Tag, want repo.Asked, o repo.Opts, err error) {
	const op = "koji.repo.request"
	ref, asked, at, prio := tagRef(c.Args, "tag"), repoOpts(c.Args), c.Args.OptInt("at_event"), c.Args.OptInt("priority")
	var least *int64
	last := c.Args.Any("min_event") == "last"
	if !last {
		least = c.Args.OptInt("min_event")
	}
	if err = c.Args.Err(); err != nil {
		return t, want, o, err
	}
	if at != nil && (least != nil || last) {
		return t, want, o, fault(parameterError, "The min_event and at_event options conflict")
	}
	for _, e := range []*int64{at, least} {
		if e == nil {
			continue
		}
		if _, err = event.Get(ctx, c.Tx, *e); kura.Is(err, kura.NotFound) {
			err = fault(parameterError, "Invalid event: %d", *e)
		}
		if err != nil {
			return t, want, o, err
		}
	}
	if t, err = tag.Get(ctx, c.Tx, ref, 0); err != nil {
		return t, want, o, err
	}
	if at == nil && least == nil {
		n, err := tag.LastChangeOf(ctx, c.Tx, tag.ByID(t.ID), 0, true)
		if err != nil {
			return t, want, o, err
		}
		least = &n
	}
	o = repo.OptsFor(t, asked)
	want = repo.Asked{Owner: c.Actor.ID, Tag: t.ID, AtEvent: at, MinEvent: least, Opts: o, Priority: task.DefaultPriority}
	if prio != nil {
		if *prio < 0 && !c.Actor.Has("admin") {
			return t, want, o, kura.Errorf(op, kura.Denied, "only admins may create high-priority requests")
		}
		want.Priority += int(*prio)
	}
	return t, want, o, nil
}

func (h Repos) ask(ctx context.Context, c *Call, want repo.Asked) (*repo.Request, error) {
	// The task comes sooner than others, as every repository's does; what was
	// said of the request's priority counts on top.
	priority := want.Priority - task.DefaultPriority + repoPriority
	made, err := h.Flow.NewRepo(ctx, c.Tx, c.Actor.ID, want.Tag, &priority, flow.RepoParams{
		Event: moment(want.AtEvent), Src: want.Opts.Src, Debuginfo: want.Opts.Debuginfo, SeparateSrc: want.Opts.SeparateSrc})
	if err != nil {
		return nil, err
	}
	want.Task = made.ID
	return repo.Ask(ctx, c.Tx, want)
}

// hurry makes a request, and its task, as urgent as the most urgent wish.
func (h Repos) hurry(ctx context.Context, c *Call, req *repo.Request, priority int) (*repo.Request, error) {
	if err := repo.SetRequestPriority(ctx, c.Tx, req.ID, priority); err != nil {
		return nil, err
	}
	if req.TaskID != nil {
		err := h.Tasks.SetPriority(ctx, c.Tx, *req.TaskID, priority-task.DefaultPriority+repoPriority, false)
		if err != nil && !kura.Is(err, kura.Conflict) {
			return nil, err
		}
	}
	return repo.GetRequest(ctx, c.Tx, req.ID)
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
		out[0].Value, err = repositoryStruct(ctx, c.Tx, r)
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
