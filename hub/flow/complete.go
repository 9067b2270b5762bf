package flow

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/task"
)

// arrival is a package with the root that it was built in.
type arrival struct {
	in   *build.Incoming
	root *int64
	path string
}

// logFile is a log on its way to its build.
type logFile struct {
	arch, name string
	info       blob.Info
}

// gather verifies all that the workers sent, before any record is changed. A
// noarch package may come from each arch; the first counts.
func (j *job) gather(ctx context.Context, p *plan) ([]arrival, []logFile, error) {
	source, err := j.rebuilt(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	all := []arrival{source}
	var once build.Once
	if _, err := once.Take(source.in); err != nil {
		return nil, nil, err
	}
	var logs []logFile
	for i, res := range p.results {
		rootID := res.root()
		for _, path := range res.RPMs {
			in, err := j.inspect(ctx, path)
			if err != nil {
				return nil, nil, err
			}
			if first, err := once.Take(in); err != nil {
				return nil, nil, err
			} else if !first {
				continue
			}
			all = append(all, arrival{in: in, root: rootID, path: path})
		}
		for _, l := range res.Logs {
			info, name, err := j.stored(ctx, l)
			if err != nil {
				return nil, nil, err
			}
			logs = append(logs, logFile{arch: p.arches[i], name: name, info: info})
		}
	}
	if len(all) == 1 {
		return nil, nil, kura.Errorf("flow.build", kura.Build, "the build of %s made no packages: its spec has no %%files for any", p.srpm.Name.NVR())
	}
	return all, logs, nil
}

// rebuilt gives the source package that the first arch made anew, in the root in
// which it was built. Of builders that sent none, it is what they built from.
func (j *job) rebuilt(ctx context.Context, p *plan) (arrival, error) {
	out := arrival{in: p.srpm, path: p.srpmPath}
	found := false
	for i, res := range p.results {
		for _, path := range res.SRPMs {
			in, err := j.inspect(ctx, path)
			switch {
			case err != nil:
				return out, err
			case found:
				return out, kura.Errorf("flow.build", kura.Build, "%s sent the source package a second time", p.arches[i])
			case in.File() != p.srpm.File():
				return out, kura.Errorf("flow.build", kura.Build, "%s sent %s, which is not the source package %s", p.arches[i], in.File(), p.srpm.File())
			}
			out, found = arrival{in: in, root: res.root(), path: path}, true
		}
	}
	return out, nil
}

// complete imports what was built: all of it in one transaction.
func (j *job) complete(ctx context.Context, b *build.Build, p *plan) error {
	if b.State == build.Complete {
		return nil
	}
	all, logs, err := j.gather(ctx, p)
	if err != nil {
		return importFault(err)
	}
	err = j.r.Update(ctx, func(tx *db.Tx) error {
		now, err := build.Get(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		if now.State == build.Complete {
			return nil
		}
		for _, a := range all {
			if _, err := build.Attach(ctx, tx, now, a.in, a.root); err != nil {
				return err
			}
		}
		for _, l := range logs {
			if err := file.Put(ctx, tx, file.Join(now.Path(), "data/logs", l.arch, l.name), l.info); err != nil {
				return err
			}
		}
		if err := markEmulated(ctx, tx, now, all); err != nil {
			return err
		}
		if now, err = build.SetState(ctx, tx, b.ID, build.Complete); err != nil {
			return err
		}
		return j.SettleVolume(ctx, tx, account.System, now, false)
	})
	return importFault(err)
}

// markEmulated says in a build's record which of its arches were built under
// emulation, as their roots' records have it: such a build is not a native one.
func markEmulated(ctx context.Context, tx *db.Tx, b *build.Build, all []arrival) error {
	var arches []string
	for _, a := range all {
		if a.root == nil {
			continue
		}
		r, err := build.GetBuildroot(ctx, tx, *a.root)
		if err != nil {
			return err
		}
		if r.Emulated && !slices.Contains(arches, r.Arch) {
			arches = append(arches, r.Arch)
		}
	}
	if len(arches) == 0 {
		return nil
	}
	return build.AddExtra(ctx, tx, b, "emulated", arches)
}

// scratch puts the packages where scratch builds are found, below
// scratch/OWNER/task_ID.
func (j *job) scratch(ctx context.Context, p *plan) error {
	all, logs, err := j.gather(ctx, p)
	if err != nil {
		return importFault(err)
	}
	return j.r.Update(ctx, func(tx *db.Tx) error {
		who, err := account.Get(ctx, tx, account.ByID(*j.r.Task.Owner))
		if err != nil {
			return err
		}
		dir := file.Join("scratch", who.Name, fmt.Sprintf("task_%d", j.r.Task.ID))
		for _, a := range all {
			if err := file.Replace(ctx, tx, file.Join(dir, a.in.File()), a.in.Blob); err != nil {
				return err
			}
		}
		for _, l := range logs {
			if err := file.Replace(ctx, tx, file.Join(dir, "logs", l.arch, path.Base(l.name)), l.info); err != nil {
				return err
			}
		}
		return nil
	})
}

// importFault names the phase of errors that a person is to see.
func importFault(err error) error {
	if err == nil || kura.Is(err, kura.Fenced) || transient(err) || kura.KindOf(err) == kura.Other {
		return err
	}
	return kura.Errorf("flow.import", kura.KindOf(err), "import: %w", err)
}

// Ended ends what a task was making when it ended: its roots are retired, and
// if it was cancelled, so is its build.
func (f *Flow) Ended(ctx context.Context, tx *db.Tx, t *task.Task) error {
	if t.Method == "newRepo" {
		if err := repo.EndRequests(ctx, tx, t.ID); err != nil {
			return err
		}
	}
	if err := build.RetireRoots(ctx, tx, t.ID); err != nil || t.State != task.Canceled {
		return err
	}
	state := build.Building
	running, err := build.List(ctx, tx, build.Filter{TaskID: t.ID, State: &state})
	if err != nil {
		return err
	}
	for _, b := range running {
		if _, err := build.SetState(ctx, tx, b.ID, build.Canceled); err != nil {
			return err
		}
	}
	return nil
}
