package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

func (Builds) volumes(ctx context.Context, c *Call) (any, error) {
	all, err := build.Volumes(ctx, c.Tx)
	return namedRows(all), err
}

// volumeArg finds the volume that an argument names.
func volumeArg(ctx context.Context, c *Call) (build.Named, error) {
	ref := c.Args.Ref("volume")
	if err := c.Args.Err(); err != nil {
		return build.Named{}, err
	}
	return build.GetVolume(ctx, c.Tx, tag.Ref(ref))
}

func (Builds) volume(ctx context.Context, c *Call) (any, error) {
	v, err := volumeArg(ctx, c)
	if err != nil {
		return lookedUp(c.Args.Bool("strict"), nil, err)
	}
	return record("id", v.ID, "name", v.Name), nil
}

func (Builds) addVolume(ctx context.Context, c *Call) (any, error) {
	name, strict := c.Args.String("name"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	v, err := build.AddVolume(ctx, c.Tx, name)
	if kura.Is(err, kura.Exists) && !strict {
		v, err = build.GetVolume(ctx, c.Tx, tag.ByName(name))
	}
	if err != nil {
		return nil, err
	}
	return record("id", v.ID, "name", v.Name), nil
}

func (Builds) removeVolume(ctx context.Context, c *Call) (any, error) {
	v, err := volumeArg(ctx, c)
	if err != nil {
		return nil, err
	}
	return nothing(build.RemoveVolume(ctx, c.Tx, v))
}

func (Builds) changeVolume(ctx context.Context, c *Call) (any, error) {
	v, err := volumeArg(ctx, c)
	if err != nil {
		return nil, err
	}
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	if b.VolumeID == v.ID && !c.Args.Bool("strict") {
		return nil, nil
	}
	return nothing(build.SetVolume(ctx, c.Tx, c.Actor, b.ID, v))
}

// applyVolume moves a build to where the policy volume wants it. It answers
// nothing, as Koji's does.
func (h Builds) applyVolume(ctx context.Context, c *Call) (any, error) {
	b, err := buildArg(ctx, c, "build")
	if err != nil {
		return nil, err
	}
	return nothing(h.Flow.SettleVolume(ctx, c.Tx, c.Actor, b, c.Args.Bool("strict")))
}
