package rest

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/task"
)

// refsView is what keeps a build from being deleted.
type refsView struct {
	Tags     []packageView `json:"tags"`
	RPMs     []rpmView     `json:"rpms" doc:"made in roots that held its packages"`
	Archives []int64       `json:"archives" doc:"the same of archives"`
	Parts    []int64       `json:"component_of" doc:"archives that hold its packages or archives"`
	LastUsed *time.Time    `json:"last_used,omitempty" doc:"when a root last held one of its packages"`
}

// rootView is a root in which something was built.
type rootView struct {
	ID        int64           `json:"id"`
	State     string          `json:"state,omitempty" enum:"init,waiting,building,expired"`
	Arch      string          `json:"arch,omitempty"`
	Host      string          `json:"host,omitempty"`
	Repo      *int64          `json:"repo,omitempty"`
	Task      *int64          `json:"task,omitempty"`
	Created   *time.Time      `json:"created,omitempty"`
	Retired   *time.Time      `json:"retired,omitempty"`
	Emulated  bool            `json:"emulated" doc:"on a host of another architecture"`
	Generator string          `json:"content_generator,omitempty" doc:"which made it elsewhere"`
	Details   json.RawMessage `json:"details,omitempty"`
}

func viewRoot(r *build.Buildroot) rootView {
	v := rootView{ID: r.ID, Arch: r.Arch, Host: r.HostName, Repo: r.RepoID, Task: r.TaskID, Retired: when(r.RetireTime), Emulated: r.Emulated, Details: r.Details}
	if r.External != nil {
		v.Generator, v.Arch = r.External.CGName, r.External.HostArch
		return v
	}
	v.State, v.Created = strings.ToLower(build.RootStates[r.State]), when(&r.CreateTime)
	return v
}

// buildFacts registers what is asked about builds besides their records.
func (s *Server) buildFacts() {
	read(s, "list-build-logs", func(ctx context.Context, c *call, in *struct {
		Paging
		InBuild
	}) (page pageOf[outputView], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		dir := file.Join(b.Path(), "data/logs")
		all, err := filesBelow(ctx, c, dir)
		if err != nil {
			return page, err
		}
		return cut(&in.Paging, all, file.Node.Path, func(n file.Node) outputView { return viewOutput(dir, n) })
	})
	read(s, "list-build-references", func(ctx context.Context, c *call, in *struct {
		InBuild
		Limit int64 `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"the most packages"`
	}) (v refsView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		refs, err := build.ReferencesTo(ctx, c.tx, b.ID, in.Limit)
		if err != nil {
			return v, err
		}
		v = refsView{Tags: []packageView{}, RPMs: []rpmView{}, Archives: []int64{}, Parts: append([]int64{}, refs.Parts...)}
		for _, t := range refs.Tags {
			v.Tags = append(v.Tags, packageView{t.ID, t.Name})
		}
		for _, r := range refs.RPMs {
			v.RPMs = append(v.RPMs, viewRPM(r))
		}
		for _, a := range refs.Archives {
			v.Archives = append(v.Archives, a.ID)
		}
		if refs.LastUsed != 0 {
			v.LastUsed = new(db.Time(refs.LastUsed))
		}
		return v, nil
	})
	read(s, "list-types-of-build", func(ctx context.Context, c *call, in *InBuild) (page pageOf[string], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		page.Items, err = build.Types(ctx, c.tx, b.ID)
		return page, err
	})
	read(s, "list-buildroots", listRoots)
	read(s, "get-buildroot", func(ctx context.Context, c *call, in *ByNumber) (v rootView, err error) {
		r, err := build.GetBuildroot(ctx, c.tx, in.ID)
		if err != nil {
			return v, err
		}
		return viewRoot(r), nil
	})
	read(s, "list-buildroot-rpms", func(ctx context.Context, c *call, in *struct {
		Paging
		ByNumber
		Made bool `query:"made" doc:"those that were built in it, instead"`
	}) (page pageOf[rpmView], err error) {
		if _, err := build.GetBuildroot(ctx, c.tx, in.ID); err != nil {
			return page, err
		}
		f := build.RPMFilter{ComponentOf: in.ID}
		if in.Made {
			f = build.RPMFilter{BuildrootID: in.ID}
		}
		all, err := build.ListRPMs(ctx, c.tx, f)
		if err != nil {
			return page, err
		}
		return part(&in.Paging, all, viewRPM)
	})
	read(s, "search", search)
}

func listRoots(ctx context.Context, c *call, in *struct {
	Paging
	Host    string `query:"host"`
	Task    int64  `query:"task" minimum:"0"`
	Repo    int64  `query:"repo" minimum:"0"`
	RPM     int64  `query:"rpm" minimum:"0" doc:"that held the package of this number"`
	Archive int64  `query:"archive" minimum:"0" doc:"that held the archive of this number"`
	Tag     string `query:"tag" doc:"made from a repository of this tag"`
	State   string `query:"state" enum:"init,waiting,building,expired"`
}) (page pageOf[rootView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	f := build.RootFilter{TaskID: in.Task, RepoID: in.Repo, RPMID: in.RPM, ArchiveID: in.Archive, After: m.ID, Limit: int64(in.Limit) + 1}
	if f.TagID, err = tagNumber(ctx, c, in.Tag); err != nil {
		return page, err
	}
	for st, name := range build.RootStates {
		if strings.ToLower(name) == in.State {
			f.State = []int{st}
		}
	}
	if in.Host != "" {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
		if err != nil {
			return page, err
		}
		f.HostID = h.ID
	}
	got, err := build.ListBuildroots(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return full(&in.Paging, got, func(r *build.Buildroot) mark { return mark{ID: r.ID} }, viewRoot), nil
}

// search finds what is not listed by its name elsewhere.
func search(ctx context.Context, c *call, in *struct {
	Paging
	Of      string `query:"of" required:"true" enum:"build,rpm"`
	Pattern string `query:"pattern" required:"true" minLength:"1" doc:"a glob on name-version-release, of packages with .arch.rpm: * and ?, in any case"`
}) (page pageOf[packageView], err error) {
	m, err := in.mark()
	if err != nil {
		return page, err
	}
	find := map[string]func(context.Context, *db.Tx, string, int64) iter.Seq2[build.Named, error]{"build": build.Names, "rpm": build.RPMNames}[in.Of]
	var got []build.Named
	for n, err := range find(ctx, c.tx, in.Pattern, m.ID) {
		if err != nil {
			return page, err
		}
		if got = append(got, n); len(got) > in.Limit {
			break
		}
	}
	return full(&in.Paging, got, func(n build.Named) mark { return mark{ID: n.ID} }, func(n build.Named) packageView { return packageView{n.ID, n.Name} }), nil
}
