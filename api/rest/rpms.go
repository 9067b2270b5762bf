package rest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
)

// rpmView is a package as callers see it.
type rpmView struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	NVRA      string  `json:"nvra"`
	Version   string  `json:"version"`
	Release   string  `json:"release"`
	Epoch     *int64  `json:"epoch,omitempty"`
	Arch      string  `json:"arch"`
	Build     *int64  `json:"build,omitempty" doc:"none: of an external repository"`
	Buildroot *int64  `json:"buildroot,omitempty"`
	External  *string `json:"external_repo,omitempty"`
	Size      int64   `json:"size"`
	MD5       string  `json:"payload_md5" doc:"of header and payload: Koji's identity of a package"`
	SHA256    string  `json:"sha256,omitempty" doc:"of the file"`
	Draft     bool    `json:"draft"`
}

func viewRPM(r *build.RPM) rpmView {
	v := rpmView{ID: r.ID, Name: r.Name, NVRA: r.NVRA(), Version: r.Version, Release: r.Release, Epoch: r.Epoch, Arch: r.Arch,
		Build: r.BuildID, Buildroot: r.BuildrootID, Size: r.Size, MD5: r.PayloadHash, SHA256: r.Sum, Draft: r.Draft}
	if r.ExternalRepoID != 0 {
		v.External = &r.ExternalRepoName
	}
	return v
}

// InRPM names a package in a path.
type InRPM struct {
	RPM string `path:"rpm" doc:"the package's number, or its name-version-release.arch"`
}

func (in *InRPM) find(ctx context.Context, c *call) (*build.RPM, error) {
	if id, err := strconv.ParseInt(in.RPM, 10, 64); err == nil {
		return build.GetRPM(ctx, c.tx, id)
	}
	n, err := rpm.ParseNVRA(in.RPM)
	if err != nil {
		return nil, kura.Errorf("rest.rpm", kura.NotFound, "No such rpm: %.200s", in.RPM)
	}
	found, err := build.FindRPMs(ctx, c.tx, n)
	if err == nil && len(found) == 0 {
		err = kura.Errorf("rest.rpm", kura.NotFound, "No such rpm: %.200s", in.RPM)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (in *InRPM) header(ctx context.Context, c *call) (*rpm.Header, error) {
	r, err := in.find(ctx, c)
	if err != nil {
		return nil, err
	}
	return build.HeaderOf(ctx, c.tx, r)
}

// fileView is a file in a package.
type fileView struct {
	Path   string    `json:"path"`
	Size   uint64    `json:"size" doc:"bytes"`
	Mode   uint16    `json:"mode" doc:"type and permissions, as stat gives them"`
	User   string    `json:"user"`
	Group  string    `json:"group"`
	Time   time.Time `json:"time"`
	Digest string    `json:"digest,omitempty"`
	LinkTo string    `json:"link_to,omitempty"`
	Flags  uint32    `json:"flags,omitempty" doc:"rpm's: 1 for configuration, 2 for documentation"`
}

func viewFile(f rpm.FileInfo) fileView {
	return fileView{f.Path(), f.Size, f.Mode, f.User, f.Group, time.Unix(int64(f.MTime), 0).UTC(), f.Digest, f.LinkTo, uint32(f.Flags)}
}

// depKinds are the kinds of dependencies in the order in which they are listed.
var depKinds = []struct {
	kind rpm.DepKind
	name string
}{{rpm.Requires, "requires"}, {rpm.Provides, "provides"}, {rpm.Conflicts, "conflicts"}, {rpm.Obsoletes, "obsoletes"},
	{rpm.Suggests, "suggests"}, {rpm.Enhances, "enhances"}, {rpm.Supplements, "supplements"}, {rpm.Recommends, "recommends"}}

// depView is a dependency of a package.
type depView struct {
	Kind    string `json:"kind" enum:"requires,provides,conflicts,obsoletes,suggests,enhances,supplements,recommends"`
	Name    string `json:"name"`
	Sense   string `json:"sense,omitempty" enum:"<,<=,=,>=,>" doc:"how the version is meant"`
	Version string `json:"version,omitempty" doc:"[epoch:]version[-release]"`
	Flags   int64  `json:"flags" doc:"rpm's"`
}

func viewDep(kind string, d rpm.Dep) depView {
	sense := ""
	for _, s := range []struct {
		bit  rpm.Sense
		text string
	}{{rpm.SenseLess, "<"}, {rpm.SenseGreater, ">"}, {rpm.SenseEqual, "="}} {
		if d.Flags&s.bit != 0 {
			sense += s.text
		}
	}
	return depView{kind, d.Name, sense, d.Version, int64(d.Flags)}
}

// changeView is an entry of a changelog.
type changeView struct {
	Time   time.Time `json:"time"`
	Author string    `json:"author" doc:"with the version that the change came with"`
	Text   string    `json:"text"`
}

// Changes says which entries of a changelog are wanted.
type Changes struct {
	Paging
	Author string    `query:"author" doc:"only by this one, as the entry says it"`
	After  time.Time `query:"after"`
	Before time.Time `query:"before"`
}

func (in *Changes) of(h *rpm.Header, err error) (page pageOf[changeView], _ error) {
	if err != nil {
		return page, err
	}
	all, err := h.Changelog()
	if err != nil {
		return page, kura.E("rest.changelog", err)
	}
	after, before := micros(in.After)/1e6, micros(in.Before)/1e6
	all = slices.DeleteFunc(all, func(c rpm.Change) bool {
		return in.Author != "" && c.Author != in.Author || after != 0 && c.Time <= after || before != 0 && c.Time >= before
	})
	return part(&in.Paging, all, func(c rpm.Change) changeView { return changeView{time.Unix(c.Time, 0).UTC(), c.Author, c.Text} })
}

func (s *Server) rpms() {
	read(s, "get-rpm", func(ctx context.Context, c *call, in *InRPM) (v rpmView, err error) {
		r, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		return viewRPM(r), nil
	})
	read(s, "list-rpm-files", func(ctx context.Context, c *call, in *struct {
		Paging
		InRPM
	}) (page pageOf[fileView], err error) {
		h, err := in.header(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := h.Files()
		if err != nil {
			return page, kura.E("rest.rpmFiles", err)
		}
		return part(&in.Paging, all, viewFile)
	})
	read(s, "list-rpm-dependencies", func(ctx context.Context, c *call, in *struct {
		Paging
		InRPM
		Kind string `query:"kind" enum:"requires,provides,conflicts,obsoletes,suggests,enhances,supplements,recommends"`
	}) (page pageOf[depView], err error) {
		h, err := in.header(ctx, c)
		if err != nil {
			return page, err
		}
		var all []depView
		for _, k := range depKinds {
			if in.Kind != "" && in.Kind != k.name {
				continue
			}
			deps, err := h.Deps(k.kind)
			if err != nil {
				return page, kura.E("rest.dependencies", err)
			}
			for _, d := range deps {
				all = append(all, viewDep(k.name, d))
			}
		}
		return part(&in.Paging, all, func(v depView) depView { return v })
	})
	read(s, "get-rpm-changelog", func(ctx context.Context, c *call, in *struct {
		Changes
		InRPM
	}) (pageOf[changeView], error) {
		return in.of(in.header(ctx, c))
	})
	read(s, "get-build-changelog", func(ctx context.Context, c *call, in *struct {
		Changes
		InBuild
	}) (page pageOf[changeView], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		return in.of(build.SourceHeader(ctx, c.tx, b))
	})
}
