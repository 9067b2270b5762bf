package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
)

// cancel stops a build and the task that makes it. It is for the build's owner
// and for admins.
func (h Builds) cancel(ctx context.Context, c *Call) (any, error) {
	strict := c.Args.Bool("strict")
	b, err := buildArg(ctx, c, "buildID")
	if err != nil {
		if !strict && kura.Is(err, kura.NotFound) {
			return false, nil
		}
		return nil, err
	}
	if b.OwnerID != c.Actor.ID && !c.Actor.Has(account.Admin) {
		return nil, kura.Errorf("koji.cancelBuild", kura.Denied, "Cannot cancel build, not owner")
	}
	if b.State != build.Building {
		return false, nil
	}
	if _, err := build.SetState(ctx, c.Tx, b.ID, build.Canceled); err != nil {
		return nil, err
	}
	if b.TaskID == nil {
		return true, nil
	}
	_, err = h.Tasks.CancelFull(ctx, c.Tx, *b.TaskID, false)
	return true, err
}

// delete takes a build's files away. What was deleted before answers nothing.
func (Builds) delete(ctx context.Context, c *Call) (any, error) {
	strict, idle := c.Args.Bool("strict"), c.Args.Int("min_ref_age")
	b, err := buildArg(ctx, c, "build")
	if err != nil || b.State == build.Deleted {
		return nil, err
	}
	err = build.Delete(ctx, c.Tx, b.ID, idle*1e6)
	if !strict && kura.Is(err, kura.Conflict) {
		return false, nil
	}
	return err == nil, err
}

func (Builds) reset(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, missing(err)
	}
	return nothing(build.Reset(ctx, c.Tx, b.ID))
}

// createEmpty makes a complete build without packages, to import into.
func (h Builds) createEmpty(ctx context.Context, c *Call) (any, error) {
	const op = "koji.createEmptyBuild"
	n := build.New{Name: c.Args.String("name"), Version: c.Args.String("version"), Release: c.Args.String("release"), OwnerID: c.Actor.ID}
	epoch, owner := c.Args.Any("epoch"), account.Ref(c.Args.Ref("owner"))
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	n.Draft = c.Args.Bool("draft")
	if epoch != nil && epoch != "" {
		e, ok := toInt(epoch)
		if !ok || e < 0 {
			return nil, kura.Errorf(op, kura.Invalid, "Invalid type for argument epoch of createEmptyBuild: want int or nil, got %s", typeName(epoch))
		}
		n.Epoch = &e
	}
	if !(Ref(owner)).IsZero() {
		u, err := account.Get(ctx, c.Tx, owner)
		if err != nil {
			return nil, err
		}
		n.OwnerID = u.ID
	}
	b, err := h.Flow.EmptyBuild(ctx, c.Tx, c.Actor, n)
	if err != nil {
		return nil, err
	}
	return b.ID, nil
}

func (Builds) setOwner(ctx context.Context, c *Call) (any, error) {
	ref := account.Ref(c.Args.Ref("user"))
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	u, err := account.Get(ctx, c.Tx, ref)
	if err != nil {
		return nil, err
	}
	return nothing(build.SetOwner(ctx, c.Tx, b.ID, u.ID))
}

func (Builds) setTimestamp(ctx context.Context, c *Call) (any, error) {
	at, ok := number(c.Args.Any("ts"))
	if _, truth := c.Args.Any("ts").(bool); !ok || truth {
		return nil, kura.Errorf("koji.setBuildTimestamp", kura.Invalid, "Invalid type for timestamp")
	}
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	return nothing(build.SetCompletion(ctx, c.Tx, b.ID, int64(at*1e6)))
}

func (Builds) nextRelease(ctx context.Context, c *Call) (any, error) {
	info, incr := c.Args.Map("build_info"), c.Args.Int("incr")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	name, named := info["name"].(string)
	version, versioned := info["version"].(string)
	if !named || !versioned {
		return nil, kura.Errorf("koji.getNextRelease", kura.Invalid, "did not provide name and version")
	}
	return build.NextRelease(ctx, c.Tx, name, version, incr)
}

// promote makes a draft the build of its name.
func (h Builds) promote(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	now, err := h.Flow.Promote(ctx, c.Tx, c.Actor, b, c.Args.Bool("force"))
	if err != nil {
		return nil, err
	}
	return buildStruct(now)
}
