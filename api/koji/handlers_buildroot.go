package koji

import (
	"context"
	"iter"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/repo"
)

// rootRow is the record of a root with the repository that it was made from.
type rootRow struct {
	*build.Buildroot
	repo *repo.Repo
}

func rootStruct(b rootRow) (xmlrpc.Struct, error) {
	extra, err := stored(b.Details)
	if e := b.External; e != nil { // 1: whatever there is to say of it came with an import
		return record("id", b.ID, "br_type", 1, "cg_id", e.CGID, "cg_name", e.CGName, "cg_version", e.CGVersion,
			"container_arch", b.Arch, "arch", b.Arch, "container_type", e.ContainerType, "host_os", e.HostOS, "host_arch", e.HostArch, "extra", extra,
			"state", nil, "task_id", nil, "host_id", nil, "host_name", nil, "create_event_id", nil, "create_event_time", nil, "create_ts", nil,
			"retire_event_id", nil, "retire_event_time", nil, "retire_ts", nil, "repo_id", nil, "repo_state", nil, "tag_id", nil, "tag_name", nil,
			"repo_create_event_id", nil, "repo_create_event_time", nil), err
	}
	var host any
	if b.HostID != nil {
		host = b.HostName
	}
	s := record("id", b.ID, "br_type", 0, "cg_id", nil, "cg_name", nil, "cg_version", nil, // 0: made by a host of ours
		"container_arch", b.Arch, "arch", b.Arch, "container_type", "chroot", "host_os", nil, "host_arch", nil, "extra", extra,
		"state", b.State, "task_id", deref(b.TaskID), "host_id", deref(b.HostID), "host_name", host,
		"create_event_id", b.CreateEvent, "create_event_time", TimeText(b.CreateTime), "create_ts", TimeTS(b.CreateTime),
		"retire_event_id", deref(b.RetireEvent), "retire_event_time", TimeText(moment(b.RetireTime)), "retire_ts", TimeTS(moment(b.RetireTime)))
	if r := b.repo; r != nil {
		return append(s, record("repo_id", r.ID, "repo_state", int(r.State), "tag_id", r.TagID, "tag_name", r.TagName,
			"repo_create_event_id", r.CreateEvent, "repo_create_event_time", TimeText(r.EventTime))...), err
	}
	return append(s, record("repo_id", nil, "repo_state", nil, "tag_id", nil, "tag_name", nil,
		"repo_create_event_id", nil, "repo_create_event_time", nil)...), err
}

// rootRows reads records of roots in parts, so that their repositories can be
// asked for in between: small ones where some of them are all that is wanted.
func rootRows(ctx context.Context, tx *db.Tx, f build.RootFilter, wanted int) iter.Seq2[rootRow, error] {
	const most = 1000
	part := most
	if wanted > 0 {
		part = min(wanted, most)
	}
	return func(yield func(rootRow, error) bool) {
		repos := map[int64]*repo.Repo{}
		f.Limit = int64(part)
		for {
			got, err := build.ListBuildroots(ctx, tx, f)
			if err != nil {
				yield(rootRow{}, err)
				return
			}
			for _, b := range got {
				row := rootRow{Buildroot: b}
				if b.RepoID != nil {
					row.repo, err = repoOf(ctx, tx, repos, *b.RepoID)
				}
				if !yield(row, err) || err != nil {
					return
				}
				f.After = b.ID
			}
			if len(got) < part {
				return
			}
		}
	}
}

func repoOf(ctx context.Context, tx *db.Tx, known map[int64]*repo.Repo, id int64) (*repo.Repo, error) {
	if r, ok := known[id]; ok {
		return r, nil
	}
	r, err := repo.Get(ctx, tx, id)
	if err != nil {
		return nil, missing(err)
	}
	known[id] = r
	return r, nil
}

func (Builds) roots(ctx context.Context, c *Call) (any, error) {
	a, o := c.Args, c.Args.QueryOpts()
	f := build.RootFilter{IDs: a.Ints("buildrootID")}
	none := a.Any("buildrootID") != nil && f.IDs == nil
	for name, to := range map[string]*int64{"hostID": &f.HostID, "rpmID": &f.RPMID, "archiveID": &f.ArchiveID, "taskID": &f.TaskID, "repoID": &f.RepoID} {
		if n := a.OptInt(name); n != nil {
			*to = *n
			none = none || *n <= 0 && name != "repoID"
		}
	}
	if a.Any("state") != nil {
		f.State = []int{}
		for _, n := range a.Ints("state") {
			f.State = append(f.State, int(n))
		}
	}
	tagID := a.OptInt("tagID")
	if err := a.Err(); err != nil {
		return nil, err
	}
	if tagID != nil {
		f.TagID, none = *tagID, none || *tagID <= 0
	}
	if none {
		return o.Apply(nil)
	}
	if o.CountOnly {
		n, err := build.CountBuildroots(ctx, c.Tx, f)
		return o.part(n), err
	}
	if len(o.Order) == 1 && (o.Order[0] == "id" || o.Order[0] == "-id") {
		f.Newest, o.Order = o.Order[0] == "-id", nil
	}
	wanted := 0
	if len(o.Order) == 0 && o.Limit > 0 {
		wanted = o.Offset + o.Limit
	}
	return rowsOf(o, rootRows(ctx, c.Tx, f, wanted), rootStruct)
}

func (Builds) root(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.Int("buildrootID"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if id > 0 {
		for row, err := range rootRows(ctx, c.Tx, build.RootFilter{ID: id}, 1) {
			if err != nil {
				return nil, err
			}
			return rootStruct(row)
		}
	}
	return lookedUp(strict, nil, kura.Errorf("koji.getBuildroot", kura.NotFound, "No such buildroot: %d", id))
}

// rootListing gives the packages that a root held.
func (Builds) rootListing(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if _, err := build.GetBuildroot(ctx, c.Tx, id); err != nil {
		return nil, err
	}
	return rowsOf(QueryOpts{Limit: -1}, build.StreamRPMs(ctx, c.Tx, build.RPMFilter{ComponentOf: id}), func(r *build.RPM) (xmlrpc.Struct, error) {
		return record("rpm_id", r.ID, "is_update", false, "name", r.Name, "version", r.Version, "release", r.Release,
			"epoch", deref(r.Epoch), "arch", r.Arch, "build_id", deref(r.BuildID), "draft", r.Draft,
			"external_repo_id", r.ExternalRepoID, "external_repo_name", r.ExternalRepoName), nil
	})
}
