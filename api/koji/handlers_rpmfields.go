package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
)

// rpmHeaders gives fields of a package by rpm's names.
func (h Builds) rpmHeaders(ctx context.Context, c *Call) (any, error) {
	const op = "koji.getRPMHeaders"
	a, strict := c.Args, c.Args.Bool("strict")
	names := a.Strings("headers")
	if err := a.Err(); err != nil {
		return nil, err
	}
	switch {
	case a.Any("headers") == nil:
		names = nil // all
	case names == nil:
		names = []string{}
	}
	var p *rpm.Package
	var err error
	switch {
	case truthy(a.Any("rpmID")):
		var r *build.RPM
		var head *rpm.Header
		if r, head, err = headerArg(ctx, c, strict); err == nil && head != nil {
			p, err = build.HeadOf(ctx, c.Tx, h.Blobs, r, head, names)
		}
	case truthy(a.Any("taskID")):
		p, err = h.taskFile(ctx, c, op)
		if !strict {
			err = missing(err)
		}
	default:
		return nil, kura.Errorf(op, kura.Invalid, "either rpmID or taskID and filepath must be specified")
	}
	if err != nil || p == nil {
		return map[string]any{}, err
	}
	out, err := build.Fields(p, names)
	for name, v := range out {
		out[name] = fieldValue(v)
	}
	return out, err
}

// fieldValue gives numbers the type that goes over the wire.
func fieldValue(v any) any {
	switch v := v.(type) {
	case uint64:
		return int64(v)
	case []uint64:
		out := make([]any, len(v))
		for i, n := range v {
			out[i] = int64(n)
		}
		return out
	}
	return v
}
