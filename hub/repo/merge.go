package repo

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/repomd/merge"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/file"
)

// known gives the external repositories that a repository shows, as long as
// they are kept as it wants them.
func (r *Repo) known(ctx context.Context, tx *db.Tx) ([]External, error) {
	list, err := r.External()
	for i := range list {
		e := &list[i]
		var sum string
		ok, err := tx.Get(ctx, []any{&sum, &e.dir}, "SELECT sum, dir FROM external_metadata WHERE url = $1", e.URL)
		if err != nil {
			return nil, err
		}
		if !ok || sum != e.Sum {
			return nil, kura.Errorf("repo.known", kura.Unavailable, "external repository %s has changed while the repository was begun", e.Name)
		}
	}
	return list, err
}

// localOrigin is what pkgorigins says of the hub's own packages: a name by which
// Koji's builders know them.
func localOrigin(r *Repo) string { return fmt.Sprintf("file:///repo_%d_premerge/", r.ID) }

// Origins gives from which external repository packages of a repository come,
// by name-version-release.arch. Packages of the hub's own are not in it.
func (m *Maker) Origins(ctx context.Context, tx *db.Tx, r *Repo, arch string, nvras map[string]bool) (map[string]int64, error) {
	const op = "repo.Origins"
	out := map[string]int64{}
	list, err := r.External()
	if err != nil || len(list) == 0 {
		return out, err
	}
	ids := make(map[string]int64, len(list))
	for _, e := range list {
		ids[e.URL] = e.ID
	}
	dir := file.Join(r.Path(), rpm.CanonArch(arch))
	md, err := m.repomd(ctx, tx, dir)
	if err != nil {
		return nil, kura.E(op, err)
	}
	d, ok := md.Find("origin")
	if !ok {
		return out, nil
	}
	c, err := file.Read(ctx, tx, file.Join(dir, d.Href))
	if err != nil {
		return nil, kura.E(op, err)
	}
	f := c.Open(ctx, m.blobs)
	defer f.Close()
	z, err := repomd.Open(f)
	if err != nil {
		return nil, kura.E(op, err)
	}
	defer z.Close()
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		nvra, url, _ := strings.Cut(lines.Text(), "\t")
		if id := ids[url]; id != 0 && nvras[nvra] {
			out[nvra] = id
		}
	}
	return out, kura.E(op, lines.Err())
}

func (m *Maker) repomd(ctx context.Context, tx *db.Tx, dir string) (*repomd.Repomd, error) {
	c, err := file.Read(ctx, tx, file.Join(dir, "repodata/repomd.xml"))
	if err != nil {
		return nil, err
	}
	f := c.Open(ctx, m.blobs)
	defer f.Close()
	return repomd.ReadRepomd(f)
}

// merge adds to a list the packages of the external repositories for an
// architecture, as Koji merges them.
func (c *content) merge(known *bases, r *Repo, arch string, list *repomd.List, o *repomd.Options) error {
	all := [][]repomd.Entry{list.Entries}
	addresses := []string{localOrigin(r)}
	mode := merge.Koji
	for _, e := range c.external {
		if e.Arch != arch {
			continue
		}
		x, err := known.external(e)
		if err != nil {
			return err
		}
		mode = merge.Mode(e.Mode)
		all, addresses = append(all, x.Entries), append(addresses, e.URL)
		o.Bases = append(slices.Clip(o.Bases), x)
	}
	if len(all) == 1 {
		return nil
	}
	blocked := make(map[string]bool, len(c.blocks))
	for _, b := range c.blocks {
		blocked[b] = true
	}
	taken := merge.Select(all, merge.Options{Mode: mode, Arches: []string{arch}, Expand: true, Blocked: blocked})
	own := map[int]int{} // where the hub's own packages stand in the list
	merged := make([]repomd.Entry, len(taken))
	for i, t := range taken {
		merged[i] = all[t.Repository][t.Entry]
		if t.Repository == 0 {
			own[i] = t.Entry
		}
	}
	load := list.Load
	list.Entries = merged
	list.Load = func(ctx context.Context, want []int) ([]repomd.Loaded, error) {
		asked := make([]int, len(want))
		for i, n := range want {
			at, ok := own[n]
			if !ok {
				return nil, kura.Errorf("repo.merge", kura.Unavailable, "what was kept of %s is gone", merged[n].Base)
			}
			asked[i] = at
		}
		return load(ctx, asked)
	}
	o.GroupSize, o.Quick = merge.GroupSize, true
	o.Extra = append(o.Extra, merge.Origins(all, addresses, taken))
	return nil
}
