package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// buildChanges registers what administrators do with builds.
func (s *Server) buildChanges() {
	// changed carries out a change of a build, and shows the build.
	changed := func(ctx context.Context, c *call, in *InBuild, change func(*build.Build) error) (v buildView, err error) {
		b, err := in.find(ctx, c)
		if err == nil {
			err = change(b)
		}
		if err != nil {
			return v, err
		}
		if b, err = build.Get(ctx, c.tx, b.ID); err != nil {
			return v, err
		}
		return viewBuild(b), nil
	}
	write(s, "create-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name    string `json:"name" minLength:"1"`
			Version string `json:"version" minLength:"1"`
			Release string `json:"release" minLength:"1"`
			Epoch   *int64 `json:"epoch,omitempty" minimum:"0"`
			Owner   string `json:"owner,omitempty" doc:"none: the caller"`
			Draft   bool   `json:"draft,omitempty"`
		}
	}) (v buildView, err error) {
		n := build.New{Name: in.Body.Name, Version: in.Body.Version, Release: in.Body.Release, Epoch: in.Body.Epoch, OwnerID: c.by.ID, Draft: in.Body.Draft}
		if in.Body.Owner != "" {
			u, err := account.Get(ctx, c.tx, account.ByName(in.Body.Owner))
			if err != nil {
				return v, err
			}
			n.OwnerID = u.ID
		}
		b, err := s.Flow.EmptyBuild(ctx, c.tx, c.by, n)
		if err != nil {
			return v, err
		}
		return viewBuild(b), nil
	})
	write(s, "delete-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Idle int64 `query:"idle" minimum:"0" default:"604800" doc:"for how many seconds no root may have held its packages"`
	}) (buildView, error) {
		return changed(ctx, c, &in.InBuild, func(b *build.Build) error {
			if b.State == build.Deleted {
				return nil
			}
			return build.Delete(ctx, c.tx, b.ID, in.Idle*1e6)
		})
	})
	write(s, "reset-build", http.StatusOK, func(ctx context.Context, c *call, in *InBuild) (buildView, error) {
		return changed(ctx, c, in, func(b *build.Build) error { return build.Reset(ctx, c.tx, b.ID) })
	})
	write(s, "set-build-owner", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body struct {
			Owner string `json:"owner" minLength:"1"`
		}
	}) (buildView, error) {
		return changed(ctx, c, &in.InBuild, func(b *build.Build) error {
			u, err := account.Get(ctx, c.tx, account.ByName(in.Body.Owner))
			if err != nil {
				return err
			}
			return build.SetOwner(ctx, c.tx, b.ID, u.ID)
		})
	})
	write(s, "set-build-completion", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body struct {
			Completed time.Time `json:"completed"`
		}
	}) (buildView, error) {
		return changed(ctx, c, &in.InBuild, func(b *build.Build) error {
			return build.SetCompletion(ctx, c.tx, b.ID, in.Body.Completed.UnixMicro())
		})
	})
	write(s, "set-build-volume", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InBuild
		Body struct {
			Volume string `json:"volume" minLength:"1"`
		}
	}) (buildView, error) {
		return changed(ctx, c, &in.InBuild, func(b *build.Build) error {
			v, err := build.GetVolume(ctx, c.tx, tag.ByName(in.Body.Volume))
			if err != nil || v.ID == b.VolumeID {
				return err
			}
			return build.SetVolume(ctx, c.tx, c.by, b.ID, v)
		})
	})
	write(s, "settle-build-volume", http.StatusOK, func(ctx context.Context, c *call, in *InBuild) (buildView, error) {
		return changed(ctx, c, in, func(b *build.Build) error { return s.Flow.SettleVolume(ctx, c.tx, c.by, b, true) })
	})
	s.volumes()
	s.buildTypes()
}

func (s *Server) volumes() {
	type inVolume struct {
		Volume string `path:"volume" doc:"the volume's name"`
	}
	read(s, "list-volumes", func(ctx context.Context, c *call, in *Paging) (page pageOf[packageView], err error) {
		all, err := build.Volumes(ctx, c.tx)
		if err != nil {
			return page, err
		}
		return namedPage(in, all)
	})
	write(s, "put-volume", http.StatusOK, func(ctx context.Context, c *call, in *inVolume) (packageView, error) {
		v, err := build.GetVolume(ctx, c.tx, tag.ByName(in.Volume))
		if kura.Is(err, kura.NotFound) {
			v, err = build.AddVolume(ctx, c.tx, in.Volume)
		}
		return packageView{v.ID, v.Name}, err
	})
	write(s, "remove-volume", http.StatusOK, func(ctx context.Context, c *call, in *inVolume) (none, error) {
		v, err := build.GetVolume(ctx, c.tx, tag.ByName(in.Volume))
		if err != nil {
			return none{}, err
		}
		return none{}, build.RemoveVolume(ctx, c.tx, v)
	})
}

func namedPage(p *Paging, all []build.Named) (pageOf[packageView], error) {
	name := func(n build.Named) string { return n.Name }
	sortBy(all, name)
	return cut(p, all, name, func(n build.Named) packageView { return packageView{n.ID, n.Name} })
}

// archiveTypeView is a type of files, known by the ends of their names.
type archiveTypeView struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Extensions  string  `json:"extensions" doc:"with spaces between them"`
	Compression *string `json:"compression,omitempty" doc:"tar or zip: what is in such files can be listed"`
}

func (s *Server) buildTypes() {
	read(s, "list-build-types", func(ctx context.Context, c *call, in *Paging) (page pageOf[packageView], err error) {
		all, err := build.BTypes(ctx, c.tx)
		if err != nil {
			return page, err
		}
		return namedPage(in, all)
	})
	write(s, "put-build-type", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		Type string `path:"btype" doc:"the name of a type of builds"`
	}) (none, error) {
		all, err := build.BTypes(ctx, c.tx)
		if err != nil {
			return none{}, err
		}
		for _, t := range all {
			if t.Name == in.Type {
				return none{}, nil
			}
		}
		return none{}, build.AddBType(ctx, c.tx, in.Type)
	})
	read(s, "list-archive-types", func(ctx context.Context, c *call, in *struct {
		Paging
		Filename string `query:"filename" doc:"only that of a file of this name"`
	}) (page pageOf[archiveTypeView], err error) {
		all, err := build.ArchiveTypes(ctx, c.tx)
		if err != nil {
			return page, err
		}
		if in.Filename != "" {
			t, found := build.TypeOfFile(all, in.Filename)
			if all = nil; found {
				all = []build.ArchiveType{t}
			}
		}
		name := func(t build.ArchiveType) string { return t.Name }
		sortBy(all, name)
		return cut(&in.Paging, all, name, func(t build.ArchiveType) archiveTypeView {
			return archiveTypeView{t.ID, t.Name, t.Description, t.Extensions, t.Compression}
		})
	})
	write(s, "create-archive-type", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name        string  `json:"name" minLength:"1"`
			Description string  `json:"description"`
			Extensions  string  `json:"extensions" minLength:"1" doc:"with spaces between them"`
			Compression *string `json:"compression,omitempty" enum:"tar,zip"`
		}
	}) (none, error) {
		b := &in.Body
		return none{}, build.AddArchiveType(ctx, c.tx, build.ArchiveType{Name: b.Name, Description: b.Description, Extensions: b.Extensions, Compression: b.Compression})
	})
}
