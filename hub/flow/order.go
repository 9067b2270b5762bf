package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/source"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
	"github.com/kura-build/kura/protocol"
)

// childOpts is the options parameter of the tasks that workers run.
type childOpts struct {
	RepoID  int64 `json:"repo_id"`
	Scratch bool  `json:"scratch,omitempty"`
}

// Order says what a worker is to do for a task that it was leased. Addresses
// that begin with a slash are this hub's, wherever the worker reaches it.
func (f *Flow) Order(ctx context.Context, tx *db.Tx, t *task.Task) (json.RawMessage, error) {
	const op = "flow.Order"
	var order any
	var err error
	switch t.Method {
	case "buildSRPMFromSCM", "rebuildSRPM":
		order, err = f.srpmOrder(ctx, tx, t)
	case "buildArch":
		order, err = f.archOrder(ctx, tx, t)
	default:
		err = kura.Errorf(op, kura.Invalid, "kura's builders do not run %s tasks", t.Method)
	}
	if err != nil {
		return nil, kura.E(op, err)
	}
	b, err := json.Marshal(order)
	return b, kura.E(op, err)
}

func (f *Flow) srpmOrder(ctx context.Context, tx *db.Tx, t *task.Task) (any, error) {
	var src string
	var build nameOrID
	var o childOpts
	if err := params(t, []string{"url", "build_tag", "opts"}, &src, &build, &o); err != nil {
		return nil, err
	}
	root, err := f.root(ctx, tx, t, build.Ref, o.RepoID, "srpm-build", "noarch")
	if err != nil {
		return nil, err
	}
	order := protocol.SRPMOrder{Root: root, Limits: f.conf.Limits, Scratch: o.Scratch}
	if t.Method == "rebuildSRPM" {
		order.SRPM, err = remote(ctx, tx, src)
		return order, err
	}
	order.SCM, err = f.scm(src)
	return order, err
}

func (f *Flow) archOrder(ctx context.Context, tx *db.Tx, t *task.Task) (any, error) {
	var src, arch string
	var build nameOrID
	var keep bool
	var o childOpts
	if err := params(t, []string{"pkg", "root", "arch", "keep_srpm", "opts"}, &src, &build, &arch, &keep, &o); err != nil {
		return nil, err
	}
	root, err := f.root(ctx, tx, t, build.Ref, o.RepoID, "build", arch)
	if err != nil {
		return nil, err
	}
	srpm, err := remote(ctx, tx, src)
	if err != nil {
		return nil, err
	}
	return protocol.ArchOrder{Root: root, SRPM: *srpm, Arch: arch, KeepSRPM: keep, Limits: f.conf.Limits}, nil
}

// remote names a file below work/ for a worker to fetch.
func remote(ctx context.Context, tx *db.Tx, path string) (*protocol.RemoteRPM, error) {
	full := file.Join("work", path)
	c, err := file.Read(ctx, tx, full)
	if err != nil {
		return nil, err
	}
	r := &protocol.RemoteRPM{Name: c.Node.Name, URL: (&url.URL{Path: "/kojifiles/" + full}).EscapedPath(), Size: c.Node.Size}
	if c.Node.Kind == file.File {
		r.SHA256 = c.Node.Sum.String()
	}
	return r, nil
}

// scm parses an address and finds the rule that allows it.
func (f *Flow) scm(text string) (*protocol.SCM, error) {
	s, err := source.ParseSCM(text)
	if err != nil {
		return nil, err
	}
	out := &protocol.SCM{Kind: s.Scheme, URL: s.CloneURL(), Subdir: s.Subdir, Ref: s.Ref, Package: s.Package(), Original: s.Original}
	own, err := f.own(s)
	if err != nil {
		return nil, err
	}
	if own {
		out.CA = f.conf.CA
		out.Lookaside = "/repo/pkgs"
		return out, nil
	}
	rule, err := source.Allow(f.conf.Rules, s)
	if err != nil {
		return nil, err
	}
	out.Command = rule.Command
	if len(out.Command) == 0 {
		out.Lookaside, out.CA = "/repo/pkgs", f.conf.CA
	}
	return out, nil
}

// root says what a task's clean root consists of: the group's packages, from
// the repository of the build, which shows those of the tag's external
// repositories too, with the macros and settings that stand in the tag's extra data.
func (f *Flow) root(ctx context.Context, tx *db.Tx, t *task.Task, build tag.Ref, repoID int64, group, arch string) (protocol.Root, error) {
	const op = "flow.root"
	r, err := repo.Get(ctx, tx, repoID)
	if err != nil {
		return protocol.Root{}, err
	}
	if r.State != repo.Ready && r.State != repo.Expired {
		return protocol.Root{}, kura.Errorf(op, kura.Conflict, "Bad repo: %d (%s)", r.ID, r.State)
	}
	conf, err := tag.GetBuildConfig(ctx, tx, build, r.CreateEvent)
	if err != nil {
		return protocol.Root{}, err
	}
	if r.TagID != conf.ID {
		return protocol.Root{}, kura.Errorf(op, kura.Invalid, "repository %d is of %s, not of %s", r.ID, r.TagName, conf.Name)
	}
	if arch, err = rootArch(ctx, tx, t, conf, arch); err != nil {
		return protocol.Root{}, err
	}
	out := protocol.Root{
		Tag: conf.Name, RepoID: r.ID, Event: r.CreateEvent, Arch: arch,
		Macros: map[string]string{}, Env: map[string]string{},
		Repos: []protocol.Repo{{ID: fmt.Sprintf("%s-%d", conf.Name, r.ID), URL: "/kojifiles/" + r.Path() + "/" + rpm.CanonArch(arch), Priority: 1}},
	}
	if f.conf.Dist != "" {
		out.Macros["dist"] = f.conf.Dist
	}
	for k, v := range conf.Extra {
		if name, ok := strings.CutPrefix(k, "rpm.macro."); ok {
			out.Macros[name] = fmt.Sprint(v)
		}
		if name, ok := strings.CutPrefix(k, "rpm.env."); ok {
			out.Env[name] = fmt.Sprint(v)
		}
	}
	out.Packages, err = packagesOf(ctx, tx, conf.ID, r.CreateEvent, group)
	return out, err
}

// rootArch is the arch of the root for an arch to be built: for noarch, one
// that the host builds natively and the tag has.
func rootArch(ctx context.Context, tx *db.Tx, t *task.Task, conf tag.BuildConfig, arch string) (string, error) {
	const op = "flow.root"
	if conf.Arches == nil {
		return "", kura.Errorf(op, kura.Build, "No arches for tag %s [%d]", conf.Name, conf.ID)
	}
	arches := strings.Fields(*conf.Arches)
	if arch != "noarch" {
		for _, a := range arches {
			if rpm.CanonArch(a) == rpm.CanonArch(arch) {
				return arch, nil
			}
		}
		return "", kura.Errorf(op, kura.Build, "tag %s has no arch %s", conf.Name, arch)
	}
	if t.HostID == nil {
		return "", kura.Errorf(op, kura.Conflict, "task %d has no host", t.ID)
	}
	h, err := task.GetHost(ctx, tx, task.Ref{ID: *t.HostID}, 0)
	if err != nil {
		return "", err
	}
	for _, a := range h.ArchList() {
		for _, b := range arches {
			if rpm.CanonArch(a) == rpm.CanonArch(b) {
				return b, nil
			}
		}
	}
	return "", kura.Errorf(op, kura.Conflict, "host %s has none of the arches of tag %s", h.Name, conf.Name)
}

// packagesOf expands a group of a tag into the packages that it installs.
func packagesOf(ctx context.Context, tx *db.Tx, id, at int64, group string) ([]string, error) {
	all, err := tag.Groups(ctx, tx, tag.GroupQuery{Tag: id, At: at, Packages: true, Groups: true})
	if err != nil {
		return nil, err
	}
	byName := map[string]tag.Group{}
	for _, g := range all {
		byName[g.Name] = g
	}
	seen := map[string]bool{}
	var out []string
	var add func(name string)
	add = func(name string) {
		g, ok := byName[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, p := range g.Packages {
			if p.Type != "optional" && !slices.Contains(out, p.Package) {
				out = append(out, p.Package)
			}
		}
		for _, r := range g.Groups {
			add(r.Name)
		}
	}
	add(group)
	if len(out) == 0 {
		return nil, kura.Errorf("flow.root", kura.Build, "the build tag has no packages in its group %s: add some with add-group-pkg", group)
	}
	slices.Sort(out)
	return out, nil
}
