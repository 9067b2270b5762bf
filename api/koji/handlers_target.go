package koji

import (
	"context"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/tag"
)

func targetStruct(t tag.Target) xmlrpc.Struct {
	return record("id", t.ID, "build_tag", t.BuildTag, "dest_tag", t.DestTag, "name", t.Name,
		"build_tag_name", t.BuildTagName, "dest_tag_name", t.DestTagName)
}

func (Tags) createTarget(ctx context.Context, c *Call) (any, error) {
	name, build, dest := c.Args.String("name"), tagRef(c.Args, "build_tag"), tagRef(c.Args, "dest_tag")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	_, err := tag.CreateTarget(ctx, c.Tx, c.Actor, name, build, dest)
	return nothing(err)
}

func (Tags) editTarget(ctx context.Context, c *Call) (any, error) {
	ref, name := tagRef(c.Args, "buildTargetInfo"), c.Args.String("name")
	build, dest := tagRef(c.Args, "build_tag"), tagRef(c.Args, "dest_tag")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.EditTarget(ctx, c.Tx, c.Actor, ref, name, build, dest))
}

func (Tags) deleteTarget(ctx context.Context, c *Call) (any, error) {
	ref := tagRef(c.Args, "buildTargetInfo")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(tag.DeleteTarget(ctx, c.Tx, c.Actor, ref))
}

func (Tags) target(ctx context.Context, c *Call) (any, error) {
	ref, at, strict := tagRef(c.Args, "info"), c.Args.Event("event"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	t, err := tag.GetTarget(ctx, c.Tx, ref, at)
	return lookedUp(strict, targetStruct(t), err)
}

func (Tags) targets(ctx context.Context, c *Call) (any, error) {
	q := tag.TargetQuery{Target: tagRef(c.Args, "info"), At: c.Args.Event("event")}
	build, dest, opts := tagRef(c.Args, "buildTagID"), tagRef(c.Args, "destTagID"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	for _, side := range []struct {
		ref tag.Ref
		to  *int64
	}{{build, &q.BuildTag}, {dest, &q.DestTag}} {
		if side.ref == (tag.Ref{}) {
			continue
		}
		t, err := tag.Lookup(ctx, c.Tx, side.ref)
		if err != nil {
			return nil, err
		}
		*side.to = t.ID
	}
	targets, err := tag.ListTargets(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(targets))
	for i, t := range targets {
		rows[i] = targetStruct(t)
	}
	return opts.Apply(rows)
}
