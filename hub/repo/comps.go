package repo

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/comps"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// compsOf writes a tag's groups. Blocked entries are left out by the tag room.
func compsOf(c *content) ([]byte, error) { return comps.Marshal(GroupsOf(c.groups), true), nil }

// GroupsOf gives a tag's groups in the form of comps.xml.
func GroupsOf(in []tag.Group) []comps.Group {
	var out []comps.Group
	for _, g := range in {
		if !g.Exported {
			continue
		}
		v := comps.Group{
			ID: g.Name, Name: g.DisplayName, Description: text(g.Description),
			Default: yes(g.IsDefault), UserVisible: yes(g.UserVisible), BiArchOnly: yes(g.BiarchOnly), LangOnly: text(g.LangOnly),
		}
		for _, p := range g.Packages {
			v.Packages = append(v.Packages, comps.PackageReq{Name: p.Package, Type: p.Type, BaseArchOnly: yes(p.BasearchOnly), Requires: text(p.Requires)})
		}
		for _, r := range g.Groups {
			v.Groups = append(v.Groups, comps.GroupReq{ID: r.Name, Type: r.Type, Meta: r.IsMetapkg})
		}
		out = append(out, v)
	}
	return out
}

func yes(b *bool) bool { return b != nil && *b }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// maxComps bounds an uploaded comps.xml.
const maxComps = 64 << 20

// groups gives the comps.xml of a distribution repository: the one that was
// uploaded for it, or the tag's own groups.
func (d *dist) groups(ctx context.Context) ([]byte, error) {
	if d.opts.Comps == "" {
		return compsOf(d.content)
	}
	b, err := d.upload(ctx, d.opts.Comps, maxComps)
	if err != nil {
		return nil, err
	}
	if _, err := comps.Read(bytes.NewReader(b)); err != nil {
		return nil, kura.Errorf("repo.Dist", kura.Invalid, "%s is no comps.xml: %w", d.opts.Comps, err)
	}
	return b, nil
}

// upload reads a file that was uploaded for a distribution repository.
func (d *dist) upload(ctx context.Context, name string, most int64) ([]byte, error) {
	path := file.Join("work", strings.TrimPrefix(name, "/"))
	var c *file.Content
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = file.Read(ctx, tx, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := c.Open(ctx, d.blobs)
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = kura.Errorf("repo.Dist", kura.TooLarge, "%s has more than %d bytes", path, most)
	}
	return b, err
}
