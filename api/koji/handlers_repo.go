package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// Repos carries out what concerns repositories.
type Repos struct {
	Flow  *flow.Flow
	Tasks *task.Room
}

// Handlers are the methods.
func (h Repos) Handlers() Handlers {
	return Handlers{
		"newRepo":           h.make,
		"distRepo":          h.dist,
		"repoInfo":          h.info,
		"getRepo":           h.latest,
		"repo.get":          h.get,
		"repo.request":      h.request,
		"repo.checkRequest": h.check,

		"repo.query":               h.query,
		"repo.queryQueue":          h.queryQueue,
		"repo.references":          h.references,
		"repo.setState":            h.setState,
		"repo.setRequestPriority":  h.setPriority,
		"repo.updateEndEvents":     h.updateEnds,
		"repo.autoRequests":        h.auto,
		"repo.checkQueue":          h.checkQueue,
		"repo.getExternalRepoData": h.externalData,
		"repo.setExternalRepoData": h.setExternalData,
		"getActiveRepos":           h.active,
		"repoExpire":               h.become(repo.Expired),
		"repoProblem":              h.become(repo.Problem),
		"repoDelete":               h.delete,
	}
}

// repositoryStruct is how Koji shows a repository.
func repositoryStruct(r *repo.Repo) (xmlrpc.Struct, error) {
	opts, err := stored(r.Opts)
	if err != nil {
		return nil, err
	}
	custom, err := stored(r.CustomOpts)
	if err != nil {
		return nil, err
	}
	return record("id", r.ID, "tag_id", r.TagID, "tag_name", r.TagName,
		"creation_time", TimeText(r.CreateTime), "creation_ts", TimeTS(r.CreateTime),
		"state_time", TimeText(r.StateTime), "state_ts", TimeTS(r.StateTime),
		"create_event", r.CreateEvent, "create_ts", TimeTS(r.EventTime),
		"begin_event", deref(r.BeginEvent), "begin_ts", TimeTS(moment(r.BeginTime)),
		"end_event", deref(r.EndEvent), "end_ts", TimeTS(moment(r.EndTime)),
		"state", int(r.State), "dist", r.Dist, "opts", opts, "custom_opts", custom,
		"task_id", deref(r.TaskID), "task_state", deref(r.TaskState)), nil
}

// shown gives a repository that was looked for; nil is none.
func shown(r *repo.Repo, err error) (any, error) {
	if err != nil || r == nil {
		return nil, err
	}
	return repositoryStruct(r)
}

func (Repos) info(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.OptInt("repo_id"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, err := repo.Get(ctx, c.Tx, moment(id))
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	return repositoryStruct(r)
}

// latest gives the repository of a tag that was made last: a ready one, or any
// that was made at an event up to the one given.
func (Repos) latest(ctx context.Context, c *Call) (any, error) {
	ref, state, until, dist := tagRef(c.Args, "tag"), c.Args.OptInt("state"), c.Args.Event("event"), c.Args.Bool("dist")
	f := repo.Filter{Dist: &dist, MinEvent: c.Args.Event("min_event"), UntilEvent: until, ByTime: true, Limit: 1}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Lookup(ctx, c.Tx, ref)
	if err != nil {
		return nil, err
	}
	f.TagID = t.ID
	if until == 0 {
		f.States = []int{int(repo.Ready)}
		if state != nil {
			f.States = []int{int(*state)}
		}
	}
	got, err := repo.List(ctx, c.Tx, f)
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return repositoryStruct(got[0])
}

// repoOpts reads the options of a request.
func repoOpts(a *Args) map[string]bool {
	out := map[string]bool{}
	for name, v := range a.Map("opts") {
		switch {
		case name != "src" && name != "debuginfo" && name != "separate_src" && name != "maven":
			if a.err == nil {
				a.err = fault(parameterError, "Invalid repo option: %s", name)
			}
		case v != nil:
			out[name] = truthy(v)
		}
	}
	if out["maven"] && a.err == nil {
		a.err = kura.Errorf("koji.repo", kura.Invalid, "Maven support not enabled")
	}
	return out
}

// get gives the best ready repository for a tag, or one with its contents at
// an event.
func (Repos) get(ctx context.Context, c *Call) (any, error) {
	ref, least, at, asked := tagRef(c.Args, "tag"), c.Args.Event("min_event"), c.Args.Event("at_event"), repoOpts(c.Args)
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	r, err := repo.Best(ctx, c.Tx, t.ID, least, at, repo.OptsFor(t, asked))
	return shown(r, err)
}

func (h Repos) make(ctx context.Context, c *Call) (any, error) {
	ref, at := tagRef(c.Args, "tag"), c.Args.Event("event")
	p := flow.RepoParams{Event: at, Src: c.Args.Bool("src"), Debuginfo: c.Args.Bool("debuginfo"), SeparateSrc: c.Args.Bool("separate_src")}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	made, err := h.Flow.Regenerate(ctx, c.Tx, c.Actor, ref, p)
	if err != nil {
		return nil, err
	}
	return made.ID, nil
}

// dist makes a distribution repository. The options are keywords.
func (h Repos) dist(ctx context.Context, c *Call) (any, error) {
	ref, keys := tagRef(c.Args, "tag"), c.Args.Strings("keys")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	of, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	if err := h.Flow.Policies().DistRepo(ctx, c.Tx, c.Actor, of); err != nil {
		return nil, err
	}
	o, err := distOpts(c.Args.Keywords)
	if err != nil {
		return nil, err
	}
	t, err := h.Flow.DistRepo(ctx, c.Tx, c.Actor.ID, ref, keys, o)
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}
