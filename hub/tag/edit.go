package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Config is what a new tag begins with.
type Config struct {
	Name            string
	Parent          *Ref
	Arches          *string
	Perm            *Ref
	Locked          bool
	MavenSupport    bool
	MavenIncludeAll bool
	Extra           map[string]any
}

// Create makes a tag, or brings a deleted one of the same name back, empty.
func Create(ctx context.Context, tx *db.Tx, by account.Actor, c Config) (int64, error) {
	const op = "tag.Create"
	if err := account.CheckName(c.Name); err != nil {
		return 0, err
	}
	arches, err := Arches(c.Arches, false)
	if err != nil {
		return 0, err
	}
	if _, err := Get(ctx, tx, ByName(c.Name), 0); err == nil {
		return 0, kura.Errorf(op, kura.Exists, "A tag with the name '%s' already exists", c.Name)
	} else if !kura.Is(err, kura.NotFound) {
		return 0, err
	}
	var parent Tag
	if c.Parent != nil {
		parent, err = Get(ctx, tx, *c.Parent, 0)
		if kura.Is(err, kura.NotFound) {
			return 0, kura.Errorf(op, kura.NotFound, "Parent tag '%s' could not be found", c.Parent)
		}
		if err != nil {
			return 0, err
		}
	}
	perm, err := permID(ctx, tx, c.Perm)
	if err != nil {
		return 0, err
	}
	name, err := aTag.ensure(ctx, tx, c.Name)
	if err != nil {
		return 0, err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	t := Tag{ID: name.ID, Name: name.Name, PermID: perm, Arches: arches, Locked: c.Locked, MavenSupport: c.MavenSupport, MavenIncludeAll: c.MavenIncludeAll}
	if err := putConfig(ctx, tx, by.ID, ev, t); err != nil {
		return 0, err
	}
	if _, err := writeExtra(ctx, tx, by.ID, ev, t, c.Extra, nil, nil); err != nil {
		return 0, err
	}
	if c.Parent != nil {
		if err := SetParents(ctx, tx, by, t.ID, []LinkChange{{Link: Link{Parent: parent.ID}}}, false); err != nil {
			return 0, err
		}
	}
	return t.ID, emit(ctx, tx, t.Name, t.ID, "create")
}

func permID(ctx context.Context, tx *db.Tx, ref *Ref) (*int64, error) {
	if ref == nil || *ref == (Ref{}) {
		return nil, nil
	}
	p, err := account.GetPerm(ctx, tx, *ref)
	return &p.ID, err
}

func putConfig(ctx context.Context, tx *db.Tx, by, ev int64, t Tag) error {
	_, err := tx.Exec(ctx, `INSERT INTO tag_config (tag_id, arches, perm_id, locked, maven_support, maven_include_all, create_event, creator_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, t.ID, t.Arches, t.PermID, t.Locked, t.MavenSupport, t.MavenIncludeAll, ev, by)
	return kura.E("tag.Create", err)
}

// Change is what Edit changes; what is nil or empty stays.
type Change struct {
	Name            string
	Arches          *string // an empty list: as inherited
	Perm            *Ref    // the zero Ref: none
	Locked          *bool
	MavenSupport    *bool
	MavenIncludeAll *bool
	Extra           map[string]any
	BlockExtra      []string
	RemoveExtra     []string
}

// Edit changes a tag. What is the same already makes no new version.
func Edit(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref, c Change) error {
	t, err := Get(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	changed := false
	if c.Name != "" && c.Name != t.Name {
		if err := aTag.rename(ctx, tx, t.ID, c.Name); err != nil {
			return err
		}
		t.Name, changed = c.Name, true
	}
	next := t
	if c.Arches != nil {
		if next.Arches, err = Arches(c.Arches, false); err != nil {
			return err
		}
	}
	if c.Perm != nil {
		if next.PermID, err = permID(ctx, tx, c.Perm); err != nil {
			return err
		}
	}
	set(&next.Locked, c.Locked)
	set(&next.MavenSupport, c.MavenSupport)
	set(&next.MavenIncludeAll, c.MavenIncludeAll)
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if !same(next.Arches, t.Arches) || !same(next.PermID, t.PermID) || next.Locked != t.Locked ||
		next.MavenSupport != t.MavenSupport || next.MavenIncludeAll != t.MavenIncludeAll {
		if _, err := tx.Exec(ctx, "UPDATE tag_config SET revoke_event = $1, revoker_id = $2 WHERE tag_id = $3 AND revoke_event IS NULL", ev, by.ID, t.ID); err != nil {
			return kura.E("tag.Edit", err)
		}
		if err := putConfig(ctx, tx, by.ID, ev, next); err != nil {
			return err
		}
		changed = true
	}
	extra, err := writeExtra(ctx, tx, by.ID, ev, t, c.Extra, c.BlockExtra, c.RemoveExtra)
	if err != nil || !changed && !extra {
		return err
	}
	return emit(ctx, tx, t.Name, t.ID, "config")
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Delete ends a tag: its settings, inheritance from and to it, package list,
// groups, external repositories, targets, and what is tagged with it. Its past
// stays, and its name keeps its id.
func Delete(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref) error {
	t, err := Get(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	children, err := Children(ctx, tx, t.ID, 0)
	if err != nil {
		return err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	for _, b := range ending(ev, by.ID, t.ID) {
		if _, err := db.Change(ctx, tx, b); err != nil {
			return kura.E("tag.Delete", err)
		}
	}
	for _, c := range children {
		if err := emit(ctx, tx, c.Name, c.Child, "inheritance"); err != nil {
			return err
		}
	}
	return emit(ctx, tx, t.Name, t.ID, "delete")
}

func ending(ev, by, id int64) []*db.Builder {
	q := func() *db.Builder { return &db.Builder{} }
	return []*db.Builder{
		q().Add("UPDATE tag_config SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_extra SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_inheritance SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_inheritance SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND parent_id = ?", ev, by, id),
		q().Add("UPDATE build_target_config SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND build_tag = ?", ev, by, id),
		q().Add("UPDATE build_target_config SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND dest_tag = ?", ev, by, id),
		q().Add("UPDATE tag_listing SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_packages SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_package_owners SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE tag_external_repos SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE group_config SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE group_req_listing SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
		q().Add("UPDATE group_package_listing SET revoke_event = ?, revoker_id = ? WHERE revoke_event IS NULL AND tag_id = ?", ev, by, id),
	}
}

// emit tells the world that a tag changed, and in what.
func emit(ctx context.Context, tx *db.Tx, name string, id int64, what string) error {
	return event.Emit(ctx, tx, "tag.change", map[string]any{"id": id, "tag": name, "what": what})
}

// emitID is emit for who has only the id.
func emitID(ctx context.Context, tx *db.Tx, id int64, what string) error {
	t, err := Lookup(ctx, tx, ByID(id))
	if err != nil {
		return err
	}
	return emit(ctx, tx, t.Name, id, what)
}
