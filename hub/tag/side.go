package tag

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/policy"
)

// Extra values by which Koji knows a side tag: a tag that anybody may make for
// builds of his own, with a target of the same name.
const (
	sideKey     = "sidetag"
	sideUser    = "sidetag_user"
	sideUserID  = "sidetag_user_id"
	sideDebug   = "with_debuginfo"
	sideMacro   = "rpm.macro."
	mayDebug    = "sidetag_debuginfo_allowed"
	mayMacros   = "sidetag_rpm_macros_allowed"
	sideManager = "sidetag_admin"
)

// SideTags are the rules of side tags here.
type SideTags struct {
	// Suffixes are what callers may have appended to the names of theirs.
	Suffixes []string
	// Allow says whether somebody who has made so many may make another one on
	// top of a tag; nil: anybody may.
	Allow func(ctx context.Context, tx *db.Tx, by account.Actor, base Tag, made int) error
}

// Create makes a side tag on top of another tag, with its target.
func (s *SideTags) Create(ctx context.Context, tx *db.Tx, by account.Actor, base Ref, debuginfo bool, suffix string) (Name, error) {
	const op = "tag.CreateSide"
	if suffix != "" && !slices.Contains(s.Suffixes, suffix) {
		return Name{}, kura.Errorf(op, kura.Invalid, "%s suffix is not allowed for sidetag", suffix)
	}
	b, err := Get(ctx, tx, base, 0)
	if err != nil {
		return Name{}, err
	}
	if s.Allow != nil {
		mine, err := ListSide(ctx, tx, SideQuery{User: by.ID})
		if err != nil {
			return Name{}, err
		}
		if err := s.Allow(ctx, tx, by, b, len(mine)); err != nil {
			return Name{}, err
		}
	}
	// Its number is a part of its name.
	n, err := aTag.ensure(ctx, tx, "side-"+rand.Text())
	if err != nil {
		return Name{}, err
	}
	n.Name = fmt.Sprintf("%s-side-%d", b.Name, n.ID)
	if suffix != "" {
		n.Name += "-" + suffix
	}
	if err := aTag.rename(ctx, tx, n.ID, n.Name); err != nil {
		return Name{}, err
	}
	extra := map[string]any{sideKey: true, sideUser: by.Name, sideUserID: by.ID}
	if debuginfo {
		extra[sideDebug] = true
	}
	parent := ByID(b.ID)
	if _, err := Create(ctx, tx, by, Config{Name: n.Name, Parent: &parent, Arches: b.Arches, Extra: extra}); err != nil {
		return Name{}, err
	}
	_, err = CreateTarget(ctx, tx, by, n.Name, ByID(n.ID), ByID(n.ID))
	return n, err
}

// ownSide gives a side tag that the caller may change.
func ownSide(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref) (Tag, error) {
	const op = "tag.Side"
	t, err := Get(ctx, tx, ref, 0)
	if err != nil {
		return t, err
	}
	if t.Extra[sideKey] != true {
		return t, kura.Errorf(op, kura.Invalid, "Not a sidetag: %s", t.Name)
	}
	if t.Extra[sideUserID] != by.ID && !by.Has(account.Admin) {
		return t, kura.Errorf(op, kura.Denied, "This is not your sidetag")
	}
	return t, nil
}

// RemoveSide deletes a side tag with its target.
func RemoveSide(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref) error {
	const op = "tag.RemoveSide"
	t, err := ownSide(ctx, tx, by, ref)
	if err != nil {
		return err
	}
	target, err := GetTarget(ctx, tx, ByName(t.Name), 0)
	switch {
	case kura.Is(err, kura.NotFound):
		return kura.Errorf(op, kura.Conflict, "Target is missing for sidetag")
	case err != nil:
		return err
	case target.BuildTag != t.ID || target.DestTag != t.ID:
		return kura.Errorf(op, kura.Conflict, "Target does not match sidetag")
	}
	if err := DeleteTarget(ctx, tx, by, ByID(target.ID)); err != nil {
		return err
	}
	return Delete(ctx, tx, by, ByID(t.ID))
}

// SideChange is what may be changed of a side tag, as far as its parent allows.
type SideChange struct {
	Debuginfo    *bool
	Macros       map[string]any
	RemoveMacros []string
	// Extra values of other kinds, for administrators of side tags.
	Extra       map[string]any
	RemoveExtra []string
	OtherExtra  bool // Extra or RemoveExtra were given
}

// EditSide changes a side tag.
func EditSide(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref, c SideChange) error {
	const op = "tag.EditSide"
	t, err := ownSide(ctx, tx, by, ref)
	if err != nil {
		return err
	}
	if c.OtherExtra && !by.Has(sideManager) {
		return kura.Errorf(op, kura.Invalid, "Extra can be modified only with sidetag_admin or admin permissions.")
	}
	links, err := Parents(ctx, tx, t.ID, 0)
	if err != nil {
		return err
	}
	if len(links) == 0 {
		return kura.Errorf(op, kura.Conflict, "sidetag %s has no parent that could allow a change", t.Name)
	}
	parent, err := Get(ctx, tx, ByID(links[0].Parent), 0)
	if err != nil {
		return err
	}
	if c.Debuginfo != nil && !given(parent.Extra[mayDebug]) {
		return kura.Errorf(op, kura.Invalid, "Debuginfo setting is not allowed in parent tag.")
	}
	allowed, err := allowedMacros(parent)
	if err != nil {
		return err
	}
	if (len(c.Macros) > 0 || len(c.RemoveMacros) > 0) && len(allowed) == 0 {
		return kura.Errorf(op, kura.Invalid, "RPM macros change is not allowed in parent tag.")
	}
	change := Change{Extra: map[string]any{}, RemoveExtra: slices.Clone(c.RemoveExtra)}
	maps.Copy(change.Extra, c.Extra)
	if c.Debuginfo != nil {
		change.Extra[sideDebug] = *c.Debuginfo
	}
	may := func(macro string) error {
		if slices.ContainsFunc(allowed, func(glob string) bool { return policy.Match(glob, macro) }) {
			return nil
		}
		return kura.Errorf(op, kura.Invalid, "RPM macro %s editing is not allowed via parent tag", macro)
	}
	for _, macro := range slices.Sorted(maps.Keys(c.Macros)) {
		if !macroName(macro) {
			return kura.Errorf(op, kura.Invalid, "Invalid macro name '%s'", macro)
		}
		if err := may(macro); err != nil {
			return err
		}
		change.Extra[sideMacro+macro] = c.Macros[macro]
	}
	for _, macro := range c.RemoveMacros {
		if err := may(macro); err != nil {
			return err
		}
		change.RemoveExtra = append(change.RemoveExtra, sideMacro+macro)
	}
	return Edit(ctx, tx, by, ByID(t.ID), change)
}

// allowedMacros gives the patterns of macros that a tag lets side tags set.
func allowedMacros(parent Tag) ([]string, error) {
	const op = "tag.EditSide"
	switch v := parent.Extra[mayMacros].(type) {
	case nil:
		return nil, nil
	case string:
		return strings.Fields(v), nil
	case []any:
		var out []string
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, kura.Errorf(op, kura.Conflict, "Allowed rpm macro list %v is invalid for %s.", v, parent.Name)
			}
			out = append(out, s)
		}
		return out, nil
	default:
		return nil, kura.Errorf(op, kura.Conflict, "rpm_macros_allowed in %s has invalid type: %T", parent.Name, v)
	}
}

// given reports whether an extra value says yes.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case string:
		return v != ""
	}
	return true
}

// macroName reports whether RPM takes a name as a macro's.
func macroName(s string) bool {
	return len(s) > 1 && (s[0] == '_' || 'a' <= s[0] && s[0] <= 'z' || 'A' <= s[0] && s[0] <= 'Z')
}

// SideTag is a side tag in a list.
type SideTag struct {
	ID     int64
	Name   string
	UserID string // as the tag says
	User   *string
}

// SideQuery narrows ListSide; zero fields do not.
type SideQuery struct{ Base, User int64 }

// ListSide gives side tags, oldest first.
func ListSide(ctx context.Context, tx *db.Tx, q SideQuery) ([]SideTag, error) {
	var b db.Builder
	b.Add(`SELECT tag.id, tag.name, u.value, users.name FROM tag
		JOIN tag_config c ON c.tag_id = tag.id AND c.revoke_event IS NULL
		JOIN tag_extra s ON s.tag_id = tag.id AND s.revoke_event IS NULL AND s.key = 'sidetag' AND s.value = 'true'
		JOIN tag_extra u ON u.tag_id = tag.id AND u.revoke_event IS NULL AND u.key = 'sidetag_user_id'
		LEFT JOIN users ON CAST(users.id AS TEXT) = u.value WHERE 1 = 1`)
	if q.User != 0 {
		b.Add(" AND u.value = ?", fmt.Sprint(q.User))
	}
	if q.Base != 0 {
		b.Add(" AND tag.id IN (SELECT tag_id FROM tag_inheritance WHERE parent_id = ? AND revoke_event IS NULL)", q.Base)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (t SideTag, err error) {
		return t, s.Scan(&t.ID, &t.Name, &t.UserID, &t.User)
	}, b.Add(" ORDER BY tag.id"))
	return got, kura.E("tag.ListSide", err)
}
