package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// addExternal makes a package of an external repository known.
func (Builds) addExternal(ctx context.Context, c *Call) (any, error) {
	info, ref, strict := c.Args.Map("rpminfo"), tagRef(c.Args, "external_repo"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	for _, name := range []string{"name", "version", "release", "epoch", "arch", "payloadhash", "size", "buildtime"} {
		if _, ok := info[name]; !ok {
			return nil, kura.Errorf("koji.addExternalRPM", kura.Invalid, "%s field missing: %.500v", name, info)
		}
	}
	p, _, err := componentArg(info)
	if err != nil {
		return nil, err
	}
	e, err := tag.GetExternalRepo(ctx, c.Tx, ref, 0)
	if err != nil {
		return nil, err
	}
	p.ExternalRepoID = e.ID
	return nothing(build.AddExternalRPM(ctx, c.Tx, p, e.Name, strict))
}

// merge adds the packages of a scratch build to the build that lacks them.
func (h Builds) merge(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("task_id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return h.Flow.MergeScratch(ctx, c.Actor, id)
}
