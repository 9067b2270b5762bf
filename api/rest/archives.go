package rest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kura-build/kura/format/archive"
	"github.com/kura-build/kura/hub/build"
)

// archiveView is another file of a build than a package.
type archiveView struct {
	ID           int64           `json:"id"`
	Build        int64           `json:"build"`
	Buildroot    *int64          `json:"buildroot,omitempty"`
	Filename     string          `json:"filename"`
	Type         string          `json:"type" doc:"by its name: jar, qcow2"`
	Of           string          `json:"btype" doc:"the build's type that it belongs to: maven, image"`
	Size         int64           `json:"size"`
	Checksum     string          `json:"checksum"`
	ChecksumType string          `json:"checksum_type" enum:"md5,sha1,sha256"`
	Path         string          `json:"path" doc:"below /kojifiles"`
	MetadataOnly bool            `json:"metadata_only" doc:"the file itself is elsewhere"`
	Arch         *string         `json:"arch,omitempty" doc:"of images"`
	Maven        *mavenView      `json:"maven,omitempty"`
	Platforms    string          `json:"platforms,omitempty" doc:"of files for Windows, with spaces between them"`
	Extra        json.RawMessage `json:"extra,omitempty"`
}

// mavenView is what Maven calls something.
type mavenView struct {
	Group    string `json:"group"`
	Artifact string `json:"artifact"`
	Version  string `json:"version"`
}

func viewArchive(b *build.Build, a *build.Archive) archiveView {
	v := archiveView{ID: a.ID, Build: a.BuildID, Buildroot: a.BuildrootID, Filename: a.Filename, Type: a.Type.Name, Of: a.BType, Size: a.Size, Checksum: a.Checksum,
		ChecksumType: map[build.Checksum]string{build.MD5: "md5", build.SHA1: "sha1", build.SHA256: "sha256"}[a.ChecksumType],
		Path:         a.Dir(b) + "/" + a.Filename, MetadataOnly: a.MetadataOnly, Arch: a.Arch, Extra: a.Extra}
	if a.Maven != nil {
		v.Maven = &mavenView{a.Maven.Group, a.Maven.Artifact, a.Maven.Version}
	}
	if a.Win != nil {
		v.Platforms = a.Win.Platforms
	}
	return v
}

// entryView is a file in an archive.
type entryView struct {
	Name  string    `json:"name"`
	Size  int64     `json:"size" doc:"bytes"`
	Time  time.Time `json:"time"`
	Mode  int64     `json:"mode,omitempty" doc:"of tar files, as the others below"`
	User  string    `json:"user,omitempty"`
	Group string    `json:"group,omitempty"`
}

func viewEntry(e archive.Entry) entryView {
	return entryView{e.Name, e.Size, time.Unix(e.Time, 0).UTC(), e.Mode, e.User, e.Group}
}

// InArchive names an archive in a path.
type InArchive struct {
	Archive int64 `path:"archive" minimum:"1" doc:"the archive's number"`
}

func (s *Server) archives() {
	read(s, "list-build-archives", func(ctx context.Context, c *call, in *struct {
		Paging
		InBuild
		Type string `query:"btype" doc:"only those of one of the build's types"`
	}) (page pageOf[archiveView], err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := build.Archives(ctx, c.tx, build.ArchiveFilter{BuildID: &b.ID, Type: in.Type})
		if err != nil {
			return page, err
		}
		return part(&in.Paging, all, func(a *build.Archive) archiveView { return viewArchive(b, a) })
	})
	read(s, "get-archive", func(ctx context.Context, c *call, in *InArchive) (v archiveView, err error) {
		a, err := build.GetArchive(ctx, c.tx, in.Archive)
		if err != nil {
			return v, err
		}
		b, err := build.Get(ctx, c.tx, a.BuildID)
		if err != nil {
			return v, err
		}
		return viewArchive(b, a), nil
	})
	read(s, "list-archive-files", func(ctx context.Context, c *call, in *struct {
		Paging
		InArchive
	}) (page pageOf[entryView], err error) {
		a, err := build.GetArchive(ctx, c.tx, in.Archive)
		if err != nil {
			return page, err
		}
		all, _, err := build.Contents(ctx, c.tx, s.Blobs, a)
		if err != nil {
			return page, err
		}
		return part(&in.Paging, all, viewEntry)
	})
}
