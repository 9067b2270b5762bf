package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// snapshot makes a new tag that holds what another one holds, or held.
func (h Builds) snapshot(ctx context.Context, c *Call) (any, error) {
	return h.copyTag(ctx, c, func(name string, found error) error {
		switch {
		case found == nil:
			return kura.Errorf("koji.snapshotTag", kura.Exists, "Target tag already exists")
		case kura.Is(found, kura.NotFound):
			return nil
		}
		return found
	})
}

// snapshotModify makes a tag that is there the same as another one.
func (h Builds) snapshotModify(ctx context.Context, c *Call) (any, error) {
	return h.copyTag(ctx, c, func(_ string, found error) error { return found })
}

func (h Builds) copyTag(ctx context.Context, c *Call, check func(name string, found error) error) (any, error) {
	from, to := tagRef(c.Args, "src"), tagRef(c.Args, "dst")
	o := tag.CopyOptions{
		Config: c.Args.Bool("config"), Packages: c.Args.Bool("pkgs"), Groups: c.Args.Bool("groups"),
		At: c.Args.Event("event"), Force: c.Args.Bool("force"),
	}
	builds := c.Args.Bool("builds")
	b := build.TagCopy{Inherit: c.Args.Bool("inherit_builds"), Latest: c.Args.Bool("latest_only")}
	if c.Args.sig.index("remove") >= 0 {
		b.Remove = c.Args.Bool("remove")
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if builds && !o.Packages {
		return nil, fault(parameterError, "builds can't be used without pkgs in snapshotTag")
	}
	there, err := tag.Get(ctx, c.Tx, to, 0)
	if err := check(to.Name, err); err != nil {
		return nil, err
	}
	name := to.Name
	if err == nil {
		name = there.Name
	}
	src, dst, err := tag.Copy(ctx, c.Tx, c.Actor, from, name, o)
	if err != nil || !builds {
		return nil, err
	}
	return nil, build.CopyTagged(ctx, c.Tx, c.Actor, src, dst, b)
}
