package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// query gives the repositories that meet clauses.
func (Repos) query(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "tag_id", "create_event", "state", "dist", "task_id", "opts", "custom_opts")
	if err != nil {
		return nil, err
	}
	f := repo.Filter{Asked: v.ask(repo.Fields)}
	if v.counts() {
		n, err := repo.Count(ctx, c.Tx, f)
		return v.opts.part(n), err
	}
	all, err := repo.List(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	return viewOf(v, all, repositoryStruct)
}

// queryQueue gives the requests for repositories that meet clauses.
func (Repos) queryQueue(ctx context.Context, c *Call) (any, error) {
	v, err := readView(c.Args, "id", "tag_id", "at_event", "min_event", "create_ts", "task_id", "tries", "repo_id", "opts", "active", "update_ts")
	if err != nil {
		return nil, err
	}
	f := repo.RequestFilter{Asked: v.ask(repo.RequestFields)}
	if v.counts() {
		n, err := repo.CountRequests(ctx, c.Tx, f)
		return v.opts.part(n), err
	}
	all, err := repo.Requests(ctx, c.Tx, f)
	if err != nil {
		return nil, err
	}
	return viewOf(v, all, requestStruct)
}

// active are the repositories that are not deleted.
func (Repos) active(ctx context.Context, c *Call) (any, error) {
	all, err := repo.List(ctx, c.Tx, repo.Filter{States: []int{int(repo.Init), int(repo.Ready), int(repo.Expired), int(repo.Problem)}})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y *repo.Repo) int { return compare(x.ID, y.ID, 1) })
	return rowsOf(QueryOpts{Limit: -1}, each(all), func(r *repo.Repo) (xmlrpc.Struct, error) {
		opts, err := stored(r.Opts)
		return record("id", r.ID, "tag_id", r.TagID, "tag_name", r.TagName, "create_event", r.CreateEvent, "create_ts", TimeTS(r.EventTime),
			"creation_ts", TimeTS(r.CreateTime), "state_ts", TimeTS(r.StateTime), "state", int(r.State), "dist", r.Dist,
			"task_id", deref(r.TaskID), "end_event", deref(r.EndEvent), "opts", opts), err
	})
}

func (Repos) references(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("repo_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	all, err := repo.References(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	return rowsOf(QueryOpts{Limit: -1}, each(all), func(r repo.Reference) (xmlrpc.Struct, error) {
		return record("id", r.Buildroot, "host_id", deref(r.Host), "task_id", deref(r.Task), "create_event", r.CreateEvent, "state", r.State), nil
	})
}

// become moves a repository to a state, which one call is for.
func (Repos) become(to repo.State) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		r, err := repoArg(ctx, c)
		if err != nil {
			return nil, err
		}
		return nothing(repo.SetState(ctx, c.Tx, r, to))
	}
}

func repoArg(ctx context.Context, c *Call) (*repo.Repo, error) {
	id := c.Args.Int("repo_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return repo.Get(ctx, c.Tx, id)
}

func (Repos) setState(ctx context.Context, c *Call) (any, error) {
	n := c.Args.Int("state")
	r, err := repoArg(ctx, c)
	if err != nil {
		return nil, err
	}
	if n < int64(repo.Init) || n > int64(repo.Problem) {
		return nil, fault(parameterError, "Unknown repo state: %d", n)
	}
	return nothing(repo.SetState(ctx, c.Tx, r, repo.State(n)))
}

// delete deletes a repository that nothing uses, and says how many use it.
func (Repos) delete(ctx context.Context, c *Call) (any, error) {
	r, err := repoArg(ctx, c)
	if err != nil {
		return nil, err
	}
	refs, err := repo.Discard(ctx, c.Tx, r)
	return len(refs), err
}

// setPriority changes the priority of a request and of its task.
func (h Repos) setPriority(ctx context.Context, c *Call) (any, error) {
	id, priority := c.Args.Int("req_id"), c.Args.Int("priority")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	req, err := repo.GetRequest(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	_, err = h.Flow.HurryRepo(ctx, c.Tx, req, int(priority))
	return nothing(err)
}

// updateEnds notes for ready repositories at which event their tag changed.
func (Repos) updateEnds(ctx context.Context, c *Call) (any, error) {
	all, err := repo.List(ctx, c.Tx, repo.Filter{States: []int{int(repo.Ready)}})
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.EndEvent != nil {
			continue
		}
		end, err := tag.FirstChangeOf(ctx, c.Tx, tag.ByID(r.TagID), r.CreateEvent, true)
		if err != nil {
			return nil, err
		}
		if end == 0 {
			continue
		}
		if err := repo.SetEnd(ctx, c.Tx, r.ID, end); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// auto asks for repositories of the tags that are set to have them made by
// themselves (repo.auto), where the tag has changed.
func (h Repos) auto(ctx context.Context, c *Call) (any, error) {
	all, err := tag.List(ctx, c.Tx, tag.Query{})
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t, err = tag.Get(ctx, c.Tx, tag.ByID(t.ID), 0); err != nil {
			return nil, err
		}
		if !truthy(t.Extra["repo.auto"]) {
			continue
		}
		last, err := tag.LastChangeOf(ctx, c.Tx, tag.ByID(t.ID), 0, true)
		if err != nil {
			return nil, err
		}
		o := repo.OptsFor(t, nil)
		found, err := repo.Best(ctx, c.Tx, t.ID, last, 0, o)
		if err != nil {
			return nil, err
		}
		want := repo.Asked{Owner: c.Actor.ID, Tag: t.ID, MinEvent: &last, Opts: o, Priority: task.DefaultPriority + 5}
		req, err := repo.OpenRequest(ctx, c.Tx, want)
		if err != nil {
			return nil, err
		}
		if found == nil && req == nil {
			if _, err := h.Flow.AskRepo(ctx, c.Tx, want); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// checkQueue has nothing to do: each request has its task from the start.
func (Repos) checkQueue(context.Context, *Call) (any, error) { return nil, nil }

// externalData is what Koji's repository daemon noted of an external
// repository; kura itself reads external repositories when it needs them.
func (Repos) externalData(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "erepo")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, err := tag.GetExternalRepo(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	data, err := tag.Seen(ctx, c.Tx, r)
	if err != nil {
		return nil, err
	}
	return stored(data)
}

func (Repos) setExternalData(ctx context.Context, c *Call) (any, error) {
	ref, data := tagRef(c.Args, "external_repo_id"), c.Args.Map("data")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, err := tag.GetExternalRepo(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	return nothing(tag.SetSeen(ctx, c.Tx, c.Actor, r, data))
}
