package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// importRPM adds a package that was uploaded. It is verified before the
// records are touched: reading it takes time.
func (h Builds) importRPM(ctx context.Context, c *Call) (any, error) {
	const op = "koji.importRPM"
	dir, name := c.Args.String("path"), c.Args.String("basename")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	path := file.Join("work", dir, name)
	if file.CheckName(name) != nil || file.Check(path) != nil || dir != "" && file.Check(dir) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %s/%s", dir, name)
	}
	n, err := file.Seal(ctx, h.DB, h.Blobs, path)
	if err != nil {
		if kura.Is(err, kura.NotFound) {
			err = kura.Errorf(op, kura.NotFound, "No such file: %s/%s: upload it first", dir, name)
		}
		return nil, err
	}
	in, err := build.Inspect(ctx, h.Blobs, blob.Info{Sum: n.Sum, Size: n.Size}, name)
	if err != nil {
		return nil, err
	}
	var out xmlrpc.Struct
	err = h.DB.Update(ctx, func(tx *db.Tx) error {
		b, r, err := build.Import(ctx, tx, c.Actor, in)
		if err != nil {
			return err
		}
		if in.Package.IsSource() {
			if b, err = h.settle(ctx, tx, c.Actor, b.ID); err != nil {
				return err
			}
		}
		s, err := buildStruct(b)
		if err != nil {
			return err
		}
		var source any
		if in.Package.IsSource() {
			source = 1
		}
		out = record("id", r.ID, "name", r.Name, "version", r.Version, "release", r.Release, "epoch", deref(r.Epoch), "arch", r.Arch,
			"draft", r.Draft, "buildtime", r.BuildTime, "size", r.Size, "payloadhash", r.PayloadHash, "build_id", b.ID,
			"buildroot_id", nil, "external_repo_id", r.ExternalRepoID, "sourcepackage", source,
			"sourcerpm", sourceOf(in), "build", s, "brootid", nil)
		return nil
	})
	return out, err
}

// sourceOf is the source package that a package names; none for a source
// package itself.
func sourceOf(in *build.Incoming) any {
	if s := in.Package.Header.String(rpm.TagSourceRPM); s != "" {
		return s
	}
	return nil
}
