package tag

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Package is the name that builds have in common.
type Package = Name

// GetPackage gives a package by id or name.
func GetPackage(ctx context.Context, tx *db.Tx, ref Ref) (Package, error) {
	return aPackage.need(ctx, tx, ref)
}

// EnsurePackage gives a package, making it for a new name.
func EnsurePackage(ctx context.Context, tx *db.Tx, name string) (Package, error) {
	return aPackage.ensure(ctx, tx, name)
}

// ListPackages gives all packages, or those that begin with a prefix in any
// case, by name.
func ListPackages(ctx context.Context, tx *db.Tx, prefix string) ([]Package, error) {
	var b db.Builder
	b.Add("SELECT id, name FROM package")
	if prefix != "" {
		b.Add(` WHERE lower(name) LIKE ? ESCAPE '\'`, likeEscaper.Replace(strings.ToLower(prefix))+"%")
	}
	got, err := db.Find(ctx, tx, scanName, b.Add(" ORDER BY name"))
	return got, kura.E("tag.ListPackages", err)
}

// FindPackages gives the packages whose names a glob matches, in any case, by
// name; an empty glob is all.
func FindPackages(ctx context.Context, tx *db.Tx, glob string) ([]Package, error) {
	var b db.Builder
	b.Add("SELECT id, name FROM package")
	if glob != "" {
		b.Add(` WHERE lower(name) LIKE ? ESCAPE '\'`, likePattern(glob))
	}
	got, err := db.Find(ctx, tx, scanName, b.Add(" ORDER BY name"))
	return got, kura.E("tag.FindPackages", err)
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Listed is an entry of a package list.
type Listed struct {
	PackageID   int64
	PackageName string
	TagID       int64 // the tag whose entry it is, which may be an ancestor
	TagName     string
	Blocked     bool
	ExtraArches *string
	OwnerID     int64 // 0 where owners were not asked for
	OwnerName   string
}

// ListQuery says which entries are asked for; one of Tag, User and Package must
// be given.
type ListQuery struct {
	Tag, User, Package int64
	At                 int64
	Inherit            bool // also from what the tag inherits; the nearest entry counts
	Duplicates         bool // with Inherit: the entries behind the nearest, too
	NoOwners           bool
	SomeBlocked        bool // only of packages that some tag blocks, or has blocked
	NoBlocked          bool // leave out blocked entries (those behind them show then)

	Page *Page // only this part of the list

	named bool // only which packages the entries are of
}

// ListedPackages gives the entries, blocked ones too: the tag's own by name,
// then those of each tag that it inherits from.
func ListedPackages(ctx context.Context, tx *db.Tx, q ListQuery) ([]Listed, error) {
	const op = "tag.ListedPackages"
	if q.Tag == 0 && q.User == 0 && q.Package == 0 {
		return nil, kura.Errorf(op, kura.Invalid, "tag,user, and/or pkg must be specified")
	}
	if q.User != 0 && q.NoOwners {
		return nil, kura.Errorf(op, kura.Invalid, "userID and with_owners=False can't be used together")
	}
	if q.Page != nil && q.Tag != 0 {
		return q.page(ctx, tx)
	}
	out, err := q.own(ctx, tx, q.Tag, nil)
	if err != nil || q.Tag == 0 || !q.Inherit {
		return out, err
	}
	seen := map[int64]bool{}
	for _, l := range out {
		seen[l.PackageID] = true
	}
	steps, err := Inheritance(ctx, tx, q.Tag, q.At)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		filter, err := s.Compile()
		if err != nil {
			return nil, err
		}
		got, err := q.own(ctx, tx, s.Parent, nil)
		if err != nil {
			return nil, err
		}
		for _, l := range got {
			if !q.Duplicates && seen[l.PackageID] || !filter.Admits(l.PackageName) {
				continue
			}
			seen[l.PackageID] = true
			out = append(out, l)
		}
	}
	return out, nil
}

// own gives the entries of one tag, or of all for 0; if packages are given, theirs.
func (q ListQuery) own(ctx context.Context, tx *db.Tx, tag int64, of []int64) ([]Listed, error) {
	var b db.Builder
	switch {
	case q.named:
		b.Add("SELECT p.id, p.name, l.tag_id FROM tag_packages l JOIN package p ON p.id = l.package_id")
		if !q.NoOwners {
			b.Add(" JOIN tag_package_owners o ON o.tag_id = l.tag_id AND o.package_id = l.package_id")
		}
		if b.Add(" WHERE 1 = 1"); !q.NoOwners {
			b.At("o", q.At)
		}
	case q.NoOwners:
		b.Add(`SELECT p.id, p.name, t.id, t.name, l.blocked, l.extra_arches, 0, '' FROM tag_packages l
			JOIN tag t ON t.id = l.tag_id JOIN package p ON p.id = l.package_id WHERE 1 = 1`)
	default:
		// Every entry has a tag. Joined from the left, PostgreSQL does not
		// reckon the share of the entries that it must read by that of the tags.
		b.Add(`SELECT p.id, p.name, t.id, t.name, l.blocked, l.extra_arches, u.id, u.name FROM tag_packages l
			LEFT JOIN tag t ON t.id = l.tag_id JOIN package p ON p.id = l.package_id
			JOIN tag_package_owners o ON o.tag_id = l.tag_id AND o.package_id = l.package_id
			JOIN users u ON u.id = o.owner WHERE 1 = 1`).At("o", q.At)
	}
	b.At("l", q.At)
	if tag != 0 {
		b.Add(" AND l.tag_id = ?", tag)
	}
	if q.User != 0 {
		b.Add(" AND u.id = ?", q.User)
	}
	if q.Package != 0 {
		b.Add(" AND p.id = ?", q.Package)
	}
	if of != nil {
		b.Add(" AND")
		db.In(&b, "p.id", of)
	}
	if q.SomeBlocked {
		b.Add(" AND p.id IN (SELECT package_id FROM tag_packages WHERE blocked)")
	}
	if q.NoBlocked {
		b.Add(" AND NOT l.blocked")
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (l Listed, err error) {
		if q.named {
			return l, s.Scan(&l.PackageID, &l.PackageName, &l.TagID)
		}
		return l, s.Scan(&l.PackageID, &l.PackageName, &l.TagID, &l.TagName, &l.Blocked, &l.ExtraArches, &l.OwnerID, &l.OwnerName)
	}, &b)
	// In the same order on both databases; one that sorts by the rules of a
	// language takes longer than for all the rest.
	slices.SortFunc(got, func(x, y Listed) int {
		return cmp.Or(strings.Compare(x.PackageName, y.PackageName), strings.Compare(x.TagName, y.TagName))
	})
	return got, kura.E("tag.ListedPackages", err)
}

// Shown gives the ids of the packages that a tag lists or inherits and does not
// block: those of which ListedPackages says so, without all that it tells. If
// packages are given, only they are looked at.
func Shown(ctx context.Context, tx *db.Tx, tag, at int64, of []int64) (map[int64]bool, error) {
	const op = "tag.Shown"
	out := map[int64]bool{} // false: blocked
	if err := shownOf(ctx, tx, tag, at, of, nil, out); err != nil {
		return nil, kura.E(op, err)
	}
	steps, err := Inheritance(ctx, tx, tag, at)
	if err != nil {
		return nil, kura.E(op, err)
	}
	for _, s := range steps {
		filter, err := s.Compile()
		if err != nil {
			return nil, kura.E(op, err)
		}
		if err := shownOf(ctx, tx, s.Parent, at, of, filter, out); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return out, nil
}

// shownOf adds what one tag says of packages of which nothing is known yet.
func shownOf(ctx context.Context, tx *db.Tx, tag, at int64, of []int64, filter Filter, out map[int64]bool) error {
	if len(filter) > 0 { // it asks for the names
		got, err := ListQuery{Tag: tag, At: at, NoOwners: true}.own(ctx, tx, tag, of)
		for _, l := range got {
			if _, known := out[l.PackageID]; !known && filter.Admits(l.PackageName) {
				out[l.PackageID] = !l.Blocked
			}
		}
		return err
	}
	type entry struct {
		id      int64
		blocked bool
	}
	var b db.Builder
	b.Add("SELECT package_id, blocked FROM tag_packages l WHERE l.tag_id = ?", tag).At("l", at)
	if of != nil {
		b.Add(" AND")
		db.In(&b, "l.package_id", of)
	}
	got, err := db.Find(ctx, tx, func(s db.Scanner) (e entry, err error) { return e, s.Scan(&e.id, &e.blocked) }, &b)
	for _, e := range got {
		if _, known := out[e.id]; !known {
			out[e.id] = !e.blocked
		}
	}
	return err
}

// PackageIn gives the entry that counts for a package in a tag, with
// inheritance; found is false for none.
func PackageIn(ctx context.Context, tx *db.Tx, tag, pkg, at int64) (l Listed, found bool, err error) {
	got, err := ListedPackages(ctx, tx, ListQuery{Tag: tag, Package: pkg, At: at, Inherit: true})
	if err != nil || len(got) == 0 {
		return l, false, err
	}
	return got[0], true, nil
}

// CheckPackage refuses, with kind Tag, a package that is not in a tag's list or
// is blocked there: its builds cannot be tagged.
func CheckPackage(ctx context.Context, tx *db.Tx, tag, pkg Name) error {
	const op = "tag.CheckPackage"
	got, err := ListedPackages(ctx, tx, ListQuery{Tag: tag.ID, Package: pkg.ID, Inherit: true, NoOwners: true})
	switch {
	case err != nil:
		return err
	case len(got) == 0:
		return kura.Errorf(op, kura.Tag, "Package %s not in list for %s", pkg.Name, tag.Name)
	case got[0].Blocked:
		return kura.Errorf(op, kura.Tag, "Package %s blocked in %s", pkg.Name, tag.Name)
	}
	return nil
}
