package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// distGit is where a package's sources are on this hub. Its other paths hold
// what anybody may upload: git would read a repository out of such files.
var distGit = regexp.MustCompile(`^/rpms/[A-Za-z0-9_][A-Za-z0-9._+-]*$`)

// own tells whether an address is of a package's sources on this hub. One that
// is of this hub but of something else is refused.
func (f *Flow) own(s *source.SCM) (bool, error) {
	if !slices.Contains(f.conf.OwnHosts, s.Host) {
		return false, nil
	}
	if !distGit.MatchString(s.Path) {
		return false, kura.Errorf("flow.scm", kura.Denied,
			"%s is no repository of sources on this hub: they are at %s/rpms/PACKAGE.git", s.Path, s.Host)
	}
	return true, nil
}

// about is what the policies on builds are asked about.
func (o *BuildOpts) about(by account.Actor, src, target string) map[string]any {
	m := map[string]any{"method": "build", "user_id": by.ID, "source": src, "skip_tag": o.SkipTag, "scratch": o.Scratch}
	if target != "" {
		m["target"] = target
	}
	if o.RepoID != 0 {
		m["repo_id"] = o.RepoID
	}
	return m
}

// mayChoose says who may choose what a build that lasts is made from: a
// repository of one's own choice may hold what the target's own would not.
func (f *Flow) mayChoose(ctx context.Context, tx *db.Tx, by account.Actor, src, target string, o *BuildOpts) error {
	if o.RepoID == 0 || o.Scratch {
		return nil
	}
	if err := f.conf.Policies.Assert(ctx, tx, by, "build_from_repo_id", o.about(by, src, target), false); err != nil {
		return kura.Errorf("flow.build", kura.KindOf(err), "%w: leave out the repository, or make it a scratch build", err)
	}
	return nil
}

// maySCM asks the policy build_from_scm of an installation that has written one,
// about what the list of allowed addresses lets pass. What lies on this hub needs
// no leave.
func (f *Flow) maySCM(ctx context.Context, tx *db.Tx, by account.Actor, src, target string, o *BuildOpts) error {
	s, err := source.ParseSCM(src)
	if err != nil || !f.conf.Policies.scm {
		return err
	}
	if own, err := f.own(s); err != nil || own {
		return err
	}
	about := o.about(by, src, target)
	about["scm_type"], about["scm_scheme"] = strings.ToUpper(s.Scheme), s.Scheme+"://"
	about["scm_user"], about["scm_host"], about["scm_repository"] = s.User, s.Host, s.Path
	about["scm_module"], about["scm_revision"] = s.Subdir, s.Ref
	return f.conf.Policies.Assert(ctx, tx, by, "build_from_scm", about, false)
}

// mayEnd refuses a token's build that would end in a tag which the token may not
// put builds into: the task would find that out when all else is done.
func mayEnd(ctx context.Context, tx *db.Tx, by account.Actor, dest int64) error {
	if by.Token == 0 {
		return nil
	}
	return tag.CheckAccess(ctx, tx, by, tag.ByID(dest), false)
}

// mayMake refuses a build that lasts of a package whose sources its owner may
// not change. Which package a source makes is only known from the source
// package. What lies under the package's name in dist-git, and what an
// administrator allowed to be built from elsewhere, was let in there; of what
// was uploaded a policy decides.
func (j *job) mayMake(ctx context.Context, tx *db.Tx, name string) error {
	if j.opts.Scratch {
		return nil
	}
	by, err := ownerOf(ctx, tx, j.r.Task)
	if err != nil {
		return err
	}
	if err := j.mayChoose(ctx, tx, by, j.src, j.target, &j.opts); err != nil {
		return err
	}
	if s, err := source.ParseSCM(j.src); err == nil {
		if own, err := j.own(s); err != nil || !own || s.Package() == name {
			return err
		}
		err = source.MayPush(ctx, tx, by, name)
		return j.notLasting(name, err)
	}
	about := j.opts.about(by, j.src, j.target)
	about["package"] = name
	return j.notLasting(name, j.conf.Policies.Assert(ctx, tx, by, "build_from_srpm", about, false))
}

func (j *job) notLasting(name string, err error) error {
	if err == nil {
		return nil
	}
	return kura.Errorf("flow.build", kura.KindOf(err), "%s makes the package %s, which lasts only for those who may change its sources: %w; or make it a scratch build", path.Base(j.src), name, err)
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// result reads what a worker's task gave. A host may close a task in more than
// one way, so what it names is checked here: files of that very task, and that
// task's root.
func result(ctx context.Context, tx *db.Tx, g *task.Listed) (r Result, err error) {
	const op = "flow.result"
	if err := json.Unmarshal(g.Result, &r); err != nil {
		return r, kura.Errorf(op, kura.Build, "task %d gave a result that cannot be read: %w", g.ID, err)
	}
	names := slices.Concat(r.RPMs, r.SRPMs, r.Logs)
	if r.SRPM != "" {
		names = append(names, r.SRPM)
	}
	for _, n := range names {
		if name, ok := strings.CutPrefix(n, TaskDir(g.ID)+"/"); !ok || strings.Contains(name, "/") {
			return r, kura.Errorf(op, kura.Build, "task %d names %.200q, which is no file of its own", g.ID, n)
		}
	}
	if _, c, _ := strings.Cut(r.Source["source"], "#"); r.Source["commit"] == "" && commitID.MatchString(c) {
		r.Source["commit"] = c // Koji's builders say it in the address
	}
	if c := r.Source["commit"]; c != "" && !commitID.MatchString(c) {
		return r, kura.Errorf(op, kura.Build, "task %d says that it built the commit %.80q, which is none", g.ID, c)
	}
	if r.Root == 0 {
		return r, nil
	}
	b, err := build.GetBuildroot(ctx, tx, r.Root)
	if err != nil && !kura.Is(err, kura.NotFound) {
		return r, kura.E(op, err)
	}
	if err != nil || b.TaskID == nil || *b.TaskID != g.ID {
		return r, kura.Errorf(op, kura.Build, "task %d names buildroot %d, which is not its own", g.ID, r.Root)
	}
	return r, nil
}

// MayTag tells whether a task that a build host runs may have a build tagged in
// its owner's name: one that was built by that very task, and without force.
func MayTag(ctx context.Context, tx *db.Tx, parent int64, params []any) error {
	const op = "flow.MayTag"
	if len(params) > 5 || len(params) < 2 {
		return kura.Errorf(op, kura.Denied, "a build host has builds tagged with tag, build, force, fromtag and ignore_success in order")
	}
	id, ok := params[1].(int64)
	if !ok {
		return kura.Errorf(op, kura.Denied, "a build host names the build to be tagged by its number, not as %.80s", fmt.Sprint(params[1]))
	}
	for i, what := range []string{"force", "fromtag"} {
		if len(params) > 2+i && params[2+i] != nil && params[2+i] != false {
			return kura.Errorf(op, kura.Denied, "a build host has builds tagged without %s", what)
		}
	}
	b, err := build.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if b.TaskID == nil || *b.TaskID != parent {
		return kura.Errorf(op, kura.Denied, "build %d is not of task %d: its host may not have it tagged", id, parent)
	}
	return nil
}
