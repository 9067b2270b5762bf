package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Filter narrows List; zero fields do not. Times are in microseconds.
type Filter struct {
	PackageID, UserID, TaskID, VolumeID int64
	State                               *State
	CreatedBefore, CreatedAfter         int64
	CompletedBefore, CompletedAfter     int64
	Prefix                              string
	Pattern                             string // a glob on name-version-release
	Source                              string
	Draft                               *bool
	Type                                string
	Newest                              bool
	Limit, Offset                       int64
	CountOnly                           bool
}

// List gives builds of the distribution, oldest first unless Newest.
func List(ctx context.Context, tx *db.Tx, f Filter) ([]*Build, error) {
	var q db.Builder
	q.Add("SELECT " + columns + " FROM build" + joins)
	f.where(&q)
	if f.Newest {
		q.Add(" ORDER BY build.id DESC")
	} else {
		q.Add(" ORDER BY build.id")
	}
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	got, err := db.Find(ctx, tx, scanBuild, q.Page(limit, f.Offset))
	return got, kura.E("build.List", err)
}

// Count says how many builds List would give without a limit.
func Count(ctx context.Context, tx *db.Tx, f Filter) (int64, error) {
	var q db.Builder
	q.Add("SELECT count(*) FROM build" + joins)
	f.where(&q)
	got, err := db.Find(ctx, tx, db.Column[int64], &q)
	if err != nil {
		return 0, kura.E("build.Count", err)
	}
	return got[0], nil
}

func (f *Filter) where(q *db.Builder) {
	q.Add(" WHERE build.namespace = 0")
	if f.PackageID != 0 {
		q.Add(" AND build.pkg_id = ?", f.PackageID)
	}
	if f.UserID != 0 {
		q.Add(" AND build.owner = ?", f.UserID)
	}
	if f.TaskID != 0 {
		q.Add(" AND build.task_id = ?", f.TaskID)
	}
	if f.VolumeID != 0 {
		q.Add(" AND build.volume_id = ?", f.VolumeID)
	}
	if f.State != nil {
		q.Add(" AND build.state = ?", int(*f.State))
	}
	if f.CreatedBefore != 0 {
		q.Add(" AND event.time < ?", f.CreatedBefore)
	}
	if f.CreatedAfter != 0 {
		q.Add(" AND event.time > ?", f.CreatedAfter)
	}
	if f.CompletedBefore != 0 {
		q.Add(" AND build.completion_time < ?", f.CompletedBefore)
	}
	if f.CompletedAfter != 0 {
		q.Add(" AND build.completion_time > ?", f.CompletedAfter)
	}
	if f.Prefix != "" {
		q.Add(` AND lower(package.name || '-' || build.version || '-' || build.release) LIKE lower(?) ESCAPE '\'`, escapeLike(f.Prefix)+"%")
	}
	if f.Pattern != "" {
		q.Add(` AND lower(package.name || '-' || build.version || '-' || build.release) LIKE lower(?) ESCAPE '\'`, globToLike(f.Pattern))
	}
	if f.Source != "" {
		q.Add(` AND build.source LIKE ? ESCAPE '\'`, globToLike(f.Source))
	}
	if f.Draft != nil {
		q.Add(" AND build.draft = ?", *f.Draft)
	}
	if f.Type != "" {
		q.Add(" AND EXISTS (SELECT 1 FROM build_types JOIN btype ON btype.id = btype_id WHERE build_id = build.id AND btype.name = ?)", f.Type)
	}
}

// escapeLike takes the special meaning from a text's LIKE characters.
func escapeLike(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' || s[i] == '_' || s[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// globToLike turns * and ? into SQL's % and _.
func globToLike(s string) string {
	out := []byte(escapeLike(s))
	for i := range out {
		switch out[i] {
		case '*':
			out[i] = '%'
		case '?':
			out[i] = '_'
		}
	}
	return string(out)
}

// Types gives the types of a build: rpm, image…
func Types(ctx context.Context, tx *db.Tx, id int64) ([]string, error) {
	got, err := db.All(ctx, tx, db.Column[string], "SELECT btype.name FROM build_types JOIN btype ON btype.id = btype_id WHERE build_id = $1 ORDER BY btype.id", id)
	return got, kura.E("build.Types", err)
}

func addType(ctx context.Context, tx *db.Tx, id int64, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO build_types (build_id, btype_id) SELECT $1, id FROM btype WHERE name = $2
		ON CONFLICT (build_id, btype_id) DO NOTHING`, id, name)
	return err
}
