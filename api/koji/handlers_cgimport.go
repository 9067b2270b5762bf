package koji

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/cgmeta"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/flow"
)

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
		raw, err = h.Flow.Uploaded(ctx, dir, "metadata.json")
	case string:
		if strings.HasSuffix(v, ".json") {
			raw, err = h.Flow.Uploaded(ctx, dir, v)
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
