package cli

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/client"
	"github.com/kura-build/kura/format/rpm"
)

// emptyBuild makes the build that a package belongs to by the name of its
// source package, unless there is one.
func (a *app) emptyBuild(ctx context.Context, h *client.Hub, p localPackage) error {
	const op = "cli.import"
	nvra, err := rpm.ParseNVRA(strings.TrimSuffix(p.sourceRPM, ".rpm"))
	if err != nil {
		return kura.Errorf(op, kura.Invalid, "%s does not say which source package it is from", p.file)
	}
	name := map[string]any{"name": nvra.Name, "version": nvra.Version, "release": nvra.Release}
	v, err := h.Call(ctx, "getBuild", name)
	if err != nil || client.AsMap(v) != nil {
		return err
	}
	var epoch any
	if p.nevra.Epoch != nil {
		epoch = int64(*p.nevra.Epoch)
	}
	_, err = h.Call(ctx, "createEmptyBuild", nvra.Name, nvra.Version, nvra.Release, epoch)
	return err
}
