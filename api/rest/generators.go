package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
)

// generatorView is a content generator: a program that builds elsewhere and
// brings what it made.
type generatorView struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Users []string `json:"users" doc:"who speaks for it"`
}

// InGenerator names a content generator in a path.
type InGenerator struct {
	Generator string `path:"generator" doc:"the content generator's name"`
}

// reservedView is a build that a content generator has begun.
type reservedView struct {
	Build buildView `json:"build"`
	Token string    `json:"token" doc:"by which the import, or the refund, shows that it is the one"`
}

func (s *Server) generators() {
	read(s, "list-content-generators", func(ctx context.Context, c *call, in *Paging) (page pageOf[generatorView], err error) {
		all, err := build.Generators(ctx, c.tx)
		if err != nil {
			return page, err
		}
		name := func(g build.Generator) string { return g.Name }
		sortBy(all, name)
		return cut(in, all, name, func(g build.Generator) generatorView { return generatorView{g.ID, g.Name, g.Users} })
	})
	type inUser struct {
		InGenerator
		InUser
	}
	write(s, "grant-content-generator", http.StatusOK, func(ctx context.Context, c *call, in *inUser) (none, error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return none{}, err
		}
		err = build.GrantGenerator(ctx, c.tx, c.by, u.ID, account.ByName(in.Generator), true)
		if kura.Is(err, kura.Exists) { // who spoke for it before goes on
			err = nil
		}
		return none{}, err
	})
	write(s, "revoke-content-generator", http.StatusOK, func(ctx context.Context, c *call, in *inUser) (none, error) {
		u, err := account.Get(ctx, c.tx, account.ByName(in.User))
		if err != nil {
			return none{}, err
		}
		return none{}, build.RevokeGenerator(ctx, c.tx, c.by, u.ID, account.ByName(in.Generator))
	})
	write(s, "reserve-build", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		InGenerator
		Body struct {
			Name    string `json:"name" minLength:"1"`
			Version string `json:"version" minLength:"1"`
			Release string `json:"release" minLength:"1"`
			Epoch   *int64 `json:"epoch,omitempty" minimum:"0"`
		}
	}) (v reservedView, err error) {
		n := build.New{Name: in.Body.Name, Version: in.Body.Version, Release: in.Body.Release, Epoch: in.Body.Epoch}
		b, token, err := build.Reserve(ctx, c.tx, c.by, account.ByName(in.Generator), n)
		if err != nil {
			return v, err
		}
		return reservedView{viewBuild(b), token}, nil
	})
	write(s, "refund-build", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InGenerator
		InBuild
		Body struct {
			Token string `json:"token" minLength:"1"`
			State string `json:"state,omitempty" enum:"failed,canceled" default:"failed"`
		}
	}) (v buildView, err error) {
		b, err := in.find(ctx, c)
		if err != nil {
			return v, err
		}
		to := map[string]build.State{"failed": build.Failed, "canceled": build.Canceled}[in.Body.State]
		if err := build.Refund(ctx, c.tx, c.by, account.ByName(in.Generator), b.ID, in.Body.Token, to); err != nil {
			return v, err
		}
		if b, err = build.Get(ctx, c.tx, b.ID); err != nil {
			return v, err
		}
		return viewBuild(b), nil
	})
	apart(s, "import-build", http.StatusCreated, s.importGenerated)
}

// importGenerated makes a build of what a content generator has made.
func (s *Server) importGenerated(ctx context.Context, by account.Actor, in *struct {
	Body struct {
		Directory string          `json:"directory" doc:"of the uploaded files, below work/"`
		Metadata  json.RawMessage `json:"metadata,omitempty" doc:"none: it is uploaded as metadata.json"`
		Token     string          `json:"token,omitempty" doc:"of the reservation, if there is one"`
	}
}) (v buildView, err error) {
	const op = "rest.import"
	g := flow.Generated{Raw: in.Body.Metadata, Directory: in.Body.Directory, Token: in.Body.Token}
	if g.Directory != "" && file.Check(g.Directory) != nil {
		return v, kura.Errorf(op, kura.Invalid, "Invalid path of uploads: %s", g.Directory)
	}
	if len(g.Raw) == 0 {
		if g.Raw, err = s.Flow.Uploaded(ctx, g.Directory, "metadata.json"); err != nil {
			return v, err
		}
	}
	if g.Meta, err = cgmeta.Parse(g.Raw); err != nil {
		return v, kura.Errorf(op, kura.Invalid, "%w", err)
	}
	b, err := s.Flow.ImportGenerated(ctx, by, g)
	if err != nil {
		return v, err
	}
	return viewBuild(b), nil
}
