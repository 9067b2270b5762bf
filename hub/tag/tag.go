package tag

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Tag is a tag's settings, without inheritance.
type Tag struct {
	ID              int64
	Name            string
	PermID          *int64 // who tags builds needs it
	Perm            *string
	Arches          *string // separated by spaces; nil: as inherited
	Locked          bool
	MavenSupport    bool
	MavenIncludeAll bool
	Extra           map[string]any // see Value
	BlockedExtra    []string       // inherited keys that it hides
	Event           int64          // it was asked for at, 0 now
}

func scanTag(s db.Scanner) (t Tag, err error) {
	return t, s.Scan(&t.ID, &t.Name, &t.PermID, &t.Perm, &t.Arches, &t.Locked, &t.MavenSupport, &t.MavenIncludeAll)
}

// Get gives a tag as it is, or was at an event. A deleted tag is not found,
// but at the events of its life.
func Get(ctx context.Context, tx *db.Tx, ref Ref, at int64) (Tag, error) {
	const op = "tag.Get"
	var b db.Builder
	b.Add(`SELECT t.id, t.name, c.perm_id, p.name, c.arches, c.locked, c.maven_support, c.maven_include_all
		FROM tag_config c JOIN tag t ON t.id = c.tag_id LEFT JOIN permissions p ON p.id = c.perm_id WHERE`)
	if ref.ID != 0 {
		b.Add(" t.id = ?", ref.ID)
	} else {
		b.Add(" t.name = ?", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanTag, b.At("c", at))
	if err != nil {
		return Tag{}, kura.E(op, err)
	}
	if len(got) == 0 {
		return Tag{}, kura.Errorf(op, kura.NotFound, "No such tag: %s", ref)
	}
	t := got[0]
	t.Event = at
	return t, readExtra(ctx, tx, &t)
}

// GetLast gives a tag as it is, or, when it was deleted, as it was just before;
// deleted is the event of that, else 0.
func GetLast(ctx context.Context, tx *db.Tx, ref Ref) (t Tag, deleted int64, err error) {
	t, err = Get(ctx, tx, ref, 0)
	if !kura.Is(err, kura.NotFound) {
		return t, 0, err
	}
	name, lookup := Lookup(ctx, tx, ref)
	if lookup != nil {
		return t, 0, err
	}
	found, e := tx.Get(ctx, []any{&deleted}, "SELECT revoke_event FROM tag_config WHERE tag_id = $1 AND revoke_event IS NOT NULL ORDER BY revoke_event DESC LIMIT 1", name.ID)
	if e != nil || !found {
		return t, 0, err
	}
	t, err = Get(ctx, tx, ByID(name.ID), deleted-1)
	return t, deleted, err
}

// Query filters List; the zero Query is all living tags.
type Query struct {
	Pattern string // * and ?, in any case
	Package int64  // that list the package themselves
	Build   int64  // that hold the build
}

// List gives tags without their extra values, by id.
func List(ctx context.Context, tx *db.Tx, q Query) ([]Tag, error) {
	var b db.Builder
	b.Add(`SELECT t.id, t.name, c.perm_id, p.name, c.arches, c.locked, c.maven_support, c.maven_include_all
		FROM tag_config c JOIN tag t ON t.id = c.tag_id LEFT JOIN permissions p ON p.id = c.perm_id WHERE c.revoke_event IS NULL`)
	if q.Pattern != "" {
		b.Add(` AND lower(t.name) LIKE ? ESCAPE '\'`, likePattern(q.Pattern))
	}
	if q.Package != 0 {
		b.Add(" AND t.id IN (SELECT tag_id FROM tag_packages WHERE revoke_event IS NULL AND package_id = ?)", q.Package)
	}
	if q.Build != 0 {
		b.Add(" AND t.id IN (SELECT tag_id FROM tag_listing WHERE revoke_event IS NULL AND build_id = ?)", q.Build)
	}
	got, err := db.Find(ctx, tx, scanTag, b.Add(" ORDER BY t.id"))
	return got, kura.E("tag.List", err)
}

var globEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`)

// likePattern turns a glob into a pattern for LIKE on lower(column).
func likePattern(glob string) string { return globEscaper.Replace(strings.ToLower(glob)) }
