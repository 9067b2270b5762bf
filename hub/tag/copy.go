package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// CopyOptions say what Copy takes along.
type CopyOptions struct {
	Config   bool // architectures, permission, lock, extra values
	Packages bool
	Groups   bool
	At       int64 // the source as it was at an event
	Force    bool  // also from, or over, a locked tag
}

// Copy makes a tag what another one is, or was: a new tag, or one that is there,
// whose other packages are then blocked. Inheritance, external repositories and
// builds stay behind: what was inherited becomes the copy's own.
func Copy(ctx context.Context, tx *db.Tx, by account.Actor, from Ref, to string, o CopyOptions) (src, dst Tag, err error) {
	const op = "tag.Copy"
	if src, err = Get(ctx, tx, from, o.At); err != nil {
		return src, dst, err
	}
	dst, err = Get(ctx, tx, ByName(to), 0)
	fresh := kura.Is(err, kura.NotFound)
	if err != nil && !fresh {
		return src, dst, err
	}
	if (src.Locked || dst.Locked) && !o.Force {
		return src, dst, kura.Errorf(op, kura.Conflict, "Source or destination tag is locked, use force to copy")
	}
	if fresh {
		c := Config{Name: to}
		id, err := Create(ctx, tx, by, c)
		if err != nil {
			return src, dst, err
		}
		dst.ID = id
	}
	if o.Config {
		if err := copyConfig(ctx, tx, by, src, dst.ID); err != nil {
			return src, dst, err
		}
	}
	if dst, err = Get(ctx, tx, ByID(dst.ID), 0); err != nil {
		return src, dst, err
	}
	if o.Packages {
		if err := copyPackages(ctx, tx, by, src, dst); err != nil {
			return src, dst, err
		}
	}
	if o.Groups {
		err = copyGroups(ctx, tx, by, src, dst)
	}
	return src, dst, err
}

func copyConfig(ctx context.Context, tx *db.Tx, by account.Actor, src Tag, dst int64) error {
	now, err := Get(ctx, tx, ByID(dst), 0)
	if err != nil {
		return err
	}
	arches, perm := "", Ref{}
	if src.Arches != nil {
		arches = *src.Arches
	}
	if src.PermID != nil {
		perm = ByID(*src.PermID)
	}
	c := Change{Arches: &arches, Perm: &perm, Locked: &src.Locked, MavenSupport: &src.MavenSupport,
		MavenIncludeAll: &src.MavenIncludeAll, Extra: src.Extra, BlockExtra: src.BlockedExtra}
	has := map[string]bool{}
	for _, k := range src.BlockedExtra {
		has[k] = true
	}
	for k := range src.Extra {
		has[k] = true
	}
	for k := range now.Extra {
		if !has[k] {
			c.RemoveExtra = append(c.RemoveExtra, k)
		}
	}
	return Edit(ctx, tx, by, ByID(dst), c)
}

func copyPackages(ctx context.Context, tx *db.Tx, by account.Actor, src, dst Tag) error {
	want, err := ListedPackages(ctx, tx, ListQuery{Tag: src.ID, At: src.Event, Inherit: true})
	if err != nil {
		return err
	}
	have, err := ListedPackages(ctx, tx, ListQuery{Tag: dst.ID, Inherit: true})
	if err != nil {
		return err
	}
	old := map[int64]Listed{}
	for _, l := range have {
		old[l.PackageID] = l
	}
	changed := false
	put := func(l Listed) error {
		l.TagID, l.TagName, changed = dst.ID, dst.Name, true
		if err := putEntry(ctx, tx, by, l); err != nil {
			return err
		}
		return putOwner(ctx, tx, by, l)
	}
	for _, l := range want {
		o, there := old[l.PackageID]
		delete(old, l.PackageID)
		if there && o.Blocked == l.Blocked && o.OwnerID == l.OwnerID && same(o.ExtraArches, l.ExtraArches) {
			continue
		}
		if err := put(l); err != nil {
			return err
		}
	}
	for _, l := range have {
		if _, extra := old[l.PackageID]; !extra || l.Blocked {
			continue
		}
		l.Blocked = true
		if err := put(l); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return emit(ctx, tx, dst.Name, dst.ID, "packages")
}

func copyGroups(ctx context.Context, tx *db.Tx, by account.Actor, src, dst Tag) error {
	groups, err := Groups(ctx, tx, GroupQuery{Tag: src.ID, At: src.Event, Packages: true, Groups: true})
	if err != nil {
		return err
	}
	to := ByID(dst.ID)
	for _, g := range groups {
		o := GroupOptions{&g.DisplayName, &g.Exported, g.IsDefault, g.UserVisible, g.Description, g.LangOnly, g.BiarchOnly}
		if err := AddGroup(ctx, tx, by, to, ByID(g.ID), o, false, true); err != nil {
			return err
		}
	}
	for _, g := range groups {
		for _, p := range g.Packages {
			o := MemberOptions{Type: &p.Type, BasearchOnly: p.BasearchOnly, Requires: p.Requires}
			if err := AddGroupPackage(ctx, tx, by, to, ByID(g.ID), p.Package, o, false, false); err != nil {
				return err
			}
		}
		for _, r := range g.Groups {
			o := MemberOptions{Type: &r.Type, IsMetapkg: &r.IsMetapkg}
			if err := AddGroupReq(ctx, tx, by, to, ByID(g.ID), ByID(r.ReqID), o, false, false); err != nil {
				return err
			}
		}
	}
	return nil
}
