package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
)

type tagsPage struct {
	paging
	Tags   []tag.Tag
	Search string
}

func (s *Server) tags(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	pg, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	p := &tagsPage{paging: pg, Search: strings.TrimSpace(r.URL.Query().Get("q"))}
	pattern := p.Search
	if pattern != "" && !strings.ContainsAny(pattern, "*?") {
		pattern = "*" + pattern + "*"
	}
	list, err := tag.List(ctx, tx, tag.Query{Pattern: pattern})
	if err != nil {
		return nil, err
	}
	p.Tags = slice(&p.paging, list)
	return p, nil
}

type tagPage struct {
	paging
	tag.Tag
	Show    string // what part: empty, builds, packages
	Prefix  string
	Deleted int64 // event of its deletion
	Config  tag.BuildConfig
	Above   []tag.Step
	Below   []tag.Link
	Build   []tag.Target // whose roots it makes
	Dest    []tag.Target // whose builds it gets
	Groups  []tag.Group
	Repos   []*repo.Repo
	Extern  []tag.Attachment
	Builds  []*build.Tagged
	Entries []tag.Listed
}

func (s *Server) tag(ctx context.Context, tx *db.Tx, r *http.Request) (any, error) {
	pg, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	p := &tagPage{paging: pg, Show: q.Get("show"), Prefix: strings.TrimSpace(q.Get("prefix"))}
	if p.Tag, p.Deleted, err = tag.GetLast(ctx, tx, tag.ByName(r.PathValue("name"))); err != nil {
		return nil, err
	}
	switch {
	case p.Deleted != 0:
		return p, nil
	case p.Show == "builds":
		err = p.builds(ctx, tx, s.Known)
	case p.Show == "packages":
		err = p.entries(ctx, tx)
	case p.Show == "":
		err = p.overview(ctx, tx)
	default:
		err = kura.Errorf("web.tag", kura.Invalid, "a tag's page shows builds or packages, not %.40q", p.Show)
	}
	return p, err
}

func (p *tagPage) builds(ctx context.Context, tx *db.Tx, known *build.Known) error {
	list, err := build.FindTagged(ctx, tx, build.TaggedQuery{Tag: tag.ByID(p.ID), Inherit: true, Latest: 1, Prefix: p.Prefix, Known: known})
	if err != nil {
		return err
	}
	from, to := p.window(list.Len())
	rows, err := list.Rows(ctx, tx, from, to)
	p.Builds = cut(&p.paging, rows)
	return err
}

func (p *tagPage) entries(ctx context.Context, tx *db.Tx) error {
	list, err := tag.ListedPackages(ctx, tx, tag.ListQuery{Tag: p.ID, Inherit: true})
	if p.Prefix != "" {
		kept := list[:0]
		for _, l := range list {
			if strings.HasPrefix(l.PackageName, p.Prefix) {
				kept = append(kept, l)
			}
		}
		list = kept
	}
	p.Entries = slice(&p.paging, list)
	return err
}

func (p *tagPage) overview(ctx context.Context, tx *db.Tx) (err error) {
	if p.Config, err = tag.GetBuildConfig(ctx, tx, tag.ByID(p.ID), 0); err != nil {
		return err
	}
	if p.Above, err = tag.Inheritance(ctx, tx, p.ID, 0); err != nil {
		return err
	}
	if p.Below, err = tag.Children(ctx, tx, p.ID, 0); err != nil {
		return err
	}
	if p.Build, err = tag.ListTargets(ctx, tx, tag.TargetQuery{BuildTag: p.ID}); err != nil {
		return err
	}
	if p.Dest, err = tag.ListTargets(ctx, tx, tag.TargetQuery{DestTag: p.ID}); err != nil {
		return err
	}
	if p.Groups, err = tag.Groups(ctx, tx, tag.GroupQuery{Tag: p.ID, Packages: true, Groups: true}); err != nil {
		return err
	}
	if p.Extern, err = tag.ExternalRepos(ctx, tx, p.ID, 0); err != nil {
		return err
	}
	p.Repos, err = repo.List(ctx, tx, repo.Filter{TagID: p.ID, States: []int{int(repo.Init), int(repo.Ready), int(repo.Problem)}, Limit: 10})
	return err
}
