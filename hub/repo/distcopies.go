package repo

import (
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/file"
)

// member is a package with the file that stands for it.
type member struct {
	rpm  *build.RPM
	file file.Node
	key  string // whose signature the file carries
	path string
}

func (m *member) info() blob.Info { return blob.Info{Sum: m.file.Sum, Size: m.file.Size} }

// choose finds for each package the copy signed with the first of the keys that
// signed it. That copy is taken, or none: a repository in which a signature is
// lost without a word is worse than one that is not made.
func (d *dist) choose(ctx context.Context, rpms []*build.RPM) ([]member, error) {
	ids := make([]int64, len(rpms))
	for i, r := range rpms {
		ids[i] = r.ID
	}
	var out []member
	err := d.db.View(ctx, func(tx *db.Tx) error {
		sigs, err := build.SigsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		out, err = d.best(rpms, sigs)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]*member, len(out))
	for i := range out {
		all[i] = &out[i]
	}
	lacking, err := d.locate(ctx, all)
	if err != nil {
		return nil, err
	}
	if d.opts.WriteSignedRPMs && len(lacking) > 0 {
		for _, m := range lacking {
			if m.key == "" {
				continue
			}
			if err := d.sign.Write(ctx, m.rpm.ID, m.key); err != nil && !kura.Is(err, kura.NotFound) {
				return nil, err
			}
		}
		if lacking, err = d.locate(ctx, lacking); err != nil {
			return nil, err
		}
	}
	if len(lacking) > 0 {
		var list []string
		for _, m := range lacking {
			list = append(list, m.path)
		}
		slices.Sort(list)
		return nil, missing(Missing{"missing_files.log", "Files of packages are missing", "Signed copies are made with --write-signed-rpms", list})
	}
	return out, nil
}

// best gives each package the key whose copy is wanted, and its path.
func (d *dist) best(rpms []*build.RPM, sigs map[int64][]build.Signature) ([]member, error) {
	keys := make([]string, len(d.keys))
	for i, k := range d.keys {
		keys[i] = shortKey(k)
	}
	out := make([]member, 0, len(rpms))
	var unsigned []string
	for _, r := range rpms {
		i := slices.IndexFunc(keys, func(k string) bool {
			return slices.ContainsFunc(sigs[r.ID], func(s build.Signature) bool { return s.Key == k })
		})
		m := member{rpm: r, path: file.Join(d.byID[*r.BuildID].Path(), r.Path())}
		switch {
		case i >= 0:
			m.key = keys[i]
			m.path = file.Join(d.byID[*r.BuildID].Path(), r.SignedPath(m.key))
		case d.opts.SkipMissingSignatures:
			continue
		case !d.opts.AllowMissingSignatures:
			unsigned = append(unsigned, r.NVRA())
		}
		out = append(out, m)
	}
	if len(unsigned) == 0 {
		return out, nil
	}
	slices.Sort(unsigned)
	return nil, missing(Missing{
		"missing_signatures.log", "Packages are signed with none of the keys [" + strings.Join(d.keys, ", ") + "]",
		"Sign them, or use --allow-missing-signatures or --skip-missing-signatures", unsigned,
	})
}

// shortKey is the part of a key's id by which signatures are filed.
func shortKey(id string) string {
	id = strings.ToLower(id)
	return id[max(0, len(id)-8):]
}

// locate finds the members' files, and gives those that have none.
func (d *dist) locate(ctx context.Context, members []*member) (lacking []*member, err error) {
	paths := make([]string, len(members))
	for i, m := range members {
		paths[i] = m.path
	}
	var nodes map[string]file.Node
	err = d.db.View(ctx, func(tx *db.Tx) (err error) {
		nodes, err = file.StatAll(ctx, tx, paths)
		return err
	})
	for _, m := range members {
		n, ok := nodes[m.path]
		if m.file = n; !ok {
			lacking = append(lacking, m)
		}
	}
	return lacking, err
}
