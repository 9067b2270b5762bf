package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/tag"
)

// Koji's archives are files that are no rpms: jars, images of Windows builds.
// Builds here have none, so the methods about them answer as a hub does that
// has none either.

// none answers an empty list; of a tag, if the method is asked about one that
// there is.
func (Builds) none(tagArg string) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		if tagArg == "" {
			return []any{}, nil
		}
		ref := tagRef(c.Args, tagArg)
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		_, err := tag.Lookup(ctx, c.Tx, ref)
		return []any{}, err
	}
}

// archive answers nothing, or, to who is strict, that there is no such thing.
func (Builds) archive(arg, sentence string) Handler {
	return func(_ context.Context, c *Call) (any, error) {
		return lookedUp(c.Args.Bool("strict"), nil, kura.Errorf("koji.archive", kura.NotFound, sentence, c.Args.Any(arg)))
	}
}

func (Builds) archives(_ context.Context, c *Call) (any, error) {
	o := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if c.Args.Bool("strict") {
		return nil, kura.Errorf("koji.listArchives", kura.NotFound, "No archives found.")
	}
	return o.Apply(nil)
}

func (Builds) archiveFiles(_ context.Context, c *Call) (any, error) {
	id, o := c.Args.Any("archive_id"), c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if c.Args.Bool("strict") {
		return nil, kura.Errorf("koji.listArchiveFiles", kura.NotFound, "No such archive: %v", id)
	}
	return o.Apply(nil)
}

func (Builds) archiveType(_ context.Context, c *Call) (any, error) {
	a := c.Args
	name := a.Any("type_name")
	switch {
	case truthy(a.Any("type_id")):
		name = a.Any("type_id")
	case truthy(name):
	case truthy(a.Any("filename")):
		name = a.String("filename")
	default:
		return nil, kura.Errorf("koji.getArchiveType", kura.Invalid, "one of filename, type_name, or type_id must be specified")
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	return lookedUp(a.Bool("strict"), nil, kura.Errorf("koji.getArchiveType", kura.NotFound, "unsupported file extension: %v", name))
}
