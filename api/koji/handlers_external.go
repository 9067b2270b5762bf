package koji

import (
	"context"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/tag"
)

func repoStruct(r tag.ExternalRepo) xmlrpc.Struct {
	return record("id", r.ID, "name", r.Name, "url", r.URL)
}

func attachmentStructs(list []tag.Attachment) []xmlrpc.Struct {
	rows := make([]xmlrpc.Struct, len(list))
	for i, a := range list {
		rows[i] = record("external_repo_id", a.RepoID, "external_repo_name", a.RepoName, "priority", a.Priority,
			"tag_id", a.TagID, "tag_name", a.TagName, "url", a.URL, "merge_mode", a.MergeMode, "arches", deref(a.Arches))
	}
	return rows
}

func (Tags) createRepo(ctx context.Context, c *Call) (any, error) {
	name, url := c.Args.String("name"), c.Args.String("url")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, err := tag.CreateExternalRepo(ctx, c.Tx, c.Actor, name, url)
	return repoStruct(r), err
}

func (Tags) editRepo(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "info")
	name, url := optText(c.Args, "name"), optText(c.Args, "url")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.EditExternalRepo(ctx, c.Tx, c.Actor, ref, name, url))
}

// optText is a string, empty for one that was not given.
func optText(a *Args, name string) string {
	if s := a.OptString(name); s != nil {
		return *s
	}
	return ""
}

func (Tags) deleteRepo(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "info")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.DeleteExternalRepo(ctx, c.Tx, c.Actor, ref))
}

func (Tags) repo(ctx context.Context, c *Call) (any, error) {
	ref, strict, at := tagRef(c.Args, "info"), c.Args.Bool("strict"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	r, err := tag.GetExternalRepo(ctx, c.Tx, ref, at)
	return lookedUp(strict, repoStruct(r), err)
}

func (Tags) repos(ctx context.Context, c *Call) (any, error) {
	ref, url, at, opts := tagRef(c.Args, "info"), optText(c.Args, "url"), c.Args.Event("event"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	list, err := tag.ListExternalRepos(ctx, c.Tx, ref, url, at)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(list))
	for i, r := range list {
		rows[i] = repoStruct(r)
	}
	return opts.Apply(rows)
}

// tagRepos follows inheritance.
func (Tags) tagRepos(ctx context.Context, c *Call) (any, error) {
	ref, at := tagRef(c.Args, "tag_info"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.Get(ctx, c.Tx, ref, at)
	if err != nil {
		return nil, err
	}
	list, err := tag.ExternalRepos(ctx, c.Tx, t.ID, at)
	return attachmentStructs(list), err
}

func (Tags) attachments(ctx context.Context, c *Call) (any, error) {
	ref, repo, at := tagRef(c.Args, "tag_info"), tagRef(c.Args, "repo_info"), c.Args.Event("event")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var tagID, repoID int64
	if ref != (tag.Ref{}) {
		t, err := tag.Lookup(ctx, c.Tx, ref)
		if err != nil {
			return nil, err
		}
		tagID = t.ID
	}
	if repo != (tag.Ref{}) {
		r, err := tag.GetExternalRepo(ctx, c.Tx, repo, at)
		if err != nil {
			return nil, err
		}
		repoID = r.ID
	}
	list, err := tag.Attachments(ctx, c.Tx, tagID, repoID, at)
	return attachmentStructs(list), err
}

func (Tags) attach(ctx context.Context, c *Call) (any, error) {
	ref, repo := tagRef(c.Args, "tag_info"), tagRef(c.Args, "repo_info")
	priority, mode, arches := c.Args.Int("priority"), optText(c.Args, "merge_mode"), c.Args.OptString("arches")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.Attach(ctx, c.Tx, c.Actor, ref, repo, int(priority), mode, arches))
}

func (Tags) editAttachment(ctx context.Context, c *Call) (any, error) {
	ref, repo := tagRef(c.Args, "tag_info"), tagRef(c.Args, "repo_info")
	n, mode, arches := c.Args.OptInt("priority"), c.Args.OptString("merge_mode"), c.Args.OptString("arches")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	var priority *int
	if n != nil {
		p := int(*n)
		priority = &p
	}
	return tag.EditAttachment(ctx, c.Tx, c.Actor, ref, repo, priority, mode, arches)
}

func (Tags) detach(ctx context.Context, c *Call) (any, error) {
	ref, repo := tagRef(c.Args, "tag_info"), tagRef(c.Args, "repo_info")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.Detach(ctx, c.Tx, c.Actor, ref, repo))
}
