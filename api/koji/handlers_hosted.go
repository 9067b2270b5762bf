package koji

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
)

// Hosted carries out what Koji's own builders, which run whole builds, call
// about these: kura's own leave that to the hub.
type Hosted struct {
	DB   *db.DB
	Flow *flow.Flow
}

// Handlers are the methods.
func (h Hosted) Handlers() Handlers {
	return Handlers{
		"host.initBuild":      h.init,
		"host.initMavenBuild": h.initMaven,
		"host.initWinBuild":   h.initWin,
		"host.initImageBuild": h.initImage,

		"host.completeBuild":      h.complete,
		"host.completeMavenBuild": h.completeMaven,
		"host.completeWinBuild":   h.completeWin,
		"host.completeImageBuild": h.completeImage,
		"host.importImage":        h.importImage,
		"host.importWrapperRPMs":  h.importWrapper,
		"host.createMavenBuild":   h.createMaven,
		"host.failBuild":          h.fail,
		"host.tagBuild":           h.tag,

		"host.moveBuildToScratch":      h.scratch,
		"host.moveMavenBuildToScratch": h.scratchMaven,
		"host.moveWinBuildToScratch":   h.scratchWin,
		"host.moveImageBuildToScratch": h.scratchImage,

		"host.updateBuildrootArchives":  h.heldArchives,
		"host.updateMavenBuildRootList": h.mavenHeld,

		"host.tagNotification": h.notice,
	}
}

// delivery begins a delivery of the calling host's.
func (h Hosted) delivery(ctx context.Context, c *Call) (d flow.Delivery, err error) {
	d.Task = c.Args.Int("task_id")
	if d.Build, err = buildNumber(c); err != nil {
		return d, err
	}
	err = h.DB.View(ctx, func(tx *db.Tx) error {
		host, err := caller(ctx, tx, c)
		if err == nil {
			d.Host = host.ID
		}
		return err
	})
	return d, err
}

// buildNumber is the build that a call is about: its number, or a struct with
// that.
func buildNumber(c *Call) (int64, error) {
	if c.Method.sig.index("build_info") < 0 {
		id := c.Args.Int("build_id")
		return id, c.Args.Err()
	}
	info := c.Args.Map("build_info")
	id, ok := info["id"].(int64)
	if !ok && c.Args.Err() == nil {
		return 0, kura.Errorf("koji."+c.Method.Name, kura.Invalid, "build_info has no id")
	}
	return id, c.Args.Err()
}

// below is a file of a task's.
func below(task int64, name string) string { return file.Join(flow.TaskDir(task), name) }

func (h Hosted) complete(ctx context.Context, c *Call) (any, error) {
	a := c.Args
	srpm, rpms, roots, logs := a.String("srpm"), a.Strings("rpms"), a.Map("brmap"), a.Map("logs")
	if err := a.Err(); err != nil {
		return nil, err
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return nil, err
	}
	d.Complete = true
	for _, name := range append([]string{srpm}, rpms...) {
		p := flow.Package{Path: name}
		if v, ok := roots[name]; ok {
			id, ok := v.(int64)
			if !ok {
				return nil, kura.Errorf("koji.completeBuild", kura.Invalid, "the root of %.200s is no number", name)
			}
			p.Root = &id
		}
		d.Packages = append(d.Packages, p)
	}
	r := optReader{opts: logs}
	for _, arch := range slices.Sorted(maps.Keys(logs)) {
		for _, name := range r.strings(arch) {
			d.Plain = append(d.Plain, flow.Plain{Path: name, To: file.Join("data/logs", arch, path.Base(name))})
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return h.deliver(ctx, d)
}

func (h Hosted) deliver(ctx context.Context, d flow.Delivery) (any, error) {
	b, err := h.Flow.Deliver(ctx, d)
	if err != nil {
		return nil, err
	}
	return buildStruct(b)
}

// wrapper adds the packages that wrap other files of a build: rpm_results, if
// there are any.
func wrapper(d *flow.Delivery, results map[string]any, of int64) error {
	if len(results) == 0 {
		return nil
	}
	r := optReader{opts: results}
	root := r.optInt("buildroot_id")
	if results["task_id"] != nil {
		of = r.int("task_id")
	}
	for _, name := range append([]string{r.string("srpm")}, r.strings("rpms")...) {
		d.Packages = append(d.Packages, flow.Package{Path: below(of, name), Root: root, Wraps: true})
	}
	for _, name := range r.strings("logs") {
		d.Plain = append(d.Plain, flow.Plain{Path: below(of, name), To: file.Join("data/logs/noarch", path.Base(name))})
	}
	return r.err
}

func (h Hosted) importWrapper(ctx context.Context, c *Call) (any, error) {
	const op = "koji.importWrapperRPMs"
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	results := c.Args.Map("rpm_results")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := h.DB.View(ctx, func(tx *db.Tx) error {
		b, err := build.Get(ctx, tx, d.Build)
		if err != nil {
			return err
		}
		have, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: b.ID, Limit: 1})
		if err == nil && len(have) > 0 {
			err = kura.Errorf(op, kura.Conflict, "wrapper rpms for %s have already been imported", b.NVR())
		}
		return err
	}); err != nil {
		return nil, err
	}
	delete(results, "task_id") // the files are the task's own
	if err := wrapper(&d, results, d.Task); err != nil {
		return nil, err
	}
	_, err = h.Flow.Deliver(ctx, d)
	return nothing(err)
}

func (h Hosted) completeMaven(ctx context.Context, c *Call) (any, error) {
	const op = "koji.completeMavenBuild"
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	results, wraps := c.Args.Map("maven_results"), c.Args.Map("rpm_results")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return nil, err
	}
	d.Complete = true
	var own build.Maven
	var types []build.ArchiveType
	if err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		if _, err = build.Get(ctx, tx, d.Build); err != nil {
			return err
		}
		if types, err = build.ArchiveTypes(ctx, tx); err != nil {
			return err
		}
		var found bool
		own, found, err = build.MavenOf(ctx, tx, d.Build)
		if err == nil && !found {
			err = kura.Errorf(op, kura.NotFound, "no such maven build: %d", d.Build)
		}
		return err
	}); err != nil {
		return nil, err
	}
	r := optReader{opts: results}
	of, root, dirs := r.int("task_id"), r.optInt("buildroot_id"), optReader{opts: r.structure("files")}
	for _, dir := range slices.Sorted(maps.Keys(dirs.opts)) {
		names := dirs.strings(dir)
		m := own
		var poms []string
		for _, name := range names {
			if strings.HasSuffix(name, ".pom") {
				poms = append(poms, name)
			}
		}
		switch len(poms) {
		case 0:
		case 1:
			if m, err = h.Flow.POMOf(ctx, below(of, file.Join(dir, poms[0]))); err != nil {
				return nil, err
			}
		default:
			return nil, kura.Errorf(op, kura.Build, "multiple .pom files in %s: %s", dir, strings.Join(poms, ", "))
		}
		for _, name := range names {
			at := below(of, file.Join(dir, name))
			switch {
			case strings.HasSuffix(name, ".md5"), strings.HasSuffix(name, ".sha1"): // they are made anew
			case name == "maven-metadata.xml": // Maven wants it; it is of no build
				d.Plain = append(d.Plain, flow.Plain{Path: at, To: file.Join("maven", dir, name), Maven: true})
			default:
				if _, known := build.TypeOfFile(types, name); !known {
					return nil, kura.Errorf(op, kura.Build, "unsupported file type: %s", name)
				}
				d.Archives = append(d.Archives, flow.Archive{Path: at, Archive: &build.Archive{BType: "maven", Filename: name, Maven: &m, BuildrootID: root}})
			}
		}
	}
	for _, name := range r.strings("logs") {
		d.Plain = append(d.Plain, flow.Plain{Path: below(of, name), To: file.Join("data/logs/maven", path.Base(name))})
	}
	if err := firstOf(r.err, dirs.err, wrapper(&d, wraps, of)); err != nil {
		return nil, err
	}
	_, err = h.Flow.Deliver(ctx, d)
	return nothing(err)
}

func (h Hosted) completeWin(ctx context.Context, c *Call) (any, error) {
	const op = "koji.completeWinBuild"
	if err := h.Flow.Wanted("win"); err != nil {
		return nil, err
	}
	results, wraps := c.Args.Map("results"), c.Args.Map("rpm_results")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return nil, err
	}
	d.Complete = true
	r := optReader{opts: results}
	of, root, output := r.int("task_id"), r.optInt("buildroot_id"), optReader{opts: r.structure("output")}
	if err := h.typed(ctx, "unsupported", slices.Sorted(maps.Keys(output.opts))); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(output.opts)) {
		dir, base := file.Split(name)
		info := maps.Clone(output.structure(name))
		if info == nil {
			info = map[string]any{}
		}
		info["relpath"] = dir
		a, err := described(op, "win", base, info)
		if err != nil {
			return nil, err
		}
		a.BuildrootID = root
		d.Archives = append(d.Archives, flow.Archive{Path: below(of, name), Archive: a})
	}
	for _, name := range r.strings("logs") {
		d.Plain = append(d.Plain, flow.Plain{Path: below(of, name), To: file.Join("data/logs/win", name)})
	}
	if err := firstOf(r.err, output.err, wrapper(&d, wraps, of)); err != nil {
		return nil, err
	}
	_, err = h.Flow.Deliver(ctx, d)
	return nothing(err)
}

// typed refuses files of which it is not known what they are.
func (h Hosted) typed(ctx context.Context, which string, names []string) error {
	return h.DB.View(ctx, func(tx *db.Tx) error {
		types, err := build.ArchiveTypes(ctx, tx)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, known := build.TypeOfFile(types, name); !known {
				return kura.Errorf("koji.complete", kura.Build, "%s file type: %s", which, name)
			}
		}
		return nil
	})
}

func (h Hosted) completeImage(ctx context.Context, c *Call) (any, error) {
	return h.image(ctx, c, true)
}
func (h Hosted) importImage(ctx context.Context, c *Call) (any, error) { return h.image(ctx, c, false) }

// image brings the images that a task's children made: one each, for an arch.
func (h Hosted) image(ctx context.Context, c *Call, complete bool) (any, error) {
	all := optReader{opts: c.Args.Map("results")}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return nil, err
	}
	d.Complete, d.More = complete, !complete
	for _, name := range slices.Sorted(maps.Keys(all.opts)) {
		r := optReader{opts: all.structure(name)}
		if r.opts["task_id"] == nil { // it made none
			continue
		}
		of, arch := r.int("task_id"), r.string("arch")
		if err := h.typed(ctx, "Unsupported", r.strings("files")); err != nil {
			return nil, err
		}
		var holds []build.Component
		if err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
			holds, err = componentsArg(ctx, tx, r.list("rpmlist"))
			return err
		}); err != nil {
			return nil, err
		}
		for _, name := range r.strings("files") {
			a := flow.Archive{Path: below(of, name), Archive: &build.Archive{BType: "image", Filename: path.Base(name), Arch: &arch}}
			if !strings.HasSuffix(name, "xml") { // those describe the image
				a.Holds = holds
			}
			d.Archives = append(d.Archives, a)
		}
		for _, name := range r.strings("logs") {
			d.Plain = append(d.Plain, flow.Plain{Path: below(of, name), To: file.Join("data/logs/image", path.Base(name)), Either: file.Join("data/logs/image", arch, path.Base(name))})
		}
		if err := firstOf(r.err, wrapper(&d, r.structure("rpmresults"), of)); err != nil {
			return nil, err
		}
	}
	if all.err != nil {
		return nil, all.err
	}
	_, err = h.Flow.Deliver(ctx, d)
	return nothing(err)
}
