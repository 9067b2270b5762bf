package build

import (
	"context"
	"iter"
	"strings"

	"github.com/kura-build/kura/db"
)

// Names gives the name-version-release of builds of the distribution that match
// a glob, in any case, and have higher numbers than after; an empty glob is all.
// They are read as they are needed: the transaction can do nothing else then.
func Names(ctx context.Context, tx *db.Tx, glob string, after int64) iter.Seq2[Named, error] {
	var q db.Builder
	q.Add("SELECT build.id, package.name || '-' || build.version || '-' || build.release FROM build JOIN package ON package.id = build.pkg_id WHERE build.namespace = 0")
	if glob != "" {
		buildsNamed(&q, glob)
		q.Add(` AND lower(package.name || '-' || build.version || '-' || build.release) LIKE lower(?) ESCAPE '\'`, globToLike(glob))
	}
	if after != 0 {
		q.Add(" AND build.id > ?", after)
	}
	return db.Stream(ctx, tx, scanNamed, q.Add(" ORDER BY build.id"))
}

// RPMNames is Names for the file names of rpms.
func RPMNames(ctx context.Context, tx *db.Tx, glob string, after int64) iter.Seq2[Named, error] {
	var q db.Builder
	q.Add("SELECT id, name || '-' || version || '-' || release || '.' || arch || '.rpm' FROM rpminfo WHERE namespace = 0")
	if glob != "" {
		q.Add(" AND lower(name || '-' || version || '-' || release || '.' || arch || '.rpm')")
		if first, _ := begins(glob); first != "" {
			q.Add(" || ''") // the index of beginnings is smaller than that of all
		}
		q.Add(` LIKE lower(?) ESCAPE '\'`, globToLike(glob))
		rpmsNamed(&q, glob)
	}
	if after != 0 {
		q.Add(" AND id > ?", after)
	}
	return db.Stream(ctx, tx, scanNamed, q.Add(" ORDER BY id"))
}

// buildsNamed narrows what a glob on name-version-release is looked for in to
// packages whose names can begin what it matches: they are few, and have an
// index. One that begins with anything is looked for by its longest word, which
// is in the package's name, or in version and release.
func buildsNamed(q *db.Builder, glob string) {
	first, names := begins(glob)
	if w := word(glob); first == "" && w != "" {
		w = "%" + escapeLike(w) + "%"
		q.Add(` AND build.id IN (SELECT b.id FROM build b JOIN package p ON p.id = b.pkg_id WHERE lower(p.name) LIKE lower(?) ESCAPE '\'
			UNION SELECT b.id FROM build b WHERE lower(b.version || '-' || b.release) LIKE lower(?) ESCAPE '\')`, w, w)
	}
	if first == "" {
		return
	}
	q.Add(` AND (lower(package.name) LIKE lower(?) ESCAPE '\'`, escapeLike(first)+"%")
	for _, n := range names {
		q.Add(" OR lower(package.name) = lower(?)", n)
	}
	q.Add(")")
}

// rpmsNamed is buildsNamed for file names of rpms.
func rpmsNamed(q *db.Builder, glob string) {
	first, names := begins(glob)
	if first == "" {
		return
	}
	q.Add(` AND (lower(name) LIKE lower(?) ESCAPE '\'`, escapeLike(first)+"%")
	for _, n := range names {
		q.Add(" OR lower(name) = lower(?)", n)
	}
	q.Add(")")
}

// word gives the longest run of a glob that has neither dashes nor what stands for
// something else; it is empty if that is too short to look for.
func word(glob string) (longest string) {
	for _, w := range strings.FieldsFunc(glob, func(c rune) bool { return c == '*' || c == '?' || c == '-' }) {
		if len(w) > len(longest) {
			longest = w
		}
	}
	if len(longest) < 3 {
		return ""
	}
	return longest
}

// begins gives what all that a glob matches begins with, and the names that end
// within that: a name is followed by a dash.
func begins(glob string) (first string, names []string) {
	first = glob
	if i := strings.IndexAny(glob, "*?"); i >= 0 {
		first = glob[:i]
	}
	for i, c := range first {
		if c == '-' {
			names = append(names, first[:i])
		}
	}
	return first, names
}
