package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/tag"
)

// externalView is an external repository as callers see it.
type externalView struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url" doc:"$arch stands for the architecture"`
}

func viewExternal(r tag.ExternalRepo) externalView { return externalView{r.ID, r.Name, r.URL} }

// attachmentView is its place in a tag.
type attachmentView struct {
	Tag       string   `json:"tag" doc:"which may be one that is inherited from"`
	Repo      string   `json:"repo"`
	URL       string   `json:"url"`
	Priority  int      `json:"priority"`
	MergeMode string   `json:"merge_mode"`
	Arches    []string `json:"arches,omitempty" doc:"none: all of the tag's"`
}

func viewAttachment(a tag.Attachment) attachmentView {
	v := attachmentView{Tag: a.TagName, Repo: a.RepoName, URL: a.URL, Priority: a.Priority, MergeMode: a.MergeMode}
	if a.Arches != nil {
		v.Arches = strings.Fields(*a.Arches)
	}
	return v
}

// InRepo names an external repository in a path.
type InRepo struct {
	Repo string `path:"repo" doc:"the external repository's name"`
}

func (s *Server) externals() {
	read(s, "list-external-repos", func(ctx context.Context, c *call, in *Paging) (page pageOf[externalView], err error) {
		all, err := tag.ListExternalRepos(ctx, c.tx, tag.Ref{}, "", 0)
		if err != nil {
			return page, err
		}
		return cut(in, all, func(r tag.ExternalRepo) string { return r.Name }, viewExternal)
	})
	read(s, "get-external-repo", func(ctx context.Context, c *call, in *struct {
		InRepo
		At
	}) (externalView, error) {
		r, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(in.Repo), in.Event)
		return viewExternal(r), err
	})
	write(s, "put-external-repo", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InRepo
		Body struct {
			URL  string `json:"url" minLength:"1"`
			Name string `json:"name,omitempty" doc:"of a repository that there is: its name from now on"`
		}
	}) (externalView, error) {
		name := in.Repo
		if in.Body.Name != "" {
			name = in.Body.Name
		}
		_, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(in.Repo), 0)
		switch {
		case kura.Is(err, kura.NotFound):
			_, err = tag.CreateExternalRepo(ctx, c.tx, c.by, name, in.Body.URL)
		case err == nil:
			err = tag.EditExternalRepo(ctx, c.tx, c.by, tag.ByName(in.Repo), in.Body.Name, in.Body.URL)
		}
		if err != nil {
			return externalView{}, err
		}
		r, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(name), 0)
		return viewExternal(r), err
	})
	write(s, "delete-external-repo", http.StatusOK, func(ctx context.Context, c *call, in *InRepo) (none, error) {
		return none{}, tag.DeleteExternalRepo(ctx, c.tx, c.by, tag.ByName(in.Repo))
	})
	read(s, "list-tag-external-repos", func(ctx context.Context, c *call, in *struct {
		InTag
		At
	}) (page pageOf[attachmentView], err error) {
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), in.Event)
		if err != nil {
			return page, err
		}
		all, err := tag.ExternalRepos(ctx, c.tx, t.ID, in.Event)
		page.Items = []attachmentView{}
		for _, a := range all {
			page.Items = append(page.Items, viewAttachment(a))
		}
		return page, err
	})
	read(s, "list-external-repo-tags", func(ctx context.Context, c *call, in *struct {
		Paging
		InRepo
		At
	}) (page pageOf[attachmentView], err error) {
		r, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(in.Repo), in.Event)
		if err != nil {
			return page, err
		}
		all, err := tag.Attachments(ctx, c.tx, 0, r.ID, in.Event)
		if err != nil {
			return page, err
		}
		name := func(a tag.Attachment) string { return a.TagName }
		sortBy(all, name)
		return cut(&in.Paging, all, name, viewAttachment)
	})
	write(s, "attach-external-repo", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTag
		InRepo
		Body struct {
			Priority  int      `json:"priority"`
			MergeMode string   `json:"merge_mode,omitempty" default:"koji" enum:"koji,simple,bare"`
			Arches    []string `json:"arches,omitempty" doc:"none: all of the tag's"`
		}
	}) (attachmentView, error) {
		t, r := tag.ByName(in.Tag), tag.ByName(in.Repo)
		arches := strings.Join(in.Body.Arches, " ")
		changed, err := tag.EditAttachment(ctx, c.tx, c.by, t, r, &in.Body.Priority, &in.Body.MergeMode, &arches)
		if kura.Is(err, kura.NotFound) || err == nil && !changed {
			var all []tag.Attachment
			if all, err = attached(ctx, c, in.Tag, in.Repo); err == nil && len(all) == 0 {
				err = tag.Attach(ctx, c.tx, c.by, t, r, in.Body.Priority, in.Body.MergeMode, &arches)
			}
		}
		if err != nil {
			return attachmentView{}, err
		}
		all, err := attached(ctx, c, in.Tag, in.Repo)
		if err != nil || len(all) == 0 {
			return attachmentView{}, err
		}
		return viewAttachment(all[0]), nil
	})
	write(s, "detach-external-repo", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTag
		InRepo
	}) (none, error) {
		return none{}, tag.Detach(ctx, c.tx, c.by, tag.ByName(in.Tag), tag.ByName(in.Repo))
	})
}

// attached is an external repository's place in a tag of its own.
func attached(ctx context.Context, c *call, in, repo string) ([]tag.Attachment, error) {
	t, err := tag.Get(ctx, c.tx, tag.ByName(in), 0)
	if err != nil {
		return nil, err
	}
	r, err := tag.GetExternalRepo(ctx, c.tx, tag.ByName(repo), 0)
	if err != nil {
		return nil, err
	}
	return tag.Attachments(ctx, c.tx, t.ID, r.ID, 0)
}
