package koji

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// Starts are the calls that make tasks which only Koji's own builders carry
// out: kura's do not say that they know them, so these wait until one comes.
type Starts struct {
	Room *task.Room
	// Maven and Windows say whether such builds are wanted here.
	Maven, Windows bool
}

// Handlers are the methods.
func (h Starts) Handlers() Handlers {
	enabled := func(v bool) Handler { return func(context.Context, *Call) (any, error) { return v, nil } }
	return Handlers{
		"mavenEnabled":          enabled(h.Maven),
		"winEnabled":            enabled(h.Windows),
		"mavenBuild":            h.maven,
		"chainMaven":            h.chainMaven,
		"wrapperRPM":            h.wrapper,
		"winBuild":              h.windows,
		"buildImage":            h.image,
		"buildImageIndirection": h.indirection,
		"buildImageOz":          h.imageOz,
		"kiwiBuild":             h.kiwi,
		"osbuildImage":          h.osbuild,
		"dudBuild":              h.dud,
		"runroot":               h.runroot,
		"saveFailedTree":        h.saveTree,
	}
}

// start makes the task. The caller's arguments are looked at before.
func (h Starts) start(ctx context.Context, c *Call, method string, params []any, opts map[string]any) (any, error) {
	if p := priorityArg(c); p != nil {
		opts["priority"] = int64(*p)
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return makeTask(ctx, c, h.Room, nil, method, params, opts)
}

// mapOr gives a struct argument, or an empty one.
func (a *Args) mapOr(name string) map[string]any {
	if m := a.Map(name); m != nil {
		return m
	}
	return map[string]any{}
}

func (h Starts) wantMaven() error {
	if !h.Maven {
		return fault(genericError, "Maven support not enabled")
	}
	return nil
}

func (h Starts) maven(ctx context.Context, c *Call) (any, error) {
	if err := h.wantMaven(); err != nil {
		return nil, err
	}
	params := []any{c.Args.String("url"), c.Args.Any("target"), c.Args.mapOr("opts")}
	return h.start(ctx, c, "maven", params, map[string]any{"channel": c.Args.Any("channel")})
}

func (h Starts) chainMaven(ctx context.Context, c *Call) (any, error) {
	if err := h.wantMaven(); err != nil {
		return nil, err
	}
	params := []any{c.Args.Map("builds"), c.Args.Any("target"), c.Args.Any("opts")}
	return h.start(ctx, c, "chainmaven", params, map[string]any{"channel": c.Args.Any("channel")})
}

func (h Starts) wrapper(ctx context.Context, c *Call) (any, error) {
	if err := h.wantMaven(); err != nil {
		return nil, err
	}
	url, opts := c.Args.String("url"), c.Args.mapOr("opts")
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	if !truthy(opts["scratch"]) && !truthy(opts["create_build"]) {
		rpms, err := build.RPMs(ctx, c.Tx, []*build.Tagged{{Build: b}}, nil)
		if err != nil {
			return nil, err
		}
		if len(rpms) > 0 {
			return nil, fault(preBuildError, "wrapper rpms for %s have already been built", b.NVR())
		}
	}
	target, err := tag.GetTarget(ctx, c.Tx, tagRef(c.Args, "target"), 0)
	if err != nil {
		return nil, err
	}
	row, err := buildStruct(b)
	if err != nil {
		return nil, err
	}
	delete(opts, "repo_id") // clients of old give it
	var params []any
	for _, v := range []any{url, targetStruct(target), row, nil, opts} {
		p, err := plain(v)
		if err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return h.start(ctx, c, "wrapperRPM", params, map[string]any{"channel": c.Args.String("channel")})
}

func (h Starts) windows(ctx context.Context, c *Call) (any, error) {
	if !h.Windows {
		return nil, fault(genericError, "Windows support not enabled")
	}
	vm, url, target := c.Args.String("vm"), c.Args.String("url"), tagRef(c.Args, "target")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if _, err := tag.GetTarget(ctx, c.Tx, target, 0); err != nil {
		return nil, err
	}
	if !c.Actor.Has("win-admin") { // Koji's policy "vm", where none is written
		return nil, fault(actionNotAllowed, "policy violation (vm)")
	}
	params := []any{vm, url, c.Args.Any("target"), c.Args.mapOr("opts")}
	return h.start(ctx, c, "winbuild", params, map[string]any{"channel": c.Args.Any("channel")})
}

func (h Starts) image(ctx context.Context, c *Call) (any, error) {
	kind := c.Args.String("img_type")
	if !slices.Contains([]string{"livecd", "appliance", "livemedia"}, kind) && c.Args.Err() == nil {
		return nil, fault(genericError, "Unrecognized image type: %s", kind)
	}
	if !c.Actor.Has(kind) {
		return nil, fault(actionNotAllowed, "%s permission required (logged in as %s)", kind, c.Actor.Name)
	}
	arch := c.Args.Any("arch")
	params := []any{c.Args.String("name"), c.Args.String("version"), arch, c.Args.Any("target"), c.Args.String("ksfile"), c.Args.Any("opts")}
	if kind == "livemedia" {
		arch = "noarch"
	}
	return h.start(ctx, c, kind, params, map[string]any{"channel": kind, "arch": arch})
}

func (h Starts) indirection(ctx context.Context, c *Call) (any, error) {
	opts := c.Args.mapOr("opts")
	if !has(opts, "scratch") && !has(opts, "indirection_template_url") {
		return nil, fault(actionNotAllowed, "Non-scratch builds must provide url for the indirection template")
	}
	return h.start(ctx, c, "indirectionimage", []any{opts}, map[string]any{"channel": "image", "arch": opts["arch"]})
}

func (h Starts) imageOz(ctx context.Context, c *Call) (any, error) {
	params := []any{
		c.Args.String("name"), c.Args.String("version"), c.Args.Any("arches"), c.Args.Any("target"), c.Args.String("inst_tree"), c.Args.Any("opts"),
	}
	return h.start(ctx, c, "image", params, map[string]any{"channel": "image"})
}

// kiwi makes a task of an image that KIWI builds. Options that say nothing are
// not passed on.
func (h Starts) kiwi(ctx context.Context, c *Call) (any, error) {
	url, path := c.Args.String("desc_url"), c.Args.String("desc_path")
	arches, err := archList(c.Args, "arches")
	if err == nil && c.Args.Any("arches") == nil { // none named are those of the tag
		err = fault(genericError, "No arches supplied")
	}
	if err != nil {
		return nil, err
	}
	optional, err := archList(c.Args, "optional_arches")
	if err != nil {
		return nil, err
	}
	target := tagRef(c.Args, "target")
	opts := map[string]any{}
	for _, name := range []string{"profile", "version", "release", "repo_releasever", "result_bundle_name_format", "type"} {
		if v := c.Args.OptString(name); v != nil && *v != "" {
			opts[name] = *v
		}
	}
	for _, name := range []string{"repos", "type_attr"} {
		if v := c.Args.List(name); len(v) > 0 {
			opts[name] = v
		}
	}
	for _, name := range []string{"scratch", "make_prep", "use_buildroot_repo"} {
		if c.Args.Bool(name) {
			opts[name] = true
		}
	}
	if len(optional) > 0 {
		opts["optional_arches"] = optional
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if _, err := tag.GetTarget(ctx, c.Tx, target, 0); err != nil {
		return nil, err
	}
	return h.start(ctx, c, "kiwiBuild", []any{c.Args.Any("target"), arches, url, path, opts}, map[string]any{"channel": "image"})
}

func (h Starts) dud(ctx context.Context, c *Call) (any, error) {
	opts := map[string]any{}
	for _, name := range []string{"scratch", "alldeps", "scmurl", "optional_arches"} {
		opts[name] = c.Args.Any(name)
	}
	var params []any
	for _, name := range []string{"dud_name", "dud_version", "arches", "target", "pkg_list"} {
		params = append(params, c.Args.Any(name))
	}
	return h.start(ctx, c, "dudBuild", append(params, opts), map[string]any{"channel": "image"})
}

// archList reads architectures that are a list, or one text with spaces or
// commas between them.
func archList(a *Args, name string) ([]any, error) {
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
	checked, err := tag.Arches(&text, true)
	if err != nil || checked == nil {
		return nil, err
	}
	var out []any
	for _, arch := range strings.Fields(*checked) {
		out = append(out, arch)
	}
	return out, nil
}

// runroot makes a task that runs a command in a root of a tag. One for noarch
// goes to an architecture that the tag and the channel's hosts have.
func (h Starts) runroot(ctx context.Context, c *Call) (any, error) {
	const priority = 15
	ref, command, channel := tagRef(c.Args, "tagInfo"), c.Args.Any("command"), c.Args.Any("channel")
	if !truthy(channel) {
		channel = "runroot"
	}
	arches, err := archList(c.Args, "arch")
	if err == nil && len(arches) != 1 {
		err = fault(genericError, "No arches supplied")
	}
	if err != nil {
		return nil, err
	}
	switch command.(type) {
	case string, []any:
	default:
		return nil, fault(genericError, "Invalid type for value '%v': %s", command, typeName(command))
	}
	t, err := tag.Get(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	arch := arches[0]
	opts := map[string]any{"priority": int64(priority), "channel": channel, "arch": arch}
	if arch == "noarch" {
		if opts["arch"], err = archFor(ctx, c, t, channel); err != nil {
			return nil, err
		}
	}
	params := withKeywords([]any{c.Args.Any("tagInfo"), arch, command}, c.Args.Keywords)
	return makeTask(ctx, c, h.Room, nil, "runroot", params, opts)
}

// archFor gives an architecture on which a root of a tag can be made for what is
// of none.
func archFor(ctx context.Context, c *Call, t tag.Tag, channel any) (any, error) {
	var own []string
	if t.Arches != nil {
		own = strings.Fields(*t.Arches)
	}
	if len(own) == 0 {
		return nil, fault(genericError, "no arches defined for tag %s", t.Name)
	}
	all, err := task.AllArches(ctx, c.Tx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(a string) bool { return !slices.Contains(own, a) }) {
		return "noarch", nil
	}
	ref := task.Ref{}
	if n, ok := toInt(channel); ok {
		ref.ID = n
	} else {
		ref.Name, _ = channel.(string)
	}
	if _, err := task.GetChannel(ctx, c.Tx, ref); err != nil {
		return nil, err
	}
	yes := true
	hosts, err := task.ListHosts(ctx, c.Tx, task.HostFilter{Channel: &ref, Enabled: &yes})
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, host := range hosts {
		for _, a := range host.ArchList() {
			there[rpm.CanonArch(a)] = true
		}
	}
	choices := slices.DeleteFunc(own, func(a string) bool { return !there[a] })
	if len(choices) == 0 {
		return nil, fault(genericError, "no common arches for tag/channel: %s/%v", t.Name, channel)
	}
	return rpm.CanonArch(choices[rand.IntN(len(choices))]), nil
}

// saveTree makes a task that keeps what a failed build has left, on the host
// that has it.
func (h Starts) saveTree(ctx context.Context, c *Call) (any, error) {
	id, full := c.Args.Int("buildrootID"), c.Args.Bool("full")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	root, err := build.GetBuildroot(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	if root.TaskID == nil || root.HostID == nil {
		return nil, fault(preBuildError, "Buildroot %d is not of a task of this hub", id)
	}
	t, err := task.Get(ctx, c.Tx, *root.TaskID)
	if err != nil {
		return nil, err
	}
	host, err := task.GetHost(ctx, c.Tx, task.Ref{ID: *root.HostID}, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case t.State != task.Failed:
		return nil, fault(preBuildError, "Task %d has not failed. Only failed tasks can upload their buildroots.", t.ID)
	case t.Method != "buildArch":
		return nil, fault(preBuildError, "Only buildArch tasks can upload their buildroots (Task %d is %s).", t.ID, t.Method)
	case (t.Owner == nil || *t.Owner != c.Actor.ID) && !c.Actor.Has("admin"):
		return nil, fault(actionNotAllowed, "Only owner of failed task or 'admin' can run this task.")
	case !host.Enabled:
		return nil, fault(preBuildError, "Host is disabled.")
	case !knows(host, "saveFailedTree"):
		return nil, fault(preBuildError, "Host %s keeps nothing of failed builds but their logs.", host.Name)
	}
	return makeTask(ctx, c, h.Room, nil, "saveFailedTree", withKeywords([]any{id, full}, c.Args.Keywords), map[string]any{"assign": host.ID})
}

// knows reports whether a host said that it carries out tasks of a method.
func knows(h *task.Host, method string) bool {
	var said struct {
		Methods []string `json:"methods"`
	}
	return json.Unmarshal(h.Data, &said) == nil && slices.Contains(said.Methods, method)
}
