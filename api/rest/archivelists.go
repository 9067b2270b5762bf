package rest

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/archive"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// taggedArchiveView is a file of a build that a tag holds.
type taggedArchiveView struct {
	Archive archiveView `json:"archive"`
	NVR     string      `json:"nvr" doc:"of the build"`
	Tag     string      `json:"tag" doc:"which may be one that is inherited from"`
}

// platformView is what a build for Windows is for.
type platformView struct {
	Platform string `json:"platform"`
}

// pageOfArchives makes a page of archives of any builds, by number.
func pageOfArchives(ctx context.Context, c *call, p *Paging, all []*build.Archive) (page pageOf[archiveView], err error) {
	slices.SortFunc(all, func(a, b *build.Archive) int { return int(a.ID - b.ID) })
	part, err := numbered(p, all, func(a *build.Archive) int64 { return a.ID }, func(a *build.Archive) *build.Archive { return a })
	if err != nil {
		return page, err
	}
	page.Items, page.Next = []archiveView{}, part.Next
	of := map[int64]*build.Build{}
	for _, a := range part.Items {
		if of[a.BuildID] == nil {
			if of[a.BuildID], err = build.Get(ctx, c.tx, a.BuildID); err != nil {
				return page, err
			}
		}
		page.Items = append(page.Items, viewArchive(of[a.BuildID], a))
	}
	return page, nil
}

// archiveLists registers what asks for other files than packages by what they
// are in, or were made from.
func (s *Server) archiveLists() {
	read(s, "list-archives", listArchives)
	read(s, "list-archive-components", func(ctx context.Context, c *call, in *struct {
		Paging
		InArchive
	}) (page pageOf[archiveView], err error) {
		if _, err := build.GetArchive(ctx, c.tx, in.Archive); err != nil {
			return page, err
		}
		all, err := build.Archives(ctx, c.tx, build.ArchiveFilter{Of: &in.Archive})
		if err != nil {
			return page, err
		}
		return pageOfArchives(ctx, c, &in.Paging, all)
	})
	read(s, "list-archive-rpms", func(ctx context.Context, c *call, in *struct {
		Paging
		InArchive
	}) (page pageOf[rpmView], err error) {
		if _, err := build.GetArchive(ctx, c.tx, in.Archive); err != nil {
			return page, err
		}
		all, err := build.ListRPMs(ctx, c.tx, build.RPMFilter{Image: in.Archive})
		if err != nil {
			return page, err
		}
		return part(&in.Paging, all, viewRPM)
	})
	read(s, "list-buildroot-archives", func(ctx context.Context, c *call, in *struct {
		Paging
		ByNumber
		Made bool `query:"made" doc:"those that were made in it, instead"`
	}) (page pageOf[archiveView], err error) {
		if _, err := build.GetBuildroot(ctx, c.tx, in.ID); err != nil {
			return page, err
		}
		f := build.ArchiveFilter{In: &in.ID}
		if in.Made {
			f = build.ArchiveFilter{BuildrootID: &in.ID}
		}
		all, err := build.Archives(ctx, c.tx, f)
		if err != nil {
			return page, err
		}
		return pageOfArchives(ctx, c, &in.Paging, all)
	})
	read(s, "get-archive-file", func(ctx context.Context, c *call, in *struct {
		InArchive
		Name string `query:"name" required:"true" minLength:"1" doc:"of the file, as the archive has it"`
	}) (v entryView, err error) {
		a, err := build.GetArchive(ctx, c.tx, in.Archive)
		if err != nil {
			return v, err
		}
		all, _, err := build.Contents(ctx, c.tx, s.Blobs, a)
		if err != nil {
			return v, err
		}
		at := slices.IndexFunc(all, func(e archive.Entry) bool { return e.Name == in.Name })
		if at < 0 {
			return v, kura.Errorf("rest.archiveFile", kura.NotFound, "No such file: %.500s in archive %d, %s", in.Name, a.ID, a.Filename)
		}
		return viewEntry(all[at]), nil
	})
	s.typedBuilds()
	s.taggedArchives()
}

func listArchives(ctx context.Context, c *call, in *struct {
	Paging
	Filename string `query:"filename"`
	Checksum string `query:"checksum" doc:"in hexadecimal digits, of whichever kind"`
	Host     string `query:"host" doc:"that made them"`
	Type     string `query:"btype" doc:"the build's type that they belong to: maven, image"`
	Group    string `query:"group" doc:"of Maven's files, as the two below"`
	Artifact string `query:"artifact"`
	Version  string `query:"version"`
}) (page pageOf[archiveView], err error) {
	const op = "rest.archives"
	given := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	f := build.ArchiveFilter{Filename: given(in.Filename), Checksum: given(in.Checksum), Type: in.Type,
		Group: given(in.Group), Artifact: given(in.Artifact), Version: given(in.Version)}
	maven := f.Group != nil || f.Artifact != nil || f.Version != nil
	switch {
	case maven && f.Type != "" && f.Type != "maven":
		return page, kura.Errorf(op, kura.Invalid, "files of type %s have no group, artifact or version", f.Type)
	case maven:
		f.Type = "maven"
	case f.Filename == nil && f.Checksum == nil && in.Host == "":
		return page, kura.Errorf(op, kura.Invalid, "say which: filename, checksum, host, group, artifact or version")
	}
	if in.Host != "" {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
		if err != nil {
			return page, err
		}
		f.HostID = &h.ID
	}
	all, err := build.Archives(ctx, c.tx, f)
	if err != nil {
		return page, err
	}
	return pageOfArchives(ctx, c, &in.Paging, all)
}

// typedBuilds registers what builds of some types have to say of themselves.
func (s *Server) typedBuilds() {
	lacks := func(b *build.Build, btype string) error {
		return kura.Errorf("rest.typed", kura.NotFound, "build %s is none of type %s", b.NVR(), btype)
	}
	read(s, "get-maven-build", func(ctx context.Context, c *call, in *InBuild) (v mavenView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		m, found, err := build.MavenOf(ctx, c.tx, b.ID)
		if err == nil && !found {
			err = lacks(b, "maven")
		}
		return mavenView{m.Group, m.Artifact, m.Version}, err
	})
	read(s, "get-windows-build", func(ctx context.Context, c *call, in *InBuild) (v platformView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		platform, found, err := build.WinOf(ctx, c.tx, b.ID)
		if err == nil && !found {
			err = lacks(b, "win")
		}
		return platformView{platform}, err
	})
}

func (s *Server) taggedArchives() {
	read(s, "list-tagged-archives", func(ctx context.Context, c *call, in *struct {
		InHeld
		Type string `query:"btype" enum:"maven,win" doc:"only those of one of the build's types"`
	}) (page pageOf[taggedArchiveView], err error) {
		_, list, err := in.builds(ctx, c, s.Known)
		if err != nil {
			return page, err
		}
		builds, err := list.Rows(ctx, c.tx, 0, list.Len())
		if err != nil {
			return page, err
		}
		all, err := build.ArchivesOf(ctx, c.tx, builds, in.Type)
		if err != nil {
			return page, err
		}
		of := map[int64]*build.Tagged{}
		for _, b := range builds {
			of[b.ID] = b
		}
		files := make([]build.MavenFile, len(all))
		for i, a := range all {
			files[i] = build.MavenFile{Archive: a, Build: of[a.BuildID]}
		}
		return heldFiles(&in.Paging, files)
	})
	read(s, "list-latest-maven-archives", func(ctx context.Context, c *call, in *struct {
		Paging
		InTag
		At
		Inherit bool `query:"inherit" default:"true" doc:"also what the tag inherits"`
	}) (page pageOf[taggedArchiveView], err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return page, err
		}
		all, err := build.MavenIn(ctx, c.tx, build.TaggedQuery{Tag: tag.ByID(t.ID), At: in.Event, Inherit: in.Inherit})
		if err != nil {
			return page, err
		}
		return heldFiles(&in.Paging, all)
	})
}

// heldFiles makes a page of files of a tag's builds, by number.
func heldFiles(p *Paging, all []build.MavenFile) (pageOf[taggedArchiveView], error) {
	slices.SortFunc(all, func(a, b build.MavenFile) int { return int(a.Archive.ID - b.Archive.ID) })
	return numbered(p, all, func(f build.MavenFile) int64 { return f.Archive.ID }, func(f build.MavenFile) taggedArchiveView {
		return taggedArchiveView{viewArchive(f.Build.Build, f.Archive), f.Build.NVR(), f.Build.TagName}
	})
}
