package tag

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Group is a comps group of a tag: what is installed into its roots (build,
// srpm-build), and what its repositories offer to install together.
type Group struct {
	ID          int64
	Name        string
	TagID       int64 // whose entry it is, which may be an ancestor
	Blocked     bool
	Exported    bool
	DisplayName string
	IsDefault   *bool
	UserVisible *bool
	Description *string
	LangOnly    *string
	BiarchOnly  *bool
	Packages    []GroupPackage
	Groups      []GroupReq
}

// GroupPackage is a package in a group, by name.
type GroupPackage struct {
	GroupID      int64
	TagID        int64
	Package      string
	Blocked      bool
	Type         string // mandatory, default, optional, conditional
	BasearchOnly *bool
	Requires     *string
}

// GroupReq is a group in a group.
type GroupReq struct {
	GroupID   int64
	TagID     int64
	ReqID     int64
	Name      string
	Blocked   bool
	Type      string
	IsMetapkg bool
}

// GroupQuery says what of a tag's groups is asked for.
type GroupQuery struct {
	Tag       int64
	At        int64
	OwnOnly   bool // without inheritance
	Packages  bool
	Groups    bool
	Blocked   bool // blocked entries too
	onlyGroup int64
}

// Groups gives a tag's groups by name. The nearest entry of a group counts, for
// its settings as for each package and group in it; what is blocked is hidden
// with all that is behind it.
func Groups(ctx context.Context, tx *db.Tx, q GroupQuery) ([]Group, error) {
	tags := []int64{q.Tag}
	var err error
	if !q.OwnOnly {
		if tags, err = WithParents(ctx, tx, q.Tag, q.At); err != nil {
			return nil, err
		}
	}
	groups := map[int64]*Group{}
	for _, t := range tags {
		got, err := groupConfigs(ctx, tx, t, q.At)
		if err != nil {
			return nil, err
		}
		for _, g := range got {
			if groups[g.ID] == nil {
				groups[g.ID] = &g
			}
		}
	}
	if q.Packages {
		if err := fillPackages(ctx, tx, tags, q, groups); err != nil {
			return nil, err
		}
	}
	if q.Groups {
		if err := fillReqs(ctx, tx, tags, q, groups); err != nil {
			return nil, err
		}
	}
	var out []Group
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		g := groups[id]
		if !q.Blocked {
			if g.Blocked {
				continue
			}
			g.Packages = slices.DeleteFunc(g.Packages, func(p GroupPackage) bool { return p.Blocked })
			g.Groups = slices.DeleteFunc(g.Groups, func(r GroupReq) bool { return r.Blocked })
		}
		slices.SortFunc(g.Packages, func(a, b GroupPackage) int { return cmp.Compare(a.Package, b.Package) })
		slices.SortFunc(g.Groups, func(a, b GroupReq) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func groupConfigs(ctx context.Context, tx *db.Tx, tag, at int64) ([]Group, error) {
	var b db.Builder
	b.Add(`SELECT g.id, g.name, c.tag_id, c.blocked, c.exported, c.display_name, c.is_default, c.uservisible,
		c.description, c.langonly, c.biarchonly FROM group_config c JOIN pkg_group g ON g.id = c.group_id WHERE c.tag_id = ?`, tag).At("c", at)
	got, err := db.Find(ctx, tx, func(s db.Scanner) (g Group, err error) {
		return g, s.Scan(&g.ID, &g.Name, &g.TagID, &g.Blocked, &g.Exported, &g.DisplayName, &g.IsDefault, &g.UserVisible, &g.Description, &g.LangOnly, &g.BiarchOnly)
	}, &b)
	return got, kura.E("tag.Groups", err)
}

func fillPackages(ctx context.Context, tx *db.Tx, tags []int64, q GroupQuery, groups map[int64]*Group) error {
	type key struct {
		group int64
		pkg   string
	}
	seen := map[key]bool{}
	for _, t := range tags {
		var b db.Builder
		b.Add("SELECT l.group_id, l.tag_id, l.package, l.blocked, l.type, l.basearchonly, l.requires FROM group_package_listing l WHERE l.tag_id = ?", t).At("l", q.At)
		if q.onlyGroup != 0 {
			b.Add(" AND l.group_id = ?", q.onlyGroup)
		}
		got, err := db.Find(ctx, tx, func(s db.Scanner) (p GroupPackage, err error) {
			return p, s.Scan(&p.GroupID, &p.TagID, &p.Package, &p.Blocked, &p.Type, &p.BasearchOnly, &p.Requires)
		}, &b)
		if err != nil {
			return kura.E("tag.Groups", err)
		}
		for _, p := range got {
			g, k := groups[p.GroupID], key{p.GroupID, p.Package}
			if g != nil && !g.Blocked && !seen[k] {
				seen[k] = true
				g.Packages = append(g.Packages, p)
			}
		}
	}
	return nil
}

func fillReqs(ctx context.Context, tx *db.Tx, tags []int64, q GroupQuery, groups map[int64]*Group) error {
	seen := map[[2]int64]bool{}
	for _, t := range tags {
		var b db.Builder
		b.Add(`SELECT l.group_id, l.tag_id, l.req_id, g.name, l.blocked, l.type, l.is_metapkg FROM group_req_listing l
			JOIN pkg_group g ON g.id = l.req_id WHERE l.tag_id = ?`, t).At("l", q.At)
		if q.onlyGroup != 0 {
			b.Add(" AND l.group_id = ?", q.onlyGroup)
		}
		got, err := db.Find(ctx, tx, func(s db.Scanner) (r GroupReq, err error) {
			return r, s.Scan(&r.GroupID, &r.TagID, &r.ReqID, &r.Name, &r.Blocked, &r.Type, &r.IsMetapkg)
		}, &b)
		if err != nil {
			return kura.E("tag.Groups", err)
		}
		for _, r := range got {
			g, req, k := groups[r.GroupID], groups[r.ReqID], [2]int64{r.GroupID, r.ReqID}
			if g != nil && !g.Blocked && req != nil && !req.Blocked && !seen[k] {
				seen[k] = true
				g.Groups = append(g.Groups, r)
			}
		}
	}
	return nil
}
