package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Target says in which tag's roots a build is made, and with which tag it is
// tagged then.
type Target struct {
	ID           int64
	Name         string
	BuildTag     int64
	BuildTagName string
	DestTag      int64
	DestTagName  string
}

// TargetQuery filters ListTargets.
type TargetQuery struct {
	Target   Ref // zero: all
	BuildTag int64
	DestTag  int64
	At       int64
}

// ListTargets gives targets by name.
func ListTargets(ctx context.Context, tx *db.Tx, q TargetQuery) ([]Target, error) {
	var b db.Builder
	b.Add(`SELECT t.id, t.name, c.build_tag, bt.name, c.dest_tag, dt.name FROM build_target_config c
		JOIN build_target t ON t.id = c.build_target_id
		JOIN tag bt ON bt.id = c.build_tag JOIN tag dt ON dt.id = c.dest_tag WHERE 1 = 1`).At("c", q.At)
	switch {
	case q.Target.ID != 0:
		b.Add(" AND t.id = ?", q.Target.ID)
	case q.Target.Name != "":
		b.Add(" AND t.name = ?", q.Target.Name)
	}
	if q.BuildTag != 0 {
		b.Add(" AND c.build_tag = ?", q.BuildTag)
	}
	if q.DestTag != 0 {
		b.Add(" AND c.dest_tag = ?", q.DestTag)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (t Target, err error) {
		return t, s.Scan(&t.ID, &t.Name, &t.BuildTag, &t.BuildTagName, &t.DestTag, &t.DestTagName)
	}, b.Add(" ORDER BY t.name"))
	return got, kura.E("tag.ListTargets", err)
}

// GetTarget gives a target as it is, or was at an event.
func GetTarget(ctx context.Context, tx *db.Tx, ref Ref, at int64) (Target, error) {
	var got []Target
	var err error
	if ref != (Ref{}) {
		got, err = ListTargets(ctx, tx, TargetQuery{Target: ref, At: at})
	}
	if err == nil && len(got) == 0 {
		err = kura.Errorf("tag.GetTarget", kura.NotFound, "No such build target: %s", ref)
	}
	if err != nil {
		return Target{}, err
	}
	return got[0], nil
}

// targetTags finds the two tags of a target to be.
func targetTags(ctx context.Context, tx *db.Tx, build, dest Ref) (b, d Tag, err error) {
	const op = "tag.Target"
	b, err = Get(ctx, tx, build, 0)
	if kura.Is(err, kura.NotFound) {
		return b, d, kura.Errorf(op, kura.NotFound, "build tag '%s' does not exist", build)
	}
	if err != nil {
		return b, d, err
	}
	d, err = Get(ctx, tx, dest, 0)
	if kura.Is(err, kura.NotFound) {
		return b, d, kura.Errorf(op, kura.NotFound, "destination tag '%s' does not exist", dest)
	}
	return b, d, err
}

// CreateTarget makes a target.
func CreateTarget(ctx context.Context, tx *db.Tx, by account.Actor, name string, build, dest Ref) (Target, error) {
	const op = "tag.CreateTarget"
	if err := account.CheckName(name); err != nil {
		return Target{}, err
	}
	if _, err := GetTarget(ctx, tx, ByName(name), 0); err == nil {
		return Target{}, kura.Errorf(op, kura.Exists, "A build target with the name '%s' already exists", name)
	} else if !kura.Is(err, kura.NotFound) {
		return Target{}, err
	}
	b, d, err := targetTags(ctx, tx, build, dest)
	if err != nil {
		return Target{}, err
	}
	n, err := aTarget.ensure(ctx, tx, name)
	if err != nil {
		return Target{}, err
	}
	t := Target{ID: n.ID, Name: n.Name, BuildTag: b.ID, BuildTagName: b.Name, DestTag: d.ID, DestTagName: d.Name}
	return t, putTarget(ctx, tx, by, t)
}

// EditTarget changes a target's tags, and its name unless it is empty.
func EditTarget(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref, name string, build, dest Ref) error {
	old, err := GetTarget(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	b, d, err := targetTags(ctx, tx, build, dest)
	if err != nil {
		return err
	}
	if name != "" && name != old.Name {
		if err := aTarget.rename(ctx, tx, old.ID, name); err != nil {
			return err
		}
		old.Name = name
	}
	if err := dropTarget(ctx, tx, by, old.ID); err != nil {
		return err
	}
	return putTarget(ctx, tx, by, Target{ID: old.ID, Name: old.Name, BuildTag: b.ID, DestTag: d.ID})
}

// DeleteTarget ends a target.
func DeleteTarget(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref) error {
	t, err := GetTarget(ctx, tx, ref, 0)
	if err != nil {
		return err
	}
	if err := dropTarget(ctx, tx, by, t.ID); err != nil {
		return err
	}
	return event.Emit(ctx, tx, "target.change", map[string]any{"id": t.ID, "target": t.Name, "what": "delete"})
}

func dropTarget(ctx context.Context, tx *db.Tx, by account.Actor, id int64) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE build_target_config SET revoke_event = $1, revoker_id = $2 WHERE build_target_id = $3 AND revoke_event IS NULL", ev, by.ID, id)
	return kura.E("tag.Target", err)
}

func putTarget(ctx context.Context, tx *db.Tx, by account.Actor, t Target) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO build_target_config (build_target_id, build_tag, dest_tag, create_event, creator_id) VALUES ($1, $2, $3, $4, $5)",
		t.ID, t.BuildTag, t.DestTag, ev, by.ID); err != nil {
		return kura.E("tag.Target", err)
	}
	return event.Emit(ctx, tx, "target.change", map[string]any{"id": t.ID, "target": t.Name, "what": "set"})
}
