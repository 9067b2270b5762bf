package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

type buildsPage struct {
	paging
	Builds                        []*build.Build
	State, Owner, Package, Search string
	States                        []string
}

var buildStates = map[string]build.State{
	"building": build.Building, "complete": build.Complete, "failed": build.Failed,
	"canceled": build.Canceled, "deleted": build.Deleted,
}

func (s *Server) builds(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	q := r.URL.Query()
	pg, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	p := &buildsPage{paging: pg, State: q.Get("state"), Owner: strings.TrimSpace(q.Get("owner")), Package: strings.TrimSpace(q.Get("package")),
		Search: strings.TrimSpace(q.Get("q")), States: []string{"building", "complete", "failed", "canceled", "deleted"}}
	f := build.Filter{Newest: true, Limit: perPage + 1, Offset: p.offset()}
	if p.State != "" {
		st, ok := buildStates[p.State]
		if !ok {
			return nil, kura.Errorf("web.builds", kura.Invalid, "there is no state %.40q: choose one of %s", p.State, strings.Join(p.States, ", "))
		}
		f.State = &st
	}
	if p.Search != "" {
		if f.Pattern = p.Search; !strings.ContainsAny(p.Search, "*?") {
			f.Pattern = "*" + p.Search + "*"
		}
	}
	if p.Owner != "" {
		u, err := account.Get(ctx, tx, account.ByName(p.Owner))
		if err != nil {
			return nil, err
		}
		f.UserID = u.ID
	}
	if p.Package != "" {
		k, err := tag.GetPackage(ctx, tx, tag.ByName(p.Package))
		if err != nil {
			return nil, err
		}
		f.PackageID = k.ID
	}
	list, err := build.List(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	p.Builds = cut(&p.paging, list)
	return p, nil
}

type buildPage struct {
	*build.Build
	Tags       []build.TagRef
	Arches     []archRPMs
	Logs       []buildLogs
	Buildroots []*build.Buildroot
	Extra      json.RawMessage
}

type archRPMs struct {
	Arch string
	RPMs []rpmRow
}

type rpmRow struct {
	*build.RPM
	Sigs []build.Signature
}

type buildLogs struct {
	Arch string
	Logs []logLink
}

// find gives a build by its id or its name-version-release.
func find(ctx context.Context, tx *db.Tx, ref string) (*build.Build, error) {
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		return build.Get(ctx, tx, id)
	}
	nvr, err := rpm.ParseNVR(ref)
	if err != nil {
		return nil, kura.Errorf("web.build", kura.Invalid, "%.200q is neither the number of a build nor its name-version-release", ref)
	}
	return build.ByNVR(ctx, tx, nvr)
}

func (s *Server) build(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	b, err := find(ctx, tx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &buildPage{Build: b, Extra: b.Extra}
	if p.Tags, err = build.TagsOf(ctx, tx, b.ID, 0); err != nil {
		return nil, err
	}
	if err := p.packages(ctx, tx); err != nil {
		return nil, err
	}
	if p.Logs, err = logsOf(ctx, tx, b); err != nil {
		return nil, err
	}
	return p, nil
}

// packages reads the rpms by architecture, sources first, with the roots that
// they were built in.
func (p *buildPage) packages(ctx context.Context, tx *db.Tx) error {
	list, err := build.ListRPMs(ctx, tx, build.RPMFilter{BuildID: p.ID})
	if err != nil {
		return err
	}
	at, roots := map[string]int{}, map[int64]bool{}
	add := func(source bool) error {
		for _, f := range list {
			if (f.Arch == "src" || f.Arch == "nosrc") != source {
				continue
			}
			sigs, err := build.Sigs(ctx, tx, f.ID)
			if err != nil {
				return err
			}
			i, ok := at[f.Arch]
			if !ok {
				i, at[f.Arch] = len(p.Arches), len(p.Arches)
				p.Arches = append(p.Arches, archRPMs{Arch: f.Arch})
			}
			p.Arches[i].RPMs = append(p.Arches[i].RPMs, rpmRow{f, sigs})
			if id := deref(f.BuildrootID); id != 0 && !roots[id] {
				roots[id] = true
				root, err := build.GetBuildroot(ctx, tx, id)
				if err != nil {
					return err
				}
				p.Buildroots = append(p.Buildroots, root)
			}
		}
		return nil
	}
	if err := add(true); err != nil {
		return err
	}
	return add(false)
}

// logsOf lists the logs that were kept with a build, by architecture.
func logsOf(ctx context.Context, tx *db.Tx, b *build.Build) ([]buildLogs, error) {
	top := file.Join(b.Path(), "data/logs")
	list, err := file.Walk(ctx, tx, top)
	var out []buildLogs
	for _, f := range list {
		arch := strings.TrimPrefix(strings.TrimPrefix(f.Dir, top), "/")
		if len(out) == 0 || out[len(out)-1].Arch != arch {
			out = append(out, buildLogs{Arch: arch})
		}
		last := &out[len(out)-1]
		last.Logs = append(last.Logs, logLink{f.Name, "/builds/" + strconv.FormatInt(b.ID, 10) + "/logs/" + escapePath(file.Join(arch, f.Name)), f.Size})
	}
	return out, err
}

type buildrootPage struct {
	*build.Buildroot
	Packages []*build.RPM
	Details  json.RawMessage
}

func (s *Server) buildroot(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	id, err := number("buildroot", r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &buildrootPage{}
	if p.Buildroot, err = build.GetBuildroot(ctx, tx, id); err != nil {
		return nil, err
	}
	p.Details = p.Buildroot.Details
	// roots hold a few hundred packages, so one page holds them
	p.Packages, err = build.ListRPMs(ctx, tx, build.RPMFilter{ComponentOf: id, Limit: 5000})
	return p, err
}
