package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// TaskDir is where a task's files lie below work/, as Koji's clients expect.
func TaskDir(id int64) string { return fmt.Sprintf("tasks/%d/%d", id%10000, id) }

// Finish checks that what a worker says it made is there, and gives the task's
// result. The packages themselves are verified when they are imported, outside
// of this transaction.
func (f *Flow) Finish(ctx context.Context, tx *db.Tx, t *task.Task, r protocol.Finish) (any, error) {
	const op = "flow.Finish"
	dir := TaskDir(t.ID)
	check := func(names []string, suffix string) ([]string, error) {
		out := make([]string, 0, len(names))
		for _, n := range names {
			if !strings.HasSuffix(n, suffix) {
				return nil, kura.Errorf(op, kura.Invalid, "import: the worker names %q, which is no %s file", n, suffix)
			}
			if _, err := file.Stat(ctx, tx, file.Join("work", dir, n)); err != nil {
				return nil, kura.Errorf(op, kura.Invalid, "import: the worker names %s, but never sent it", n)
			}
			out = append(out, file.Join(dir, n))
		}
		return out, nil
	}
	res := Result{Root: r.Buildroot, Source: r.Source}
	var err error
	// Of a log in which nothing was written, nothing was sent.
	var logs []string
	for _, n := range r.Logs {
		_, err := file.Stat(ctx, tx, file.Join("work", dir, n))
		if err == nil {
			logs = append(logs, n)
		} else if !kura.Is(err, kura.NotFound) {
			return nil, err
		}
	}
	if res.Logs, err = check(logs, ".log"); err != nil {
		return nil, err
	}
	if res.RPMs, err = check(r.RPMs, ".rpm"); err != nil {
		return nil, err
	}
	var srpm []string
	if r.SRPM != "" {
		if srpm, err = check([]string{r.SRPM}, ".src.rpm"); err != nil {
			return nil, err
		}
	}
	if r.Buildroot != 0 {
		b, err := build.GetBuildroot(ctx, tx, r.Buildroot)
		if err != nil {
			return nil, kura.E(op, err)
		}
		if b.TaskID == nil || *b.TaskID != t.ID {
			return nil, kura.Errorf(op, kura.Invalid, "import: buildroot %d is not of task %d", r.Buildroot, t.ID)
		}
	}
	switch t.Method {
	case "buildArch":
		res.SRPMs = srpm
		if len(res.RPMs) == 0 {
			return nil, kura.Errorf(op, kura.Build, "import: the build made no packages")
		}
	default:
		if len(srpm) != 1 {
			return nil, kura.Errorf(op, kura.Build, "import: the task made no source package")
		}
		res.SRPM = srpm[0]
	}
	return res, nil
}

// Buildroot keeps what a root held, as its worker reports it. A root is told
// when it is made; what is told again completes the record's details.
func (f *Flow) Buildroot(ctx context.Context, tx *db.Tx, t *task.Task, b protocol.Buildroot) (int64, error) {
	const op = "flow.Buildroot"
	if t.HostID == nil {
		return 0, kura.Errorf(op, kura.Conflict, "task %d has no host", t.ID)
	}
	var repoID int64
	var o childOpts
	var src, arch string
	var keep bool
	var tag nameOrID
	switch t.Method {
	case "buildArch":
		if err := params(t, []string{"pkg", "root", "arch", "keep_srpm", "opts"}, &src, &tag, &arch, &keep, &o); err != nil {
			return 0, err
		}
	default:
		if err := params(t, []string{"url", "build_tag", "opts"}, &src, &tag, &o); err != nil {
			return 0, err
		}
	}
	repoID = o.RepoID
	n := build.NewRoot{
		HostID: *t.HostID, RepoID: repoID, TaskID: t.ID, Arch: b.Arch, Emulated: b.Emulated,
		Details: map[string]any{
			"cached": b.Cached, "sandbox": b.Sandbox, "in_force": b.InForce, "host_os": b.HostOS, "ready_ms": b.ReadyMS, "container": b.Container,
		},
	}
	origins, err := f.origins(ctx, tx, repoID, b)
	if err != nil {
		return 0, kura.E(op, err)
	}
	for _, p := range b.Packages {
		n.Packages = append(n.Packages, build.Component{
			Name: p.Name, Version: p.Version, Release: p.Release, Arch: p.Arch, Epoch: p.Epoch, SigMD5: p.SigMD5, Size: p.Size, BuildTime: p.BuildTime,
			ExternalRepoID: origins[nvra(&p)],
		})
	}
	live, err := build.ListBuildroots(ctx, tx, build.RootFilter{TaskID: t.ID, State: []int{build.RootBuilding}})
	if err != nil {
		return 0, kura.E(op, err)
	}
	if len(live) > 0 {
		id := live[len(live)-1].ID
		return id, kura.E(op, build.UpdateRoot(ctx, tx, id, n))
	}
	id, err := build.RecordRoot(ctx, tx, n)
	return id, kura.E(op, err)
}

func nvra(p *protocol.RootPackage) string {
	return p.Name + "-" + p.Version + "-" + p.Release + "." + p.Arch
}

// origins says which of a root's packages come from which external repository.
// The hub knows, for it merged them: the worker sees one repository.
func (f *Flow) origins(ctx context.Context, tx *db.Tx, repoID int64, b protocol.Buildroot) (map[string]int64, error) {
	r, err := repo.Get(ctx, tx, repoID)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(b.Packages))
	for i := range b.Packages {
		names[nvra(&b.Packages[i])] = true
	}
	return f.repos.Origins(ctx, tx, r, b.Arch, names)
}
