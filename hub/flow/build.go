package flow

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// BuildOpts are the options of a build, as Koji's clients name them.
type BuildOpts struct {
	Scratch      bool            `json:"scratch,omitempty"`
	RepoID       int64           `json:"repo_id,omitempty"`
	ArchOverride string          `json:"arch_override,omitempty"`
	SkipTag      bool            `json:"skip_tag,omitempty"`
	RebuildSRPM  *bool           `json:"rebuild_srpm,omitempty"`
	WaitBuilds   []string        `json:"wait_builds,omitzero"`
	WaitRepo     bool            `json:"wait_repo,omitempty"`
	Draft        bool            `json:"draft,omitempty"`
	FailFast     bool            `json:"fail_fast,omitempty"`
	Background   bool            `json:"background,omitempty"`
	Metadata     json.RawMessage `json:"custom_user_metadata,omitempty"`
}

// StartBuild checks what can be checked at once and makes the task. Errors
// that a person would only find in a failed task an hour later are found here.
func (f *Flow) StartBuild(ctx context.Context, tx *db.Tx, by account.Actor, src, target string, o BuildOpts, priority *int, channel string) (*task.Task, error) {
	const op = "flow.StartBuild"
	if o.Scratch && target == "" || target == "" && o.RepoID == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "unknown build target: %s", target)
	}
	if target != "" && o.RepoID == 0 {
		t, err := tag.GetTarget(ctx, tx, tag.ByName(target), 0)
		if kura.Is(err, kura.NotFound) {
			err = kura.Errorf(op, kura.Invalid, "unknown build target: %s", target)
		}
		if err == nil && !o.Scratch && !o.SkipTag {
			err = mayEnd(ctx, tx, by, t.DestTag)
		}
		if err != nil {
			return nil, err
		}
	}
	if o.Draft && o.Scratch {
		return nil, kura.Errorf(op, kura.Invalid, "a scratch build has no record that could be a draft: leave --scratch or --draft out")
	}
	if source.IsSCM(src) {
		if _, err := f.scm(src); err != nil {
			return nil, err
		}
		if err := f.maySCM(ctx, tx, by, src, target, &o); err != nil {
			return nil, err
		}
	} else if err := file.Check(src); err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid source specification %q: it is neither an SCM address nor the path of an upload", src)
	}
	if n := len(o.WaitBuilds); n > maxAwaited {
		return nil, kura.Errorf(op, kura.Invalid, "a build waits for %d builds at most, not for %d", maxAwaited, n)
	}
	if o.ArchOverride != "" && !o.Scratch {
		return nil, kura.Errorf(op, kura.Build, "arch_override is only allowed for scratch builds")
	}
	if err := f.mayChoose(ctx, tx, by, src, target, &o); err != nil {
		return nil, err
	}
	var to any
	if target != "" {
		to = target
	}
	return f.tasks.Make(ctx, tx, task.Spec{
		Method: "build", Request: request(src, to, o), Priority: priority, Channel: channel, Weight: 0.2, Hub: true,
	}.For(by))
}

// job is what a build task works on.
type job struct {
	*Flow
	r      *task.Run
	src    string
	target string
	opts   BuildOpts
	repo   *repo.Repo
	tag    tag.Tag // the build tag, at the repository's event
	dest   *tag.Tag
}

// build carries a source through: repository, source package, binary packages,
// import, tag.
func (f *Flow) build(ctx context.Context, r *task.Run) (any, error) {
	j := &job{Flow: f, r: r}
	if err := params(r.Task, []string{"src", "target", "opts"}, &j.src, &j.target, &j.opts); err != nil {
		return nil, err
	}
	if err := j.place(ctx); err != nil {
		return nil, err
	}
	srpm, origin, err := j.source(ctx)
	if err != nil {
		return nil, err
	}
	p, err := j.plan(ctx, srpm, origin)
	if err != nil {
		return nil, err
	}
	b, err := j.begin(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := j.arches(ctx, p); err != nil {
		return nil, j.fail(ctx, b, err)
	}
	if j.opts.Scratch {
		return nil, j.fail(ctx, b, j.scratch(ctx, p))
	}
	if err := j.complete(ctx, b, p); err != nil {
		return nil, j.fail(ctx, b, err)
	}
	if j.dest != nil {
		kids, err := r.Spawn(ctx, task.Spec{Method: "tagBuild", Label: "tag", Request: request(j.dest.ID, b.ID, false, nil, true), Hub: true, Weight: 0.1, Arch: "noarch"})
		if err != nil {
			return nil, err
		}
		if _, err := r.Results(ctx, kids...); err != nil {
			return nil, err
		}
	}
	return b.ID, nil
}

// fail records that the build came to nothing, unless the task only waits or
// goes on elsewhere.
func (j *job) fail(ctx context.Context, b *build.Build, cause error) error {
	if cause == nil || b == nil || errors.Is(cause, task.ErrWait) || kura.Is(cause, kura.Fenced) || ctx.Err() != nil || transient(cause) {
		return cause
	}
	err := j.r.Update(ctx, func(tx *db.Tx) error {
		now, err := build.Get(ctx, tx, b.ID)
		if err != nil || now.State != build.Building {
			return err
		}
		_, err = build.SetState(ctx, tx, b.ID, build.Failed)
		return err
	})
	if err != nil {
		j.r.Log.Warn("record a failed build", "build", b.NVR(), "err", err)
	}
	return cause
}

// transient errors are the hub's own trouble, after which the task is run
// again; they say nothing about the build.
func transient(err error) bool {
	switch kura.KindOf(err) {
	case kura.Unavailable, kura.NoSpace, kura.Locked, kura.Retry:
		return true
	}
	return false
}

// place finds target, tags and repository. The first run decides them and its
// children's parameters keep the decision.
func (j *job) place(ctx context.Context) error {
	const op = "flow.build"
	id := j.opts.RepoID
	if id == 0 {
		var err error
		if id, err = j.decided(ctx); err != nil {
			return err
		}
	}
	if id == 0 {
		if err := j.await(ctx); err != nil {
			return err
		}
		var err error
		if id, err = j.repository(ctx); err != nil {
			return err
		}
	}
	return j.db.View(ctx, func(tx *db.Tx) (err error) {
		if j.repo, err = repo.Get(ctx, tx, id); err != nil {
			return kura.Errorf(op, kura.Build, "No such repo: %d", id)
		}
		if j.repo.State != repo.Ready && j.repo.State != repo.Expired {
			return kura.Errorf(op, kura.Build, "Bad repo: %d (%s)", id, j.repo.State)
		}
		if j.tag, err = tag.Get(ctx, tx, tag.ByID(j.repo.TagID), j.repo.CreateEvent); err != nil {
			return err
		}
		if j.opts.Scratch || j.opts.SkipTag {
			return nil
		}
		dest, err := j.destination(ctx, tx)
		if err != nil {
			return err
		}
		d, err := tag.Get(ctx, tx, tag.ByID(dest), 0)
		j.dest = &d
		return err
	})
}

func (j *job) destination(ctx context.Context, tx *db.Tx) (int64, error) {
	const op = "flow.build"
	t, err := tag.GetTarget(ctx, tx, tag.ByName(j.target), 0)
	if err == nil {
		if t.BuildTag != j.repo.TagID {
			return 0, kura.Errorf(op, kura.Build, "Repo/Target mismatch: %s/%s", j.repo.TagName, t.BuildTagName)
		}
		return t.DestTag, nil
	}
	if !kura.Is(err, kura.NotFound) {
		return 0, err
	}
	if j.opts.RepoID == 0 {
		return 0, kura.Errorf(op, kura.Invalid, "unknown build target: %s", j.target)
	}
	d, err := tag.Get(ctx, tx, tag.ByName(j.target), 0)
	if kura.Is(err, kura.NotFound) {
		return 0, kura.Errorf(op, kura.Invalid, "neither tag nor target: %s", j.target)
	}
	return d.ID, err
}

// decided gives the repository that an earlier run chose.
func (j *job) decided(ctx context.Context) (id int64, err error) {
	err = j.db.View(ctx, func(tx *db.Tx) error {
		kids, err := task.Children(ctx, tx, j.r.Task.ID)
		if err != nil {
			return err
		}
		for _, k := range kids {
			if k.Label == nil || *k.Label != "srpm" {
				continue
			}
			var src string
			var build nameOrID
			var o childOpts
			if err := params(k, []string{"url", "build_tag", "opts"}, &src, &build, &o); err != nil {
				return err
			}
			id = o.RepoID
		}
		return nil
	})
	return id, err
}

// repository finds one with the build tag's present contents, or has it made.
func (j *job) repository(ctx context.Context) (int64, error) {
	var t tag.Target
	err := j.db.View(ctx, func(tx *db.Tx) (err error) {
		t, err = tag.GetTarget(ctx, tx, tag.ByName(j.target), 0)
		if kura.Is(err, kura.NotFound) {
			err = kura.Errorf("flow.build", kura.Invalid, "unknown build target: %s", j.target)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	// Where an external repository cannot be read, the task below says so.
	if j.repos.Refresh(ctx, tag.ByID(t.BuildTag), 0) == nil {
		var found *repo.Repo
		err := j.db.View(ctx, func(tx *db.Tx) (err error) {
			build, err := tag.Get(ctx, tx, tag.ByID(t.BuildTag), 0)
			if err != nil {
				return err
			}
			found, err = repo.Find(ctx, tx, repo.Want{Tag: tag.ByID(t.BuildTag), Opts: repo.OptsFor(build, nil)})
			return err
		})
		if err != nil {
			return 0, err
		}
		if found != nil {
			return found.ID, nil
		}
	}
	kids, err := j.r.Spawn(ctx, task.Spec{Method: "newRepo", Label: "repo", Request: request(t.BuildTagName), Channel: "createrepo", Hub: true, Weight: 0.1, Arch: "noarch"})
	if err != nil {
		return 0, err
	}
	got, err := j.r.Results(ctx, kids...)
	if err != nil {
		return 0, err
	}
	var made []int64
	if err := json.Unmarshal(got[0].Result, &made); err != nil || len(made) != 2 {
		return 0, kura.Errorf("flow.build", kura.Other, "task %d gave no repository: %s", kids[0].ID, got[0].Result)
	}
	return made[0], nil
}
