package koji

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// typedArg finds the build that is to be of another type too, or makes it.
func (h Archives) typedArg(ctx context.Context, c *Call, btype string) (*build.Build, error) {
	const op = "koji.createBuild"
	if err := h.Flow.Wanted(btype); err != nil {
		return nil, err
	}
	v := c.Args.Any("build_info")
	b, err := findBuild(ctx, c.Tx, v)
	if err == nil {
		if b.Draft {
			return nil, kura.Errorf(op, kura.Invalid, "Draft build not supported")
		}
		return b, nil
	}
	if !kura.Is(err, kura.NotFound) {
		return nil, err
	}
	info, ok := v.(map[string]any)
	if !ok {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for build_info: %s", typeName(v))
	}
	if truthy(info["draft"]) {
		return nil, kura.Errorf(op, kura.Invalid, "Draft build not supported")
	}
	for _, name := range []string{"name", "version", "release", "epoch"} {
		if _, ok := info[name]; !ok {
			return nil, kura.Errorf(op, kura.Invalid, "Build info doesn't have mandatory '%s' key", name)
		}
	}
	r := optReader{opts: info}
	n := build.New{Name: r.string("name"), Version: r.string("version"), Release: r.string("release"), Epoch: r.optInt("epoch"), OwnerID: c.Actor.ID}
	if r.err != nil {
		return nil, r.err
	}
	return h.Flow.EmptyBuild(ctx, c.Tx, c.Actor, n)
}

// mavenInfo reads Maven's names, as Koji's structs have them.
func mavenInfo(op, what string, info map[string]any) (build.Maven, error) {
	for _, name := range []string{"group_id", "artifact_id", "version"} {
		if _, ok := info[name]; !ok {
			return build.Maven{}, kura.Errorf(op, kura.Invalid, "%s doesn't have mandatory '%s' key", what, name)
		}
	}
	r := optReader{opts: info}
	m := build.Maven{Group: r.string("group_id"), Artifact: r.string("artifact_id"), Version: r.string("version")}
	return m, r.err
}

func (h Archives) createMaven(ctx context.Context, c *Call) (any, error) {
	const op = "koji.createMavenBuild"
	info := c.Args.Map("maven_info")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	b, err := h.typedArg(ctx, c, "maven")
	if err != nil {
		return nil, err
	}
	if len(info) == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "Maven info is empty")
	}
	m, err := mavenInfo(op, "Maven info", info)
	if err != nil {
		return nil, err
	}
	return nothing(build.SetMaven(ctx, c.Tx, b.ID, m))
}

func (h Archives) createWin(ctx context.Context, c *Call) (any, error) {
	const op = "koji.createWinBuild"
	info := c.Args.Map("win_info")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	b, err := h.typedArg(ctx, c, "win")
	if err != nil {
		return nil, err
	}
	if len(info) == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "Windows info is empty")
	}
	if _, ok := info["platform"]; !ok {
		return nil, kura.Errorf(op, kura.Invalid, "Windows info doesn't have mandatory platform key")
	}
	r := optReader{opts: info}
	platform := r.string("platform")
	if r.err != nil {
		return nil, r.err
	}
	return nothing(build.SetWin(ctx, c.Tx, b.ID, platform))
}

func (h Archives) createImage(ctx context.Context, c *Call) (any, error) {
	b, err := h.typedArg(ctx, c, "image")
	if err != nil {
		return nil, err
	}
	return nothing(build.AddType(ctx, c.Tx, b.ID, "image"))
}

// mavenBuild and its like answer with what a type says of a build.
func (Archives) mavenBuild(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "buildInfo")
	if err != nil {
		return lookedUp(c.Args.Bool("strict"), nil, err)
	}
	m, found, err := build.MavenOf(ctx, c.Tx, b.ID)
	if err == nil && !found {
		err = kura.Errorf("koji.getMavenBuild", kura.NotFound, "no such maven build: %v", c.Args.Any("buildInfo"))
	}
	return lookedUp(c.Args.Bool("strict"), append(record("build_id", b.ID), mavenFields(m, "")...), err)
}

func (Archives) winBuild(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "buildInfo")
	if err != nil {
		return lookedUp(c.Args.Bool("strict"), nil, err)
	}
	platform, found, err := build.WinOf(ctx, c.Tx, b.ID)
	if err == nil && !found {
		err = kura.Errorf("koji.getWinBuild", kura.NotFound, "no such Windows build: %v", c.Args.Any("buildInfo"))
	}
	return lookedUp(c.Args.Bool("strict"), record("build_id", b.ID, "platform", platform), err)
}

func (Archives) imageBuild(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "buildInfo")
	if err != nil {
		return lookedUp(c.Args.Bool("strict"), nil, err)
	}
	is, err := build.Is(ctx, c.Tx, b.ID, "image")
	if err == nil && !is {
		err = kura.Errorf("koji.getImageBuild", kura.NotFound, "no such image build: %v", c.Args.Any("buildInfo"))
	}
	return lookedUp(c.Args.Bool("strict"), record("build_id", b.ID), err)
}

// importArchive is for people: each type has its permission.
func (h Archives) importArchive(ctx context.Context, c *Call) (any, error) {
	btype := c.Args.String("type")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := h.Flow.MayImport(c.Actor, btype); err != nil {
		return nil, err
	}
	return nothing(h.take(ctx, c, btype))
}

// hostImport is for builders, which make no images this way.
func (h Archives) hostImport(ctx context.Context, c *Call) (any, error) {
	btype := c.Args.String("type")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err := h.Flow.WantedOfHosts(btype); err != nil {
		return nil, err
	}
	return nothing(h.take(ctx, c, btype))
}

// take makes an upload an archive of a build.
func (h Archives) take(ctx context.Context, c *Call, btype string) error {
	const op = "koji.importArchive"
	path, info := c.Args.String("filepath"), c.Args.Map("typeInfo")
	if err := c.Args.Err(); err != nil {
		return err
	}
	_, name := file.Split(path)
	if file.Check(path) != nil || file.CheckName(name) != nil {
		return kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %s", path)
	}
	a, err := described(op, btype, name, info)
	if err != nil {
		return err
	}
	var b *build.Build
	if err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		b, err = findBuild(ctx, tx, c.Args.Any("buildinfo"))
		return err
	}); err != nil {
		return err
	}
	return h.Flow.TakeArchive(ctx, b.ID, path, a)
}

// described makes an archive of what the caller says of it.
func described(op, btype, name string, info map[string]any) (*build.Archive, error) {
	a := &build.Archive{BType: btype, Filename: name}
	r := optReader{opts: info}
	switch btype {
	case "maven":
		m, err := mavenInfo(op, "typeInfo", info)
		a.Maven = &m
		return a, err
	case "win":
		a.Win = &build.WinArchive{Path: strings.Trim(r.string("relpath"), "/"), Platforms: strings.Join(r.strings("platforms"), " ")}
		if truthy(info["flags"]) {
			flags := strings.Join(r.strings("flags"), " ")
			a.Win.Flags = &flags
		}
	case "image":
		arch := r.string("arch")
		a.Arch = &arch
	}
	return a, r.err
}
