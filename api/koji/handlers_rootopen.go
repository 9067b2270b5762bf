package koji

import (
	"context"
	"fmt"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/repo"
	"github.com/kura-build/kura/hub/tag"
	"github.com/kura-build/kura/hub/task"
)

// heldTask is the task that a builder names, if it names one: it must run
// there.
func heldTask(ctx context.Context, c *Call, host *task.Host) (int64, error) {
	id := c.Args.OptInt("task_id")
	if err := c.Args.Err(); err != nil || id == nil {
		return 0, err
	}
	_, err := task.HoldOf(ctx, c.Tx, *id, host.ID)
	return *id, err
}

func (Builders) newRoot(ctx context.Context, c *Call, host *task.Host) (any, error) {
	n := build.NewRoot{HostID: host.ID, RepoID: c.Args.Int("repo"), Arch: c.Args.String("arch")}
	var err error
	if n.TaskID, err = heldTask(ctx, c, host); err != nil {
		return nil, err
	}
	if _, err := repo.Get(ctx, c.Tx, n.RepoID); err != nil {
		return nil, err
	}
	id, err := build.OpenRoot(ctx, c.Tx, n)
	if err != nil {
		return nil, err
	}
	return id, nil
}

func rootOf(ctx context.Context, c *Call, host *task.Host) (*build.Buildroot, error) {
	id := c.Args.Int("brootid")
	held, err := heldTask(ctx, c, host)
	if err != nil {
		return nil, err
	}
	return build.RootOfHost(ctx, c.Tx, id, host.ID, held)
}

// setRootState takes a state's number or name.
func (Builders) setRootState(ctx context.Context, c *Call, host *task.Host) (any, error) {
	root, err := rootOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	state := -1
	switch v := c.Args.Any("state").(type) {
	case int64:
		if v == int64(int(v)) {
			state = int(v)
		}
	case string:
		if state = slices.Index(build.RootStates[:], v); state < 0 {
			return nil, kura.Errorf("koji.setBuildRootState", kura.Invalid, "%.80q is no state of a buildroot", v)
		}
	}
	return nothing(root.SetState(ctx, c.Tx, state))
}

func (Builders) setRootList(ctx context.Context, c *Call, host *task.Host) (any, error) {
	return fillRoot(ctx, c, host, false)
}

func (Builders) updateRootList(ctx context.Context, c *Call, host *task.Host) (any, error) {
	return fillRoot(ctx, c, host, true)
}

func fillRoot(ctx context.Context, c *Call, host *task.Host, more bool) (any, error) {
	list := c.Args.List("rpmlist")
	root, err := rootOf(ctx, c, host)
	if err != nil {
		return nil, err
	}
	packages, err := componentsArg(ctx, c.Tx, list)
	if err != nil {
		return nil, err
	}
	return nothing(root.Fill(ctx, c.Tx, packages, more))
}

// componentsArg reads packages as builders tell them.
func componentsArg(ctx context.Context, tx *db.Tx, list []any) ([]build.Component, error) {
	external := map[tag.Ref]int64{}
	packages := make([]build.Component, len(list))
	for i, v := range list {
		p, where, err := componentArg(v)
		if err != nil {
			return nil, err
		}
		if where != (tag.Ref{}) {
			id, known := external[where]
			if !known {
				e, err := tag.GetExternalRepo(ctx, tx, where, 0)
				if err != nil {
					return nil, err
				}
				id, external[where] = e.ID, e.ID
			}
			p.ExternalRepoID = id
		}
		packages[i] = p
	}
	return packages, nil
}

// componentArg reads a package as a builder tells it; where names the external
// repository that it came from, nothing for the hub's own.
func componentArg(v any) (p build.Component, where tag.Ref, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return p, where, kura.Errorf("koji.setBuildRootList", kura.Invalid, "a package is a struct, got %s", typeName(v))
	}
	text := func(name string) string {
		s, ok := m[name].(string)
		if !ok && err == nil {
			err = kura.Errorf("koji.setBuildRootList", kura.Invalid, "Invalid value for %s: %.80s", name, fmt.Sprint(m[name]))
		}
		return s
	}
	number := func(name string) int64 {
		n, ok := m[name].(int64)
		if !ok && err == nil {
			err = kura.Errorf("koji.setBuildRootList", kura.Invalid, "Invalid value for %s: %.80s", name, fmt.Sprint(m[name]))
		}
		return n
	}
	p = build.Component{Name: text("name"), Version: text("version"), Release: text("release"), Arch: text("arch"), SigMD5: text("payloadhash"),
		Size: number("size"), BuildTime: number("buildtime")}
	if m["epoch"] != nil {
		n := number("epoch")
		p.Epoch = &n
	}
	switch v := m["location"].(type) {
	case nil:
	case int64:
		where = tag.ByID(v)
	default:
		where = tag.ByName(text("location"))
	}
	return p, where, err
}
