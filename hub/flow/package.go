package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// Result is what the tasks that workers run give, with Koji's names. Paths are
// below work/.
type Result struct {
	SRPM   string            `json:"srpm,omitempty"`
	SRPMs  []string          `json:"srpms,omitempty"`
	RPMs   []string          `json:"rpms,omitempty"`
	Logs   []string          `json:"logs"`
	Root   int64             `json:"brootid"`
	Source map[string]string `json:"source,omitempty"`
}

// root is the one in which a task worked, if it had one.
func (r *Result) root() *int64 {
	if r.Root == 0 {
		return nil
	}
	return &r.Root
}

// source has the source package made and gives its path below work/, and where
// the source came from.
func (j *job) source(ctx context.Context) (path string, origin map[string]string, err error) {
	method := "buildSRPMFromSCM"
	if !strings.Contains(j.src, "://") {
		method = "rebuildSRPM"
		if err := j.sound(ctx); err != nil {
			return "", nil, err
		}
	}
	kids, err := j.r.Spawn(ctx, task.Spec{
		Method: method, Label: "srpm", Arch: "noarch", Weight: 1,
		Request: request(j.src, j.tag.ID, sourceOpts{RepoID: j.repo.ID, Scratch: j.scratched()}),
	})
	if err != nil {
		return "", nil, err
	}
	got, err := j.results(ctx, kids)
	if err != nil {
		return "", nil, err
	}
	if got[0].SRPM == "" {
		return "", nil, kura.Errorf("flow.build", kura.Other, "task %d made no source package", kids[0].ID)
	}
	return got[0].SRPM, got[0].Source, nil
}

// sourceOpts are the childOpts of the task that makes a source package, as
// Koji's builders give them: that a build is not scratch is null.
type sourceOpts struct {
	RepoID  int64 `json:"repo_id"`
	Scratch *bool `json:"scratch"`
}

func (j *job) scratched() *bool {
	if !j.opts.Scratch {
		return nil
	}
	return &j.opts.Scratch
}

// begun reports whether the source package is being made already, or is made.
func (j *job) begun(ctx context.Context) (yes bool, err error) {
	err = j.db.View(ctx, func(tx *db.Tx) error {
		kids, err := task.Children(ctx, tx, j.r.Task.ID)
		yes = slices.ContainsFunc(kids, func(k *task.Task) bool { return k.Label != nil && *k.Label == "srpm" })
		return err
	})
	return yes, err
}

// sound makes an upload whole, and looks whether it is what it is called: no
// builder need find out.
func (j *job) sound(ctx context.Context) error {
	if begun, err := j.begun(ctx); err != nil || begun {
		return err
	}
	bad := func(kind kura.Kind, err error) error {
		return &task.Fault{Phase: "source", Kind: kind.String(), Message: err.Error()}
	}
	info, name, err := j.stored(ctx, j.src)
	switch {
	case kura.Is(err, kura.NotFound):
		return bad(kura.NotFound, fmt.Errorf("there is no upload %s: send the source package first", j.src))
	case err != nil:
		return err
	}
	f, err := j.blobs.Open(ctx, info.Sum)
	if err != nil {
		return err
	}
	defer f.Close()
	checked, err := rpm.Verify(f, info.Size)
	if err != nil {
		return bad(kura.Invalid, fmt.Errorf("the upload %s is no sound RPM: %w", name, err))
	}
	p := checked.Package
	switch file := p.NEVRA().FileName(); {
	case !p.IsSource():
		return bad(kura.Build, fmt.Errorf("the upload %s is not a source package", name))
	case file != name:
		return bad(kura.Invalid, fmt.Errorf("the upload %s holds %s: send it under its own name", name, file))
	}
	return nil
}

// results waits for tasks of workers and reads what they gave. The fault of a
// child becomes the parent's, with the child named.
func (j *job) results(ctx context.Context, kids []*task.Task) ([]Result, error) {
	got, err := j.r.Results(ctx, kids...)
	if err != nil {
		return nil, named(got, err)
	}
	out := make([]Result, len(got))
	err = j.db.View(ctx, func(tx *db.Tx) (err error) {
		for i, g := range got {
			if out[i], err = result(ctx, tx, g); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// named puts in front of a child's fault which child it was.
func named(kids []*task.Listed, err error) error {
	var f *task.Fault
	if !errors.As(err, &f) {
		return err
	}
	for _, k := range kids {
		if k.Fault != f {
			continue
		}
		out := *f
		out.Message = fmt.Sprintf("%s (task %d, %s) failed: %s", k.Method, k.ID, k.Arch, f.Message)
		return &out
	}
	return err
}

// plan is what a source package asks for.
type plan struct {
	srpm     *build.Incoming
	srpmPath string
	origin   map[string]string
	arches   []string
	results  []Result // of arches, in their order
	tasks    []*task.Task
}

// stored finds the bytes behind a path below work/, as one blob.
func (f *Flow) stored(ctx context.Context, path string) (blob.Info, string, error) {
	full := file.Join("work", path)
	n, err := file.Seal(ctx, f.db, f.blobs, full)
	return blob.Info{Sum: n.Sum, Size: n.Size}, n.Name, err
}

// inspect verifies a package that a worker or a person sent.
func (f *Flow) inspect(ctx context.Context, path string) (*build.Incoming, error) {
	info, name, err := f.stored(ctx, path)
	if err != nil {
		return nil, err
	}
	in, err := build.Inspect(ctx, f.blobs, info, name)
	if err != nil {
		return nil, err
	}
	if key := in.Keys[0].Key; key != "" { // it would count as signed by whatever key it names
		return nil, kura.Errorf("flow.inspect", kura.Build, "%s came with a signature of key %s: builders have no keys", name, key)
	}
	return in, nil
}

func (j *job) plan(ctx context.Context, srpm string, origin map[string]string) (*plan, error) {
	const op = "flow.build"
	in, err := j.inspect(ctx, srpm)
	if err != nil {
		return nil, err
	}
	if !in.Package.IsSource() {
		return nil, kura.Errorf(op, kura.Build, "%s is not a source package", in.File())
	}
	p := &plan{srpm: in, srpmPath: srpm, origin: origin}
	var extra string
	var conf tag.BuildConfig
	err = j.db.View(ctx, func(tx *db.Tx) error {
		if j.dest != nil {
			l, err := j.listed(ctx, tx, in.Name.Name)
			if err != nil {
				return err
			}
			if l.ExtraArches != nil {
				extra = *l.ExtraArches
			}
		}
		if err := j.mayMake(ctx, tx, in.Name.Name); err != nil {
			return err
		}
		conf, err = tag.GetBuildConfig(ctx, tx, tag.ByID(j.tag.ID), j.repo.CreateEvent)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.arches, err = archList(conf, in, extra, j.opts)
	return p, err
}

func (j *job) listed(ctx context.Context, tx *db.Tx, name string) (l tag.Listed, err error) {
	const op = "flow.build"
	pkg, err := tag.GetPackage(ctx, tx, tag.ByName(name))
	found := false
	if err == nil {
		l, found, err = tag.PackageIn(ctx, tx, j.dest.ID, pkg.ID, 0)
	}
	switch {
	case err != nil && !kura.Is(err, kura.NotFound):
		return l, err
	case !found:
		return l, kura.Errorf(op, kura.Build, "package %s not in list for tag %s: add it with add-pkg", name, j.dest.Name)
	case l.Blocked:
		return l, kura.Errorf(op, kura.Build, "package %s is blocked for tag %s", name, j.dest.Name)
	}
	return l, nil
}

// archList gives the arches to build for: those of the build tag and the
// package's extra ones, narrowed by what the source package says of itself.
func archList(conf tag.BuildConfig, in *build.Incoming, extra string, o BuildOpts) ([]string, error) {
	const op = "flow.build"
	if conf.Arches == nil || *conf.Arches == "" {
		return nil, kura.Errorf(op, kura.Build, "No arches for tag %s [%d]", conf.Name, conf.ID)
	}
	h := in.Package.Header
	only, not, self := h.Strings(rpm.TagExclusiveArch), h.Strings(rpm.TagExcludeArch), h.Strings(rpm.TagBuildArchs)
	list := strings.Fields(*conf.Arches + " " + extra)
	if len(self) > 0 {
		list = slices.Clone(self)
	}
	if len(only) > 0 {
		list = slices.DeleteFunc(list, func(a string) bool { return !slices.Contains(only, a) })
	}
	list = slices.DeleteFunc(list, func(a string) bool { return slices.Contains(not, a) })
	if !slices.Contains(not, "noarch") && (slices.Contains(self, "noarch") || slices.Contains(only, "noarch")) {
		list = append(list, "noarch")
	}
	if o.Scratch && o.ArchOverride != "" {
		list = strings.Fields(strings.ReplaceAll(o.ArchOverride, ",", " "))
	}
	var canon, out []string
	for a := range strings.FieldsSeq(*conf.Arches) {
		canon = append(canon, rpm.CanonArch(a))
	}
	for _, a := range list {
		if (a == "noarch" || slices.Contains(canon, rpm.CanonArch(a))) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, kura.Errorf(op, kura.Build, "No matching arches were found for %s in tag %s (%s)", in.Name.NVR(), conf.Name, *conf.Arches)
	}
	return out, nil
}

// begin makes the record of the build, once. A scratch build has none.
func (j *job) begin(ctx context.Context, p *plan) (b *build.Build, err error) {
	if j.opts.Scratch {
		return nil, nil
	}
	id := j.r.Task.ID
	err = j.r.Update(ctx, func(tx *db.Tx) error {
		mine, err := build.List(ctx, tx, build.Filter{TaskID: id})
		if err != nil {
			return err
		}
		if len(mine) > 0 {
			b = mine[0]
			return nil
		}
		n := build.New{
			Name: p.srpm.Name.Name, Version: p.srpm.Name.Version, Release: p.srpm.Name.Release, TaskID: &id, OwnerID: *j.r.Task.Owner,
			Draft: j.opts.Draft,
		}
		if p.srpm.Name.Epoch != nil {
			e := int64(*p.srpm.Name.Epoch)
			n.Epoch = &e
		}
		extra := map[string]any{}
		if scm, err := source.ParseSCM(j.src); err == nil && p.origin["commit"] != "" {
			pinned := scm.Pinned(p.origin["commit"])
			n.Source = &pinned
			extra["source"] = map[string]string{"original_url": j.src}
		}
		if m := string(j.opts.Metadata); m != "" && m != "{}" && m != "null" {
			extra["custom_user_metadata"] = j.opts.Metadata
		}
		if len(extra) > 0 {
			if n.Extra, err = json.Marshal(extra); err != nil {
				return err
			}
		}
		b, err = build.Begin(ctx, tx, n)
		return err
	})
	return b, err
}

// arches has the binary packages built and waits for all of them.
func (j *job) arches(ctx context.Context, p *plan) error {
	specs := make([]task.Spec, len(p.arches))
	for i, a := range p.arches {
		taskArch := rpm.CanonArch(a)
		specs[i] = task.Spec{
			Method: "buildArch", Label: a, Arch: taskArch, Weight: 1.5,
			Request: request(p.srpmPath, j.tag.ID, a, i == 0, childOpts{RepoID: j.repo.ID}),
		}
	}
	kids, err := j.r.Spawn(ctx, specs...)
	if err != nil {
		return err
	}
	p.tasks = kids
	p.results, err = j.results(ctx, kids)
	return err
}
