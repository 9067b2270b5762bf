package koji

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
)

// maxMetadata is the most bytes of a content generator's metadata.
const maxMetadata = 64 << 20

// importGenerated makes a build of what a content generator has made. The
// metadata comes as a struct, as JSON, or in a file among those uploaded.
func (h Builds) importGenerated(ctx context.Context, c *Call) (any, error) {
	const op = "koji.CGImport"
	dir, token := c.Args.String("directory"), c.Args.OptString("token")
	given := c.Args.Any("metadata")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if dir != "" && file.Check(dir) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid path of uploads: %s", dir)
	}
	var raw []byte
	var err error
	switch v := given.(type) {
	case nil:
		raw, err = h.uploaded(ctx, dir, "metadata.json")
	case string:
		if strings.HasSuffix(v, ".json") {
			raw, err = h.uploaded(ctx, dir, v)
		} else {
			raw = []byte(v)
		}
	case map[string]any:
		raw, err = json.MarshalIndent(v, "", "  ")
	default:
		return nil, kura.Errorf(op, kura.Invalid, "Invalid type for argument metadata of CGImport: want struct or string, got %s", typeName(v))
	}
	if err != nil {
		return nil, err
	}
	m, err := cgmeta.Parse(raw)
	if err != nil {
		return nil, kura.Errorf(op, kura.Invalid, "%w", err)
	}
	g := flow.Generated{Meta: m, Raw: raw, Directory: dir}
	if token != nil {
		g.Token = *token
	}
	b, err := h.Flow.ImportGenerated(ctx, c.Actor, g)
	if err != nil {
		return nil, err
	}
	return buildStruct(b)
}

// uploaded reads a small file of an upload.
func (h Builds) uploaded(ctx context.Context, dir, name string) ([]byte, error) {
	const op = "koji.CGImport"
	path := file.Join("work", dir, name)
	if file.Check(path) != nil {
		return nil, kura.Errorf(op, kura.Invalid, "Invalid path of an upload: %s", name)
	}
	n, err := file.Seal(ctx, h.DB, h.Blobs, path)
	if kura.Is(err, kura.NotFound) {
		return nil, kura.Errorf(op, kura.NotFound, "No such file: %s", name)
	}
	if err != nil {
		return nil, err
	}
	if n.Size > maxMetadata {
		return nil, kura.Errorf(op, kura.TooLarge, "metadata in %s has %d bytes, more than %d", name, n.Size, maxMetadata)
	}
	var content *file.Content
	if err := h.DB.View(ctx, func(tx *db.Tx) (err error) {
		content, err = file.Read(ctx, tx, path)
		return err
	}); err != nil {
		return nil, err
	}
	r := content.Open(ctx, h.Blobs)
	defer r.Close()
	data, err := io.ReadAll(r)
	return data, kura.E(op, err)
}
