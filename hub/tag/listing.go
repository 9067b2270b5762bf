package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// ListChange is what a policy decides about: an action (add, update, block,
// unblock, remove) on a package, which need not exist yet, in a tag's list.
type ListChange struct {
	Action  string
	Tag     Name
	Package string
	Force   bool
}

// Lists changes package lists. Policy says who may; it knows what force may
// override.
type Lists struct {
	Policy func(ctx context.Context, tx *db.Tx, by account.Actor, c ListChange) error
}

// NewLists gives the package lists; a nil policy asks for the permission tag.
func NewLists(policy func(context.Context, *db.Tx, account.Actor, ListChange) error) *Lists {
	if policy == nil {
		policy = func(_ context.Context, _ *db.Tx, by account.Actor, _ ListChange) error {
			return account.Perm("tag").Allow(by)
		}
	}
	return &Lists{Policy: policy}
}

// Entry is what Add sets; what is nil is as it was, or as inherited.
type Entry struct {
	Owner       *Ref
	Block       *bool
	ExtraArches *string
	Force       bool
	Update      bool // the package must be in the list already
}

// Add puts a package into a tag's list, or changes its entry. What is inherited
// the same way makes no entry.
func (ls *Lists) Add(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg Ref, e Entry) error {
	t, err := Get(ctx, tx, tag, 0)
	if err != nil {
		return err
	}
	p, known, err := aPackage.lookup(ctx, tx, pkg)
	if err != nil {
		return err
	}
	if !known && pkg.ID != 0 {
		return kura.Errorf("tag.Add", kura.NotFound, "No such package: %s", pkg)
	}
	owner := int64(0)
	if e.Owner != nil {
		u, err := account.Get(ctx, tx, *e.Owner)
		if err != nil {
			return err
		}
		owner = u.ID
	}
	action := "add"
	switch {
	case e.Update:
		action = "update"
	case e.Block != nil && *e.Block:
		action = "block"
	}
	if !known {
		p.Name = pkg.Name
	}
	if err := ls.allow(ctx, tx, by, ListChange{action, t.name(), p.Name, e.Force}); err != nil {
		return err
	}
	return putListed(ctx, tx, by, t.name(), p, owner, e)
}

func (t Tag) name() Name { return Name{ID: t.ID, Name: t.Name} }

func (ls *Lists) allow(ctx context.Context, tx *db.Tx, by account.Actor, c ListChange) error {
	if err := account.LoggedIn.Allow(by); err != nil {
		return err
	}
	return ls.Policy(ctx, tx, by, c)
}

// putListed is Add without policy.
func putListed(ctx context.Context, tx *db.Tx, by account.Actor, t Name, p Package, owner int64, e Entry) error {
	const op = "tag.Add"
	arches, err := Arches(e.ExtraArches, false)
	if err != nil {
		return err
	}
	if p.ID == 0 {
		if p, err = aPackage.ensure(ctx, tx, p.Name); err != nil {
			return err
		}
	}
	old, found, err := PackageIn(ctx, tx, t.ID, p.ID, 0)
	if err != nil {
		return err
	}
	if !found && e.Update && !e.Force {
		return kura.Errorf(op, kura.NotFound, "cannot update: tag %s has no data for package %s", t.Name, p.Name)
	}
	next := Listed{PackageID: p.ID, PackageName: p.Name, TagID: t.ID, TagName: t.Name, ExtraArches: arches, OwnerID: owner}
	set(&next.Blocked, e.Block)
	changed := !found
	if found {
		if owner == 0 {
			next.OwnerID = old.OwnerID
		}
		if e.Block == nil {
			next.Blocked = old.Blocked
		}
		if e.ExtraArches == nil {
			next.ExtraArches = old.ExtraArches
		}
		newOwner := next.OwnerID != old.OwnerID
		// An owner shows only beside an entry of the same tag.
		changed = next.Blocked != old.Blocked || !same(next.ExtraArches, old.ExtraArches) || newOwner && old.TagID != t.ID
		if !changed && !newOwner {
			return nil
		}
		if old.Blocked && !next.Blocked && !e.Force {
			return kura.Errorf(op, kura.Conflict, "package %s is blocked in tag %s", p.Name, t.Name)
		}
	}
	if next.OwnerID == 0 {
		if !e.Force || by.ID == 0 {
			return kura.Errorf(op, kura.Invalid, "owner not specified")
		}
		next.OwnerID = by.ID
	}
	if changed {
		err = putEntry(ctx, tx, by, next)
	}
	if err == nil {
		err = putOwner(ctx, tx, by, next)
	}
	if err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "packages")
}

func putEntry(ctx context.Context, tx *db.Tx, by account.Actor, l Listed) error {
	if err := dropEntry(ctx, tx, by, l.TagID, l.PackageID); err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO tag_packages (package_id, tag_id, blocked, extra_arches, create_event, creator_id) VALUES ($1, $2, $3, $4, $5, $6)",
		l.PackageID, l.TagID, l.Blocked, l.ExtraArches, ev, by.ID)
	return kura.E("tag.Add", err)
}

func dropEntry(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg int64) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE tag_packages SET revoke_event = $1, revoker_id = $2 WHERE tag_id = $3 AND package_id = $4 AND revoke_event IS NULL", ev, by.ID, tag, pkg)
	return kura.E("tag.Remove", err)
}

func putOwner(ctx context.Context, tx *db.Tx, by account.Actor, l Listed) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, "UPDATE tag_package_owners SET revoke_event = $1, revoker_id = $2 WHERE tag_id = $3 AND package_id = $4 AND revoke_event IS NULL", ev, by.ID, l.TagID, l.PackageID); err != nil {
		return kura.E("tag.SetOwner", err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO tag_package_owners (package_id, tag_id, owner, create_event, creator_id) VALUES ($1, $2, $3, $4, $5)",
		l.PackageID, l.TagID, l.OwnerID, ev, by.ID)
	return kura.E("tag.SetOwner", err)
}

// SetOwner gives a package in a tag's list another owner.
func (ls *Lists) SetOwner(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg, owner Ref, force bool) error {
	return ls.Add(ctx, tx, by, tag, pkg, Entry{Owner: &owner, Force: force, Update: true})
}

// SetArches says for which architectures, beside its tag's, a package is built.
func (ls *Lists) SetArches(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg Ref, arches string, force bool) error {
	return ls.Add(ctx, tx, by, tag, pkg, Entry{ExtraArches: &arches, Force: force, Update: true})
}

// find gives the tag and package of a change to an entry.
func find(ctx context.Context, tx *db.Tx, tag, pkg Ref) (t Tag, p Package, err error) {
	if t, err = Get(ctx, tx, tag, 0); err == nil {
		p, err = GetPackage(ctx, tx, pkg)
	}
	return t, p, err
}

// Remove takes a package's entry out of a tag's list, so that what the tag
// inherits counts. No entry is no error.
func (ls *Lists) Remove(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg Ref, force bool) error {
	t, p, err := find(ctx, tx, tag, pkg)
	if err != nil {
		return err
	}
	if err := ls.allow(ctx, tx, by, ListChange{"remove", t.name(), p.Name, force}); err != nil {
		return err
	}
	if err := dropEntry(ctx, tx, by, t.ID, p.ID); err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "packages")
}

// Block hides a package, that is in the list, and all its builds.
func (ls *Lists) Block(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg Ref, force bool) error {
	t, p, err := find(ctx, tx, tag, pkg)
	if err != nil {
		return err
	}
	if _, found, err := PackageIn(ctx, tx, t.ID, p.ID, 0); err != nil {
		return err
	} else if !found {
		return kura.Errorf("tag.Block", kura.NotFound, "Package %s is not in tag listing for %s", p.Name, t.Name)
	}
	yes := true
	return ls.Add(ctx, tx, by, tag, pkg, Entry{Block: &yes, Force: force})
}

// Unblock shows a package again. A block of the tag's own is taken back; one
// that is inherited is overridden.
func (ls *Lists) Unblock(ctx context.Context, tx *db.Tx, by account.Actor, tag, pkg Ref, force bool) error {
	const op = "tag.Unblock"
	t, p, err := find(ctx, tx, tag, pkg)
	if err != nil {
		return err
	}
	if err := ls.allow(ctx, tx, by, ListChange{"unblock", t.name(), p.Name, force}); err != nil {
		return err
	}
	old, found, err := PackageIn(ctx, tx, t.ID, p.ID, 0)
	switch {
	case err != nil:
		return err
	case !found:
		return kura.Errorf(op, kura.NotFound, "no data (blocked or otherwise) for package %s in tag %s", p.Name, t.Name)
	case !old.Blocked:
		return kura.Errorf(op, kura.Conflict, "package %s NOT blocked in tag %s", p.Name, t.Name)
	}
	own := old.TagID == t.ID
	old.TagID, old.TagName, old.Blocked = t.ID, t.Name, false
	if own {
		if err := dropEntry(ctx, tx, by, t.ID, p.ID); err != nil {
			return err
		}
		// What is behind the block may be nothing, or another block.
		behind, found, err := PackageIn(ctx, tx, t.ID, p.ID, 0)
		if err != nil || found && !behind.Blocked {
			if err == nil {
				err = emit(ctx, tx, t.Name, t.ID, "packages")
			}
			return err
		}
	}
	if err := putEntry(ctx, tx, by, old); err != nil {
		return err
	}
	if err := putOwner(ctx, tx, by, old); err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "packages")
}
