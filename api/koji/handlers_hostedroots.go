package koji

import (
	"context"
	"path"
	"regexp"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

// heldArchives tells that archives were in a root.
func (h Hosted) heldArchives(ctx context.Context, c *Call) (any, error) {
	const op = "koji.updateBuildrootArchives"
	list, project := c.Args.List("archives"), c.Args.Bool("project")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if h.Flow.Wanted("maven") != nil && h.Flow.Wanted("win") != nil {
		return nil, fault(genericError, "non-rpm support is not enabled")
	}
	host, err := caller(ctx, c.Tx, c)
	if err != nil {
		return nil, err
	}
	root, err := rootOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	if root.State != build.RootBuilding {
		return nil, kura.Errorf(op, kura.Conflict, "buildroot %d in wrong state %d", root.ID, root.State)
	}
	var ids []int64
	for _, v := range list {
		m, _ := v.(map[string]any)
		id, ok := m["id"].(int64)
		if !ok {
			return nil, kura.Errorf(op, kura.Invalid, "an archive is a struct with its id, got %s", typeName(v))
		}
		if _, err := build.GetArchive(ctx, c.Tx, id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return nothing(build.HeldArchives(ctx, c.Tx, root.ID, ids, project))
}

// mavenName is group, artifact and version.
type mavenName [3]string

func (r *optReader) maven(name string) (n mavenName) {
	in := optReader{opts: r.structure(name)}
	n = mavenName{in.string("group_id"), in.string("artifact_id"), in.string("version")}
	if r.err == nil {
		r.err = in.err
	}
	return n
}

// local is a file of a builder's Maven repository.
type local struct {
	name mavenName
	file string
	path string
	size int64
}

// locals reads files as builders list them: of each name, its files.
func locals(list []any) (out []local, err error) {
	for _, v := range list {
		m, _ := v.(map[string]any)
		r := optReader{opts: m}
		name := r.maven("maven_info")
		for _, f := range r.list("files") {
			m, _ := f.(map[string]any)
			in := optReader{opts: m}
			out = append(out, local{name, in.string("filename"), in.string("path"), in.int("size")})
			if r.err == nil {
				r.err = in.err
			}
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	return out, nil
}

// ours are the builds that a Maven repository has its names from, and the files
// that need come from none: a task's own, or those of tasks that it builds on.
type ours struct {
	from   map[mavenName]int64
	beside map[mavenName]map[string]int64 // a file's size
}

func (o *ours) put(l local) {
	if o.beside[l.name] == nil {
		o.beside[l.name] = map[string]int64{}
	}
	o.beside[l.name][l.file] = l.size
	if plain := snapshot.ReplaceAllString(l.file, "-SNAPSHOT"); plain != l.file {
		o.beside[l.name][plain] = l.size
	}
}

// snapshot is what Maven puts in the place of -SNAPSHOT into a file's name.
var snapshot = regexp.MustCompile(`-\d{8}\.\d{6}-\d+`)

// mavenOf gives what is in the repository of a root, and what a task adds.
func mavenOf(ctx context.Context, c *Call, root *build.Buildroot) (*ours, error) {
	const op = "koji.updateMavenBuildRootList"
	o := &ours{from: map[mavenName]int64{}, beside: map[mavenName]map[string]int64{}}
	if root.RepoID == nil {
		return nil, kura.Errorf(op, kura.Conflict, "buildroot %d has no repository", root.ID)
	}
	in, err := repo.Get(ctx, c.Tx, *root.RepoID)
	if err != nil {
		return nil, err
	}
	files, err := build.MavenIn(ctx, c.Tx, build.TaggedQuery{Tag: tag.ByID(in.TagID), At: in.CreateEvent, Inherit: true})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := mavenName{f.Archive.Maven.Group, f.Archive.Maven.Artifact, f.Archive.Maven.Version}
		if _, ok := o.from[name]; !ok {
			o.from[name] = f.Build.ID
		}
	}
	for _, v := range c.Args.List("extra_deps") {
		if id, ok := v.(int64); ok {
			if err := o.task(ctx, c, flow.TaskDir(id)); err != nil {
				return nil, err
			}
			continue
		}
		b, err := findBuild(ctx, c.Tx, v)
		if err != nil {
			return nil, err
		}
		archives, err := build.Archives(ctx, c.Tx, build.ArchiveFilter{BuildID: &b.ID, Type: "maven"})
		if err != nil {
			return nil, err
		}
		for _, a := range archives {
			o.from[mavenName{a.Maven.Group, a.Maven.Artifact, a.Maven.Version}] = b.ID
		}
	}
	ignore, err := locals(c.Args.List("ignore"))
	for _, l := range ignore {
		o.put(l)
	}
	return o, err
}

// task adds the Maven repository that a task has made.
func (o *ours) task(ctx context.Context, c *Call, dir string) error {
	dir = file.Join("work", dir)
	nodes, err := file.Walk(ctx, c.Tx, dir)
	for _, n := range nodes {
		parts := strings.Split(strings.TrimPrefix(n.Path(), dir+"/"), "/")
		k := len(parts)
		if ext := path.Ext(n.Name); k < 4 || ext == ".log" || ext == ".md5" || ext == ".sha1" {
			continue
		}
		o.put(local{name: mavenName{strings.Join(parts[:k-3], "."), parts[k-3], parts[k-2]}, file: n.Name, size: n.Size})
	}
	return err
}

// buildrootError is what Koji's builders hear of a root that is not as it should be.
const buildrootError = 1012

// mavenHeld tells what Maven took into a root: all of it must come from builds in
// the root's repository, or be what the task makes itself.
func (h Hosted) mavenHeld(ctx context.Context, c *Call) (any, error) {
	project, lenient := c.Args.Bool("project"), c.Args.Bool("ignore_unknown")
	list, err := locals(c.Args.List("mavenlist"))
	c.Args.List("ignore")
	c.Args.List("extra_deps")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	host, err := caller(ctx, c.Tx, c)
	if err != nil {
		return nil, err
	}
	root, err := rootOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	o, err := mavenOf(ctx, c, root)
	if err != nil {
		return nil, err
	}
	var ids []int64
	of := map[int64][]*build.Archive{}
	for _, l := range list {
		id, known := o.from[l.name]
		if _, read := of[id]; known && !read {
			if of[id], err = build.Archives(ctx, c.Tx, build.ArchiveFilter{BuildID: &id, Type: "maven"}); err != nil {
				return nil, err
			}
		}
		found := false
		for _, a := range of[id] {
			if known && a.Filename == l.file && a.Size == l.size && (mavenName{a.Maven.Group, a.Maven.Artifact, a.Maven.Version}) == l.name {
				ids, found = append(ids, a.ID), true
				break
			}
		}
		if size, beside := o.beside[l.name][l.file]; !found && !lenient && (!beside || size != l.size) {
			return nil, fault(buildrootError, "No such file in build environment: %s/%s, size: %d", l.path, l.file, l.size)
		}
	}
	return nothing(build.HeldArchives(ctx, c.Tx, root.ID, ids, project))
}
