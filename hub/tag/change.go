package tag

import (
	"context"
	"math"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Kinds of updates that no versioned row shows.
const (
	VolumeChange = iota
	Import
	Manual
	DraftPromotion
)

// Touch notes a change of what a tag holds that no versioned row shows, so
// that its repositories count as old.
func Touch(ctx context.Context, tx *db.Tx, by account.Actor, tag int64, kind int) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO tag_updates (tag_id, update_type, update_event, updater_id) VALUES ($1, $2, $3, $4)", tag, kind, ev, by.ID); err != nil {
		return kura.E("tag.Touch", err)
	}
	return emitID(ctx, tx, tag, "update")
}

// LastChange gives the newest event, before an event that is not 0, that
// changed anything of the tags: settings, inheritance, packages, groups,
// external repositories (also their addresses), or the builds in them. It does
// not follow inheritance: see WithParents. 0 is none.
//
// Each of its questions is one step into an index, however large the tags are.
func LastChange(ctx context.Context, tx *db.Tx, tags []int64, before int64) (int64, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	var last int64
	for _, t := range tags {
		var e int64
		if err := tx.Row(ctx, lastOfTag, t, before).Scan(&e); err != nil {
			return 0, kura.E("tag.LastChange", err)
		}
		last = max(last, e)
	}
	at := before
	if at == math.MaxInt64 {
		at = 0
	}
	for _, r := range attachedTo(ctx, tx, tags, at) {
		if r.err != nil {
			return 0, r.err
		}
		var e int64
		if err := tx.Row(ctx, lastOfRepo, r.id, before).Scan(&e); err != nil {
			return 0, kura.E("tag.LastChange", err)
		}
		last = max(last, e)
	}
	return last, nil
}

// FirstChange gives the oldest event after an event that changed anything of
// the tags, or 0 for none.
func FirstChange(ctx context.Context, tx *db.Tx, tags []int64, after int64) (int64, error) {
	first := int64(math.MaxInt64)
	for _, t := range tags {
		var e int64
		if err := tx.Row(ctx, firstOfTag, t, after).Scan(&e); err != nil {
			return 0, kura.E("tag.FirstChange", err)
		}
		first = min(first, e)
	}
	for _, r := range attachedTo(ctx, tx, tags, after) {
		if r.err != nil {
			return 0, r.err
		}
		var e int64
		if err := tx.Row(ctx, firstOfRepo, r.id, after).Scan(&e); err != nil {
			return 0, kura.E("tag.FirstChange", err)
		}
		first = min(first, e)
	}
	if first == math.MaxInt64 {
		return 0, nil
	}
	return first, nil
}

// WithParents gives a tag and all that it inherits from at an event, each once.
func WithParents(ctx context.Context, tx *db.Tx, tag, at int64) ([]int64, error) {
	steps, err := Inheritance(ctx, tx, tag, at)
	tags, seen := []int64{tag}, map[int64]bool{tag: true}
	for _, s := range steps {
		if !seen[s.Parent] {
			seen[s.Parent] = true
			tags = append(tags, s.Parent)
		}
	}
	return tags, err
}

// LastChangeOf is LastChange of a tag and, with inherit, what it inherits
// from. A deleted tag last changed when it was deleted.
func LastChangeOf(ctx context.Context, tx *db.Tx, ref Ref, before int64, inherit bool) (int64, error) {
	t, deleted, err := GetLast(ctx, tx, ref)
	if err != nil || deleted != 0 && before == 0 {
		return deleted, err
	}
	tags := []int64{t.ID}
	if inherit {
		if tags, err = WithParents(ctx, tx, t.ID, before); err != nil {
			return 0, err
		}
	}
	last, err := LastChange(ctx, tx, tags, before)
	if deleted != 0 {
		last = min(last, deleted)
	}
	return last, err
}

// FirstChangeOf is FirstChange of a tag and, with inherit, what it inherited
// from at that event. After event 0 it is the tag's creation.
func FirstChangeOf(ctx context.Context, tx *db.Tx, ref Ref, after int64, inherit bool) (int64, error) {
	t, err := Lookup(ctx, tx, ref)
	if err != nil {
		return 0, err
	}
	var made *int64
	if err := tx.Row(ctx, "SELECT min(create_event) FROM tag_config WHERE tag_id = $1", t.ID).Scan(&made); err != nil {
		return 0, kura.E("tag.FirstChange", err)
	}
	if made == nil || after == 0 {
		return limitEvent(made), nil
	}
	tags := []int64{t.ID}
	if inherit {
		if tags, err = WithParents(ctx, tx, t.ID, after); err != nil {
			return 0, err
		}
	}
	first, err := FirstChange(ctx, tx, tags, after)
	if first == 0 {
		return 0, err
	}
	return max(first, *made), err
}

func limitEvent(e *int64) int64 {
	if e == nil {
		return 0
	}
	return *e
}

type attached struct {
	id  int64
	err error
}

// attachedTo lists the external repositories of tags at an event.
func attachedTo(ctx context.Context, tx *db.Tx, tags []int64, at int64) []attached {
	var b db.Builder
	b.Add("SELECT DISTINCT a.external_repo_id FROM tag_external_repos a WHERE")
	db.In(&b, "a.tag_id", tags).At("a", at)
	got, err := db.Find(ctx, tx, db.Column[int64], &b)
	if err != nil {
		return []attached{{err: kura.E("tag.LastChange", err)}}
	}
	var out []attached
	for _, id := range got {
		out = append(out, attached{id: id})
	}
	return out
}
