package flow

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// repoPriority is that of tasks that make repositories: builds wait for them.
const repoPriority = 15

// Regenerate makes a task that makes a repository of a tag, as the tag's
// settings want it and with what is asked for besides.
func (f *Flow) Regenerate(ctx context.Context, tx *db.Tx, by account.Actor, ref tag.Ref, p RepoParams) (*task.Task, error) {
	t, err := tag.Get(ctx, tx, ref, p.Event)
	if err != nil {
		return nil, err
	}
	o := repo.OptsFor(t, map[string]bool{})
	p.Src, p.Debuginfo, p.SeparateSrc = p.Src || o.Src, p.Debuginfo || o.Debuginfo, p.SeparateSrc || o.SeparateSrc
	return f.NewRepo(ctx, tx, by.ID, t.ID, new(repoPriority), p)
}

// Wanted is what came of a wish for a repository: one that there is, or else
// the request under which one is made.
type Wanted struct {
	Repo      *repo.Repo
	Request   *repo.Request
	Duplicate bool // somebody asked for the same before
}

// RequestRepo gives a repository that there is, unless a new one is forced, or
// has one made, and keeps the wish so that its fate can be asked. Without an
// event it is for the tag as it is now. The priority is beside the usual one.
func (f *Flow) RequestRepo(ctx context.Context, tx *db.Tx, by account.Actor, want repo.Asked, force bool) (Wanted, error) {
	var err error
	if want.Priority, err = task.Beside(by, int64(want.Priority), "requests"); err != nil {
		return Wanted{}, err
	}
	want.Owner = by.ID
	if want.AtEvent == nil && want.MinEvent == nil {
		n, err := tag.LastChangeOf(ctx, tx, tag.ByID(want.Tag), 0, true)
		if err != nil {
			return Wanted{}, err
		}
		want.MinEvent = &n
	}
	if !force {
		r, err := repo.Best(ctx, tx, want.Tag, number(want.MinEvent), number(want.AtEvent), want.Opts)
		if err != nil || r != nil {
			return Wanted{Repo: r}, err
		}
	}
	req, err := repo.OpenRequest(ctx, tx, want)
	if err != nil {
		return Wanted{}, err
	}
	w := Wanted{Request: req, Duplicate: req != nil}
	switch {
	case !w.Duplicate:
		w.Request, err = f.AskRepo(ctx, tx, want)
	case want.Priority < req.Priority:
		w.Request, err = f.HurryRepo(ctx, tx, req, want.Priority)
	}
	return w, err
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// AskRepo makes the task of a wish that nothing meets, and keeps the wish.
func (f *Flow) AskRepo(ctx context.Context, tx *db.Tx, want repo.Asked) (*repo.Request, error) {
	// The task comes sooner than others, as every repository's does; what was
	// said of the request's priority counts on top.
	priority := want.Priority - task.DefaultPriority + repoPriority
	made, err := f.NewRepo(ctx, tx, want.Owner, want.Tag, &priority, RepoParams{
		Event: number(want.AtEvent), Src: want.Opts.Src, Debuginfo: want.Opts.Debuginfo, SeparateSrc: want.Opts.SeparateSrc})
	if err != nil {
		return nil, err
	}
	want.Task = made.ID
	return repo.Ask(ctx, tx, want)
}

// HurryRepo changes the priority of a request and of its task.
func (f *Flow) HurryRepo(ctx context.Context, tx *db.Tx, req *repo.Request, priority int) (*repo.Request, error) {
	if err := repo.SetRequestPriority(ctx, tx, req.ID, priority); err != nil {
		return nil, err
	}
	if req.TaskID != nil {
		err := f.tasks.SetPriority(ctx, tx, *req.TaskID, priority-task.DefaultPriority+repoPriority, false)
		if err != nil && !kura.Is(err, kura.Conflict) { // the task is over
			return nil, err
		}
	}
	return repo.GetRequest(ctx, tx, req.ID)
}
