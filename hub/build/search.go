package build

import (
	"context"
	"iter"

	"github.com/kura-build/kura/db"
)

// Names gives the name-version-release of builds of the distribution that match
// a glob, in any case, and have higher numbers; an empty glob is all. They are read as they are needed:
// the transaction can do nothing else then.
func Names(ctx context.Context, tx *db.Tx, glob string, after int64) iter.Seq2[Named, error] {
	var q db.Builder
	q.Add("SELECT build.id, package.name || '-' || build.version || '-' || build.release FROM build JOIN package ON package.id = build.pkg_id WHERE build.namespace = 0")
	if glob != "" {
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
		q.Add(` AND lower(name || '-' || version || '-' || release || '.' || arch || '.rpm') LIKE lower(?) ESCAPE '\'`, globToLike(glob))
	}
	if after != 0 {
		q.Add(" AND id > ?", after)
	}
	return db.Stream(ctx, tx, scanNamed, q.Add(" ORDER BY id"))
}
