package tag

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Value reads a stored JSON value as nil, bool, int64, float64, string, []any
// or map[string]any.
func Value(text string) (any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// maxExtra is the most bytes that one extra value may have.
const maxExtra = 1 << 20

func encodeExtra(key string, v any) (string, error) {
	if key == "" || len(key) > 256 {
		return "", kura.Errorf("tag.Extra", kura.Invalid, "an extra key has between 1 and 256 bytes")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", kura.Errorf("tag.Extra", kura.Invalid, "extra value %s cannot be stored: %w", key, err)
	}
	if len(text) > maxExtra {
		return "", kura.Errorf("tag.Extra", kura.TooLarge, "extra value %s has %d bytes, more than %d", key, len(text), maxExtra)
	}
	return string(text), nil
}

type extraRow struct {
	key   string
	value *string
}

// readExtra fills in a tag's extra values at its event.
func readExtra(ctx context.Context, tx *db.Tx, t *Tag) error {
	var b db.Builder
	b.Add("SELECT x.key, x.value FROM tag_extra x WHERE x.tag_id = ?", t.ID).At("x", t.Event)
	rows, err := db.Find(ctx, tx, func(s db.Scanner) (r extraRow, err error) { return r, s.Scan(&r.key, &r.value) }, b.Add(" ORDER BY x.key"))
	if err != nil {
		return kura.E("tag.Extra", err)
	}
	t.Extra = map[string]any{}
	for _, r := range rows {
		if r.value == nil {
			t.BlockedExtra = append(t.BlockedExtra, r.key)
			continue
		}
		if t.Extra[r.key], err = Value(*r.value); err != nil {
			return kura.E("tag.Extra", fmt.Errorf("extra value %s of tag %s: %w", r.key, t.Name, err))
		}
	}
	return nil
}

// writeExtra changes a tag's extra values: set, block, and remove. It reports
// whether anything changed.
func writeExtra(ctx context.Context, tx *db.Tx, by, ev int64, t Tag, set map[string]any, block, remove []string) (bool, error) {
	const op = "tag.Edit"
	for _, key := range slices.Concat(block, remove) {
		if _, both := set[key]; both {
			return false, kura.Errorf(op, kura.Invalid, "Can not both add/update and remove tag-extra: '%s'", key)
		}
	}
	changed := false
	for _, key := range slices.Sorted(maps.Keys(set)) {
		text, err := encodeExtra(key, set[key])
		if err != nil {
			return false, err
		}
		if old, ok := t.Extra[key]; ok {
			if was, err := json.Marshal(old); err == nil && string(was) == text {
				continue
			}
		}
		if err := putExtra(ctx, tx, by, ev, t.ID, key, &text); err != nil {
			return false, err
		}
		changed = true
	}
	for _, key := range block {
		if slices.Contains(t.BlockedExtra, key) {
			continue
		}
		if _, err := encodeExtra(key, nil); err != nil {
			return false, err
		}
		if err := putExtra(ctx, tx, by, ev, t.ID, key, nil); err != nil {
			return false, err
		}
		changed = true
	}
	for _, key := range remove {
		_, has := t.Extra[key]
		if !has && !slices.Contains(t.BlockedExtra, key) {
			return false, kura.Errorf(op, kura.NotFound, "Tag: %s doesn't have extra: %s", t.Name, key)
		}
		if err := dropExtra(ctx, tx, by, ev, t.ID, key); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

func putExtra(ctx context.Context, tx *db.Tx, by, ev, tag int64, key string, value *string) error {
	if err := dropExtra(ctx, tx, by, ev, tag, key); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO tag_extra (tag_id, key, value, create_event, creator_id) VALUES ($1, $2, $3, $4, $5)", tag, key, value, ev, by)
	return kura.E("tag.Extra", err)
}

func dropExtra(ctx context.Context, tx *db.Tx, by, ev, tag int64, key string) error {
	_, err := tx.Exec(ctx, "UPDATE tag_extra SET revoke_event = $1, revoker_id = $2 WHERE tag_id = $3 AND key = $4 AND revoke_event IS NULL", ev, by, tag, key)
	return kura.E("tag.Extra", err)
}
