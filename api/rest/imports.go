package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// Uploaded names an uploaded file.
type Uploaded struct {
	Path string `json:"path" minLength:"1" doc:"of the upload: its directory and its name"`
}

// importedView is a package that was imported, and the build that it is one of.
type importedView struct {
	RPM   rpmView   `json:"rpm"`
	Build buildView `json:"build"`
}

// Windows is what there is to say of a file for Windows.
type Windows struct {
	Directory string   `json:"directory,omitempty" doc:"below the build's"`
	Platforms []string `json:"platforms" minItems:"1"`
	Flags     []string `json:"flags,omitempty"`
}

// imports registers what makes uploads parts of builds.
func (s *Server) imports() {
	apart(s, "import-rpm", http.StatusCreated, func(ctx context.Context, by account.Actor, in *struct{ Body Uploaded }) (v importedView, err error) {
		b, r, _, err := s.Flow.ImportRPM(ctx, by, in.Body.Path)
		if err != nil {
			return v, err
		}
		return importedView{viewRPM(r), viewBuild(b)}, nil
	})
	apart(s, "import-archive", http.StatusCreated, s.importArchive)
	write(s, "put-maven-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body struct {
			NewBuild
			Group    string `json:"group" minLength:"1"`
			Artifact string `json:"artifact" minLength:"1"`
			Version  string `json:"version" minLength:"1"`
		}
	}) (buildView, error) {
		return s.typed(ctx, c, &in.InBuild, "maven", in.Body.NewBuild, func(id int64) error {
			return build.SetMaven(ctx, c.tx, id, build.Maven{Group: in.Body.Group, Artifact: in.Body.Artifact, Version: in.Body.Version})
		})
	})
	write(s, "put-windows-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body struct {
			NewBuild
			Platform string `json:"platform" minLength:"1"`
		}
	}) (buildView, error) {
		return s.typed(ctx, c, &in.InBuild, "win", in.Body.NewBuild, func(id int64) error { return build.SetWin(ctx, c.tx, id, in.Body.Platform) })
	})
	write(s, "put-image-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body NewBuild
	}) (buildView, error) {
		return s.typed(ctx, c, &in.InBuild, "image", in.Body, func(id int64) error { return build.AddType(ctx, c.tx, id, "image") })
	})
}

// importArchive makes an upload a file of a build that is no package.
func (s *Server) importArchive(ctx context.Context, by account.Actor, in *struct {
	InBuild
	Body struct {
		Uploaded
		Type  string     `json:"btype" enum:"maven,win,image" doc:"which of the build's types the file belongs to; each has its permission: maven-import"`
		Maven *mavenView `json:"maven,omitempty" doc:"for maven"`
		Win   *Windows   `json:"win,omitempty" doc:"for win"`
		Arch  string     `json:"arch,omitempty" doc:"for image"`
	}
}) (v archiveView, err error) {
	const op = "rest.importArchive"
	a := &build.Archive{BType: in.Body.Type}
	missing := ""
	switch a.BType {
	case "maven":
		if m := in.Body.Maven; m != nil {
			a.Maven = &build.Maven{Group: m.Group, Artifact: m.Artifact, Version: m.Version}
		} else {
			missing = "maven"
		}
	case "win":
		if w := in.Body.Win; w != nil {
			a.Win = &build.WinArchive{Path: strings.Trim(w.Directory, "/"), Platforms: strings.Join(w.Platforms, " ")}
			if len(w.Flags) > 0 {
				flags := strings.Join(w.Flags, " ")
				a.Win.Flags = &flags
			}
		} else {
			missing = "win"
		}
	case "image":
		if a.Arch = &in.Body.Arch; in.Body.Arch == "" {
			missing = "arch"
		}
	}
	if missing != "" {
		return v, kura.Errorf(op, kura.Invalid, "a file of type %s needs %s, by which it is known", a.BType, missing)
	}
	_, a.Filename = file.Split(in.Body.Path)
	var b *build.Build
	find := func(tx *db.Tx) (err error) {
		b, err = in.find(ctx, &call{by: by, tx: tx})
		return err
	}
	if err := s.DB.View(ctx, find); err != nil {
		return v, err
	}
	if err := s.Flow.ImportArchive(ctx, by, b.ID, in.Body.Path, a); err != nil {
		return v, err
	}
	return viewArchive(b, a), nil
}

// NewBuild says more of a build that is to be made.
type NewBuild struct {
	Epoch *int64 `json:"epoch,omitempty" minimum:"0" doc:"of a build that there is not yet"`
}

// typed makes a build one of a type, making the build if there is none.
func (s *Server) typed(ctx context.Context, c *call, in *InBuild, btype string, n NewBuild, set func(id int64) error) (v buildView, err error) {
	const op = "rest.typed"
	if err := s.Flow.MayImport(c.by, btype); err != nil {
		return v, err
	}
	b, err := in.find(ctx, c)
	if kura.Is(err, kura.NotFound) {
		nvr, bad := rpm.ParseNVR(in.Build)
		if bad != nil {
			return v, err
		}
		b, err = s.Flow.EmptyBuild(ctx, c.tx, c.by, build.New{Name: nvr.Name, Version: nvr.Version, Release: nvr.Release, Epoch: n.Epoch, OwnerID: c.by.ID})
	}
	if err == nil && b.Draft {
		err = kura.Errorf(op, kura.Invalid, "Draft build not supported: promote %s first", b.NVR())
	}
	if err == nil {
		err = set(b.ID)
	}
	if err == nil {
		b, err = build.Get(ctx, c.tx, b.ID)
	}
	if err != nil {
		return v, err
	}
	return viewBuild(b), nil
}
