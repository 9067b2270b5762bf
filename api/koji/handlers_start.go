package koji

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/flow"
	"github.com/kura-build/kura/hub/task"
)

// Starts are the calls that make tasks which only Koji's own builders carry
// out: hub/flow makes them.
type Starts struct {
	Flow *flow.Flow
}

// Handlers are the methods.
func (h Starts) Handlers() Handlers {
	enabled := func(btype string) Handler {
		return func(context.Context, *Call) (any, error) { return h.Flow.Wanted(btype) == nil, nil }
	}
	return Handlers{
		"mavenEnabled":          enabled("maven"),
		"winEnabled":            enabled("win"),
		"mavenBuild":            h.maven,
		"chainMaven":            h.chainMaven,
		"wrapperRPM":            h.wrapper,
		"winBuild":              h.windows,
		"buildImage":            h.live,
		"buildImageIndirection": h.indirection,
		"buildImageOz":          h.image,
		"kiwiBuild":             h.kiwi,
		"osbuildImage":          h.osbuild,
		"dudBuild":              h.dud,
		"runroot":               h.runroot,
		"saveFailedTree":        h.saveTree,
	}
}

// asked reads how a task is to be made.
func asked(ctx context.Context, c *Call, method string, channel, arch any) (flow.Asked, error) {
	opts := map[string]any{"channel": channel, "arch": arch}
	if c.Args.sig.index("priority") >= 0 {
		if p := priorityArg(c); p != nil {
			opts["priority"] = int64(*p)
		}
	}
	if err := c.Args.Err(); err != nil {
		return flow.Asked{}, err
	}
	s, err := specOf(ctx, c, method, nil, opts)
	return flow.Asked{Priority: s.Priority, Channel: s.Channel, Arch: s.Arch}, err
}

// made gives a task that was made to who has asked for it.
func made(t *task.Task, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return t.ID, nil
}

// preBuild is made for starts that a build's state forbids: so clients know it.
func preBuild(t *task.Task, err error) (any, error) {
	if kura.Is(err, kura.Build) {
		return nil, fault(preBuildError, "%s", err)
	}
	return made(t, err)
}

// json gives an argument as JSON.
func (a *Args) json(name string) json.RawMessage {
	text, err := toJSON(a.Any(name))
	if err != nil && a.err == nil {
		a.err = err
	}
	return text
}

// options gives a struct argument as JSON, or an empty one.
func (a *Args) options(name string) json.RawMessage {
	if a.Map(name) == nil {
		return json.RawMessage("{}")
	}
	return a.json(name)
}

// keywords gives what came as keyword arguments beside those that are declared.
func (a *Args) keywords() flow.Keywords {
	k := flow.Keywords{}
	for name, v := range a.Keywords {
		text, err := toJSON(v)
		if err != nil && a.err == nil {
			a.err = err
		}
		k[name] = text
	}
	return k
}

func (h Starts) maven(ctx context.Context, c *Call) (any, error) {
	url, target, opts := c.Args.String("url"), tagRef(c.Args, "target"), c.Args.options("opts")
	a, err := asked(ctx, c, "maven", c.Args.Any("channel"), nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartMaven(ctx, c.Tx, c.Actor, url, target, opts, a))
}

func (h Starts) chainMaven(ctx context.Context, c *Call) (any, error) {
	builds, target, opts := c.Args.options("builds"), tagRef(c.Args, "target"), c.Args.json("opts")
	a, err := asked(ctx, c, "chainmaven", c.Args.Any("channel"), nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartMavenChain(ctx, c.Tx, c.Actor, builds, target, opts, a))
}

func (h Starts) wrapper(ctx context.Context, c *Call) (any, error) {
	url, target, opts := c.Args.String("url"), tagRef(c.Args, "target"), c.Args.Map("opts")
	o := flow.WrapperOpts{Scratch: truthy(opts["scratch"]), CreateBuild: truthy(opts["create_build"])}
	delete(opts, "repo_id") // clients of old give it
	text := c.Args.options("opts")
	a, err := asked(ctx, c, "wrapperRPM", c.Args.Any("channel"), nil)
	if err != nil {
		return nil, err
	}
	if err := h.Flow.Wanted("maven"); err != nil {
		return nil, err
	}
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	return preBuild(h.Flow.StartWrapper(ctx, c.Tx, c.Actor, b, url, target, o, text, a))
}

func (h Starts) windows(ctx context.Context, c *Call) (any, error) {
	vm, url, target, opts := c.Args.String("vm"), c.Args.String("url"), tagRef(c.Args, "target"), c.Args.options("opts")
	a, err := asked(ctx, c, "winbuild", c.Args.Any("channel"), nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartWindows(ctx, c.Tx, c.Actor, vm, url, target, opts, a))
}

func (h Starts) live(ctx context.Context, c *Call) (any, error) {
	l := flow.Live{Kind: c.Args.String("img_type"), Name: c.Args.String("name"), Version: c.Args.String("version"), Arch: c.Args.json("arch"),
		Target: tagRef(c.Args, "target"), Kickstart: c.Args.String("ksfile"), Opts: c.Args.json("opts")}
	arch := c.Args.Any("arch")
	if l.Kind == "livemedia" { // it may be a list
		arch = nil
	}
	a, err := asked(ctx, c, l.Kind, nil, arch)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartLive(ctx, c.Tx, c.Actor, l, a))
}

func (h Starts) indirection(ctx context.Context, c *Call) (any, error) {
	opts := c.Args.options("opts")
	a, err := asked(ctx, c, "indirectionimage", nil, c.Args.Map("opts")["arch"])
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartIndirection(ctx, c.Tx, c.Actor, opts, a))
}

func (h Starts) image(ctx context.Context, c *Call) (any, error) {
	i := flow.Image{Name: c.Args.String("name"), Version: c.Args.String("version"), Arches: c.Args.json("arches"),
		Target: tagRef(c.Args, "target"), Tree: c.Args.String("inst_tree"), Opts: c.Args.json("opts")}
	a, err := asked(ctx, c, "image", nil, nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartImage(ctx, c.Tx, c.Actor, i, a))
}

func (h Starts) kiwi(ctx context.Context, c *Call) (any, error) {
	text := func(name string) string {
		if v := c.Args.OptString(name); v != nil {
			return *v
		}
		return ""
	}
	k := flow.Kiwi{
		Target: tagRef(c.Args, "target"), URL: c.Args.String("desc_url"), Path: c.Args.String("desc_path"),
		Profile: text("profile"), Version: text("version"), Release: text("release"), Releasever: text("repo_releasever"),
		BundleName: text("result_bundle_name_format"), Type: text("type"), Repos: c.Args.List("repos"), TypeAttr: c.Args.List("type_attr"),
		Scratch: c.Args.Bool("scratch"), Prepare: c.Args.Bool("make_prep"), WithBuildrootsRepos: c.Args.Bool("use_buildroot_repo"),
	}
	var err error
	if k.Arches, err = archList(c.Args, "arches"); err != nil {
		return nil, err
	}
	if c.Args.Any("arches") != nil && k.Arches == nil { // an empty list is one
		k.Arches = []string{}
	}
	if k.OptionalArches, err = archList(c.Args, "optional_arches"); err != nil {
		return nil, err
	}
	a, err := asked(ctx, c, "kiwiBuild", nil, nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartKiwi(ctx, c.Tx, c.Actor, k, a))
}

func (h Starts) osbuild(ctx context.Context, c *Call) (any, error) {
	o := flow.Osbuild{Name: c.Args.json("name"), Version: c.Args.json("version"), Distro: c.Args.json("distro"), ImageType: c.Args.json("image_type"),
		Target: c.Args.json("target"), Arches: c.Args.json("arches"), Opts: c.Args.json("opts")}
	a, err := asked(ctx, c, "osbuildImage", nil, nil)
	if err != nil {
		return nil, err
	}
	t, err := h.Flow.StartOsbuild(ctx, c.Tx, c.Actor, o, a)
	if kura.Is(err, kura.Invalid) {
		return nil, fault(parameterError, "%s", err)
	}
	return made(t, err)
}

func (h Starts) dud(ctx context.Context, c *Call) (any, error) {
	d := flow.DriverDisk{Name: c.Args.String("dud_name"), Version: c.Args.String("dud_version"), Arches: c.Args.json("arches"), Target: tagRef(c.Args, "target"),
		Packages: c.Args.json("pkg_list"), Opts: flow.DriverDiskOpts{Scratch: c.Args.Bool("scratch"), AllDeps: c.Args.Bool("alldeps"),
			SCM: c.Args.OptString("scmurl"), OptionalArches: c.Args.json("optional_arches")}}
	a, err := asked(ctx, c, "dudBuild", nil, nil)
	if err != nil {
		return nil, err
	}
	return made(h.Flow.StartDriverDisk(ctx, c.Tx, c.Actor, d, a))
}

// archList reads architectures that are a list, or one text with spaces or
// commas between them.
func archList(a *Args, name string) ([]string, error) {
	var text string
	switch v := a.Any(name).(type) {
	case nil:
		return nil, nil
	case string:
		text = v
	default:
		text = strings.Join(a.Strings(name), " ")
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	return flow.Arches(text)
}

func (h Starts) runroot(ctx context.Context, c *Call) (any, error) {
	r := flow.Runroot{Tag: tagRef(c.Args, "tagInfo"), Command: c.Args.json("command"), Options: c.Args.keywords()}
	channel := c.Args.Any("channel")
	if !truthy(channel) {
		channel = "runroot"
	}
	arches, err := archList(c.Args, "arch")
	if err != nil {
		return nil, err
	}
	r.Arch = strings.Join(arches, " ")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	a := flow.Asked{}
	if name, ok := channel.(string); ok {
		a.Channel = name
	} else if a, err = asked(ctx, c, "runroot", channel, nil); err != nil {
		return nil, err
	}
	return made(h.Flow.StartRunroot(ctx, c.Tx, c.Actor, r, a))
}

func (h Starts) saveTree(ctx context.Context, c *Call) (any, error) {
	id, full, options := c.Args.Int("buildrootID"), c.Args.Bool("full"), c.Args.keywords()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return preBuild(h.Flow.SaveTree(ctx, c.Tx, c.Actor, id, full, options))
}
