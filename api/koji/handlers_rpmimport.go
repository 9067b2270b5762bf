package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// importRPM adds a package that was uploaded.
func (h Builds) importRPM(ctx context.Context, c *Call) (any, error) {
	const op = "koji.importRPM"
	dir, name := c.Args.String("path"), c.Args.String("basename")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if file.CheckName(name) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %s/%s", dir, name)
	}
	b, r, in, err := h.Flow.ImportRPM(ctx, c.Actor, file.Join(dir, name))
	if err != nil {
		return nil, err
	}
	s, err := buildStruct(b)
	if err != nil {
		return nil, err
	}
	var source any
	if in.Package.IsSource() {
		source = 1
	}
	return record("id", r.ID, "name", r.Name, "version", r.Version, "release", r.Release, "epoch", deref(r.Epoch), "arch", r.Arch,
		"draft", r.Draft, "buildtime", r.BuildTime, "size", r.Size, "payloadhash", r.PayloadHash, "build_id", b.ID,
		"buildroot_id", nil, "external_repo_id", r.ExternalRepoID, "sourcepackage", source,
		"sourcerpm", sourceOf(in), "build", s, "brootid", nil), nil
}

// sourceOf is the source package that a package names; none for a source
// package itself.
func sourceOf(in *build.Incoming) any {
	if s := in.Package.Header.String(rpm.TagSourceRPM); s != "" {
		return s
	}
	return nil
}
