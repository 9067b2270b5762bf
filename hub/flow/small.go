package flow

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/sign"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// move is what a tagBuild task is for.
type move struct {
	build    *build.Build
	from, to *tag.Tag
	force    bool
	quiet    bool // nobody is told that it worked
}

func readMove(ctx context.Context, tx *db.Tx, t *task.Task) (*move, error) {
	var dest, from *nameOrID
	var id int64
	m := &move{}
	if err := params(t, []string{"tag_id", "build_id", "force", "fromtag", "ignore_success"}, &dest, &id, &m.force, &from, &m.quiet); err != nil {
		return nil, err
	}
	var err error
	if m.build, err = build.Get(ctx, tx, id); err != nil {
		return nil, err
	}
	get := func(n *nameOrID) (*tag.Tag, error) {
		if n == nil {
			return nil, nil
		}
		t, err := tag.Get(ctx, tx, n.Ref, 0)
		return &t, err
	}
	if m.to, err = get(dest); err != nil {
		return nil, err
	}
	m.from, err = get(from)
	return m, err
}

// tagBuild moves a build into a tag, and out of another, at one event.
func (f *Flow) tagBuild(ctx context.Context, r *task.Run) (any, error) {
	err := r.Update(ctx, func(tx *db.Tx) error {
		m, err := readMove(ctx, tx, r.Task)
		if err != nil {
			return err
		}
		if err := f.moveFor(ctx, tx, r.Task, m); err != nil || m.quiet {
			return err
		}
		return m.tell(ctx, tx, r.Task, nil)
	})
	if err == nil || kura.Is(err, kura.Fenced) || transient(err) || ctx.Err() != nil {
		return nil, err
	}
	told := r.Update(ctx, func(tx *db.Tx) error {
		m, bad := readMove(ctx, tx, r.Task)
		if bad != nil {
			return nil // there is no build, or no tag, to tell of
		}
		return m.tell(ctx, tx, r.Task, err)
	})
	return nil, errors.Join(err, told)
}

// tell has people hear of a move, or of why it failed.
func (m *move) tell(ctx context.Context, tx *db.Tx, t *task.Task, cause error) error {
	by, err := ownerOf(ctx, tx, t)
	if err != nil {
		return err
	}
	said := notify.Tagging{Build: m.build.ID, By: by.Name}
	if m.to != nil {
		said.Tag = &m.to.ID
	}
	if m.from != nil {
		said.From = &m.from.ID
	}
	if cause != nil {
		said.Failure = cause.Error()
	}
	return notify.Tagged(ctx, tx, said)
}

func (f *Flow) moveFor(ctx context.Context, tx *db.Tx, t *task.Task, m *move) error {
	by, err := ownerOf(ctx, tx, t)
	if err != nil {
		return err
	}
	return f.Move(ctx, tx, by, m.build, m.from, m.to, m.force)
}

// TagFor is tagBuild for a builder that runs such a task: with the rights of the
// task's owner, it may do what the task is for, and nothing else.
func (f *Flow) TagFor(ctx context.Context, tx *db.Tx, t *task.Task, b *build.Build, from, to *tag.Tag, force bool) error {
	const op = "flow.TagFor"
	if t.Method != "tagBuild" {
		return kura.Errorf(op, kura.Denied, "task %d is a %s task: it tags no build", t.ID, t.Method)
	}
	m, err := readMove(ctx, tx, t)
	if err != nil {
		return err
	}
	same := func(a, b *tag.Tag) bool { return a == nil && b == nil || a != nil && b != nil && a.ID == b.ID }
	if m.build.ID != b.ID || !same(m.from, from) || !same(m.to, to) || force && !m.force {
		return kura.Errorf(op, kura.Denied, "task %d was made to tag something else", t.ID)
	}
	return f.moveFor(ctx, tx, t, m)
}

// Policies are the installation's own rules.
func (f *Flow) Policies() *Policies { return f.conf.Policies }

// Move takes a build out of a tag and puts it into another; either may be nil.
// The policy tag is asked. Force is for administrators: theirs puts the package
// into the list of the tag, or nobody would see the build there.
func (f *Flow) Move(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, from, to *tag.Tag, force bool) error {
	force = force && by.Has(account.Admin)
	if err := f.conf.Policies.Tag(ctx, tx, by, b, from, to, force); err != nil {
		return err
	}
	if to != nil && force {
		if err := Enlist(ctx, tx, by, b, *to); err != nil {
			return err
		}
	}
	if from != nil {
		if err := build.Untag(ctx, tx, by, b, *from, true, force); err != nil {
			return err
		}
	}
	if to == nil {
		return nil
	}
	return build.Tag(ctx, tx, by, b, *to, force)
}

// Enlist puts a build's package into the list of a tag, if it is not there or
// blocked.
func Enlist(ctx context.Context, tx *db.Tx, by account.Actor, b *build.Build, to tag.Tag) error {
	err := tag.CheckPackage(ctx, tx, tag.Name{ID: to.ID, Name: to.Name}, tag.Name{ID: b.PackageID, Name: b.Name})
	if !kura.Is(err, kura.Tag) {
		return err
	}
	block := false
	return tag.NewLists(nil).Add(ctx, tx, by, tag.ByID(to.ID), tag.ByID(b.PackageID), tag.Entry{Block: &block, Force: true})
}

// RepoParams are the keyword parameters of newRepo.
type RepoParams struct {
	Event       int64 `json:"event,omitempty"`
	Src         bool  `json:"src,omitempty"`
	Debuginfo   bool  `json:"debuginfo,omitempty"`
	SeparateSrc bool  `json:"separate_src,omitempty"`
}

func (f *Flow) newRepo(ctx context.Context, r *task.Run) (any, error) {
	var t nameOrID
	var event int64
	var src, debuginfo, separate *bool
	if err := params(r.Task, []string{"tag", "event", "src", "debuginfo", "separate_src"}, &t, &event, &src, &debuginfo, &separate); err != nil {
		return nil, err
	}
	w := repo.Want{Tag: t.Ref, Event: event}
	err := f.db.View(ctx, func(tx *db.Tx) error {
		found, err := tag.Get(ctx, tx, t.Ref, event)
		w.Opts = repo.OptsFor(found, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, o := range []struct{ given, opt *bool }{{src, &w.Opts.Src}, {debuginfo, &w.Opts.Debuginfo}, {separate, &w.Opts.SeparateSrc}} {
		if o.given != nil {
			*o.opt = *o.given
		}
	}
	made, err := f.repos.Make(ctx, w, r.Task.ID)
	if err != nil {
		return nil, err
	}
	return []any{made.ID, made.CreateEvent}, nil
}

// NewRepo makes a task that makes a repository.
func (f *Flow) NewRepo(ctx context.Context, tx *db.Tx, owner, tagID int64, priority *int, p RepoParams) (*task.Task, error) {
	kw := map[string]any{"__starstar": true}
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &kw); err != nil {
		return nil, err
	}
	args := []any{tagID}
	if len(kw) > 1 {
		args = append(args, kw)
	}
	return f.tasks.Make(ctx, tx, task.Spec{Method: "newRepo", Request: request(args...), Owner: owner, Priority: priority, Channel: "createrepo", Weight: 0.1, Hub: true})
}

// DistRepo records a distribution repository and makes the task that fills it.
func (f *Flow) DistRepo(ctx context.Context, tx *db.Tx, owner int64, ref tag.Ref, keys []string, o repo.DistOpts) (*task.Task, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, tx, ref, o.Event)
	if err != nil {
		return nil, err
	}
	made, err := f.tasks.Make(ctx, tx, task.Spec{Method: "distRepo", Request: request(t.Name, nil, keys, o), Owner: owner, Channel: "createrepo", Weight: 0.1, Hub: true})
	if err != nil {
		return nil, err
	}
	_, err = repo.BeginDist(ctx, tx, tag.ByID(t.ID), keys, o, made.ID)
	return made, err
}

func (f *Flow) distRepo(ctx context.Context, r *task.Run) (any, error) {
	var t nameOrID
	var id *int64 // the hub finds the repository by the task
	var keys []string
	var o repo.DistOpts
	if err := params(r.Task, []string{"tag", "repo_id", "keys", "task_opts"}, &t, &id, &keys, &o); err != nil {
		return nil, err
	}
	var rec *repo.Repo
	err := r.Update(ctx, func(tx *db.Tx) (err error) {
		rec, err = repo.BeginDist(ctx, tx, t.Ref, keys, o, r.Task.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := f.repos.Dist(ctx, rec, keys, o, repo.Signing{Write: f.signer.Write, Metadata: f.signMetadata})
	if err != nil {
		f.tellMissing(ctx, r, err)
		if perr := f.problem(ctx, r, rec); perr != nil {
			r.Log.Warn("mark repository", "repo", rec.ID, "err", perr)
		}
		return nil, err
	}
	return "Dist repository #" + jsonText(made.ID) + " successfully generated", nil
}

// problem marks a repository whose task failed for good.
func (f *Flow) problem(ctx context.Context, r *task.Run, rec *repo.Repo) error {
	if ctx.Err() != nil {
		return nil // the hub goes down: the task goes on elsewhere
	}
	return r.Update(ctx, func(tx *db.Tx) error {
		now, err := repo.Get(ctx, tx, rec.ID)
		if err != nil || now.State != repo.Init {
			return err
		}
		return repo.SetState(ctx, tx, now, repo.Problem)
	})
}

func (f *Flow) signMetadata(ctx context.Context, keys []string, repository string, md []byte) ([]byte, error) {
	var found *sign.Key
	err := f.db.View(ctx, func(tx *db.Tx) error {
		for _, ref := range keys {
			k, err := sign.Find(ctx, tx, ref)
			if err == nil {
				found = &k
				return nil
			}
			if !kura.Is(err, kura.NotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil || found == nil {
		return nil, err
	}
	return f.signer.Metadata(ctx, found.Name, repository, "distribution repository "+repository, md)
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
