package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/build"
)

func archiveTypeStruct(t build.ArchiveType) xmlrpc.Struct {
	return record("id", t.ID, "name", t.Name, "description", t.Description, "extensions", t.Extensions, "compression_type", deref(t.Compression))
}

func (Archives) types(ctx context.Context, c *Call) (any, error) {
	all, err := build.ArchiveTypes(ctx, c.Tx)
	out := make([]any, len(all))
	for i, t := range all {
		out[i] = archiveTypeStruct(t)
	}
	return out, err
}

// archiveType finds a type by its number, or else its name, or else the name
// of a file.
func (Archives) typeOf(ctx context.Context, c *Call) (any, error) {
	id, byName, byFile, strict := c.Args.OptInt("type_id"), c.Args.OptString("type_name"), c.Args.OptString("filename"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	all, err := build.ArchiveTypes(ctx, c.Tx)
	if err != nil {
		return nil, err
	}
	const op = "koji.getArchiveType"
	var t build.ArchiveType
	var found bool
	var missing error
	by := func(is func(build.ArchiveType) bool) {
		if i := slices.IndexFunc(all, is); i >= 0 {
			t, found = all[i], true
		}
	}
	switch {
	case id != nil && *id != 0:
		by(func(t build.ArchiveType) bool { return t.ID == *id })
		missing = kura.Errorf(op, kura.NotFound, "No such archive type: %d", *id)
	case byName != nil && *byName != "":
		by(func(t build.ArchiveType) bool { return t.Name == *byName })
		missing = kura.Errorf(op, kura.NotFound, "No such archive type: %s", *byName)
	case byFile != nil && *byFile != "":
		t, found = build.TypeOfFile(all, *byFile)
		missing = kura.Errorf(op, kura.NotFound, "unsupported file extension: %s", *byFile)
	default:
		return nil, kura.Errorf(op, kura.Invalid, "one of filename, type_name, or type_id must be specified")
	}
	if !found {
		return lookedUp(strict, nil, missing)
	}
	return archiveTypeStruct(t), nil
}

func (Archives) addType(ctx context.Context, c *Call) (any, error) {
	t := build.ArchiveType{
		Name: c.Args.String("name"), Description: c.Args.String("description"),
		Extensions: c.Args.String("extensions"), Compression: c.Args.OptString("compression_type"),
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(build.AddArchiveType(ctx, c.Tx, t))
}

func (Archives) addBType(ctx context.Context, c *Call) (any, error) {
	name := c.Args.String("name")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(build.AddBType(ctx, c.Tx, name))
}
