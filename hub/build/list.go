package build

import (
	"context"
	"iter"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Filter narrows List; zero fields do not. Times are in microseconds.
type Filter struct {
	PackageID, UserID, TaskID       int64
	BeforeID                        int64 // with smaller numbers
	VolumeID                        *int64
	HasTask                         bool // made by some task
	State                           *State
	CreatedBefore, CreatedAfter     int64
	CompletedBefore, CompletedAfter int64
	Prefix                          string // of the package's name
	Pattern                         string // a glob on name-version-release
	Source                          string // a glob
	Draft                           *bool
	PromoterID                      int64
	PromotedBefore, PromotedAfter   int64
	CGID                            int64
	Type                            string
	Group, Artifact, MavenVersion   *string // as Maven calls it
	Platform                        *string // of builds for Windows
	Untagged                        bool    // in no tag
	Package                         string  // the package's name
	Order                           []By
	Newest                          bool
	Limit, Offset                   int64
}

// By orders builds by a field, under the name that Koji gives it.
type By struct {
	Field string
	Down  bool
}

// List gives builds of the distribution, oldest first unless told otherwise.
func List(ctx context.Context, tx *db.Tx, f Filter) ([]*Build, error) {
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	got, err := db.Find(ctx, tx, scanBuild, q)
	return got, kura.E("build.List", err)
}

// Stream is List while it is read: the transaction can do nothing else then.
func Stream(ctx context.Context, tx *db.Tx, f Filter) (iter.Seq2[*Build, error], error) {
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	return db.Stream(ctx, tx, scanBuild, q), nil
}

func (f *Filter) query() (*db.Builder, error) {
	var q db.Builder
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	q.Add("SELECT " + columns + " FROM build" + joins)
	if limit < 0 || !f.sorted() {
		f.where(&q)
		err := f.order(&q)
		return q.Page(limit, f.Offset), err
	}
	// What decides is found by itself, and the rest of those that are wanted.
	f.joined(q.Add(" WHERE build.id IN (SELECT build.id FROM build"))
	f.where(&q)
	err := f.order(&q)
	if err == nil {
		err = f.order(q.Page(limit, f.Offset).Add(")"))
	}
	return &q, err
}

// sorted reports whether builds are wanted in an order in which many may have to be
// passed over: that of an index that holds all there is to decide.
func (f *Filter) sorted() bool {
	return slices.ContainsFunc(f.Order, func(by By) bool { return by.Field == "nvr" })
}

func (f *Filter) order(q *db.Builder) error {
	q.Add(" ORDER BY")
	for _, by := range f.Order {
		if err := by.add(q); err != nil {
			return err
		}
	}
	if f.Newest {
		q.Add(" build.id DESC")
	} else {
		q.Add(" build.id")
	}
	return nil
}

// joined joins what conditions and orders name. Every build has all that List
// joins: the rest may be left out.
func (f *Filter) joined(q *db.Builder) {
	by := map[string]bool{}
	for _, o := range f.Order {
		by[o.Field] = true
	}
	if f.Package != "" || f.Prefix != "" || f.Pattern != "" || by["name"] || by["package_name"] {
		q.Add(" JOIN package ON package.id = build.pkg_id")
	}
	if by["creation_time"] || by["creation_ts"] {
		q.Add(" JOIN event ON event.id = build.create_event")
	}
	if by["owner_name"] {
		q.Add(" JOIN users ON users.id = build.owner")
	}
	if by["volume_name"] {
		q.Add(" JOIN volume ON volume.id = build.volume_id")
	}
}

// add appends one field to the order. Nothing comes last, or first in an order
// that goes down, on both databases.
func (by By) add(q *db.Builder) error {
	nulls := false
	switch by.Field {
	case "id", "build_id":
		q.Add(" build.id")
	case "name", "package_name":
		q.Add(" package.name")
	case "package_id":
		q.Add(" build.pkg_id")
	case "version":
		q.Add(" build.version")
	case "release":
		q.Add(" build.release")
	case "nvr":
		q.Add(" build.nvr")
	case "state":
		q.Add(" build.state")
	case "owner_id":
		q.Add(" build.owner")
	case "owner_name":
		q.Add(" users.name")
	case "volume_id":
		q.Add(" build.volume_id")
	case "volume_name":
		q.Add(" volume.name")
	case "creation_event_id":
		q.Add(" build.create_event")
	case "creation_time", "creation_ts":
		q.Add(" event.time")
	case "start_time", "start_ts":
		q.Add(" build.start_time")
		nulls = true
	case "completion_time", "completion_ts":
		q.Add(" build.completion_time")
		nulls = true
	case "task_id":
		q.Add(" build.task_id")
		nulls = true
	case "epoch":
		q.Add(" build.epoch")
		nulls = true
	case "source":
		q.Add(" build.source")
		nulls = true
	default:
		return kura.Errorf("build.List", kura.Invalid, "Invalid order: %s", by.Field)
	}
	switch {
	case by.Down && nulls:
		q.Add(" DESC NULLS FIRST,")
	case by.Down:
		q.Add(" DESC,")
	case nulls:
		q.Add(" NULLS LAST,")
	default:
		q.Add(",")
	}
	return nil
}

// Count says how many builds List would give without a limit.
func Count(ctx context.Context, tx *db.Tx, f Filter) (int64, error) {
	var q db.Builder
	f.Order = nil
	f.joined(q.Add("SELECT count(*) FROM build"))
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
	if f.HasTask {
		q.Add(" AND build.task_id IS NOT NULL")
	}
	if f.Untagged {
		q.Add(" AND NOT EXISTS (SELECT 1 FROM tag_listing l WHERE l.build_id = build.id AND l.revoke_event IS NULL)")
	}
	if f.Package != "" {
		q.Add(" AND package.name = ?", f.Package)
	}
	if f.BeforeID != 0 {
		q.Add(" AND build.id < ?", f.BeforeID)
	}
	if f.VolumeID != nil {
		q.Add(" AND build.volume_id = ?", *f.VolumeID)
	}
	if f.State != nil {
		q.Add(" AND build.state = ?", int(*f.State))
	}
	if f.CreatedBefore != 0 || f.CreatedAfter != 0 {
		q.Add(" AND build.create_event IN (SELECT id FROM event WHERE 1 = 1")
		if f.CreatedBefore != 0 {
			q.Add(" AND time < ?", f.CreatedBefore)
		}
		if f.CreatedAfter != 0 {
			q.Add(" AND time > ?", f.CreatedAfter)
		}
		q.Add(")")
	}
	if f.CompletedBefore != 0 {
		q.Add(" AND build.completion_time < ?", f.CompletedBefore)
	}
	if f.CompletedAfter != 0 {
		q.Add(" AND build.completion_time > ?", f.CompletedAfter)
	}
	if f.Prefix != "" {
		q.Add(` AND lower(package.name) LIKE lower(?) ESCAPE '\'`, escapeLike(f.Prefix)+"%")
	}
	if f.Pattern != "" {
		buildsNamed(q, f.Pattern)
		q.Add(` AND lower(package.name || '-' || build.version || '-' || build.release) LIKE lower(?) ESCAPE '\'`, globToLike(f.Pattern))
	}
	if f.Source != "" {
		q.Add(` AND lower(build.source) LIKE lower(?) ESCAPE '\'`, globToLike(f.Source))
	}
	if f.Draft != nil {
		q.Add(" AND build.draft = ?", *f.Draft)
	}
	if f.PromoterID != 0 {
		q.Add(" AND build.promoter = ?", f.PromoterID)
	}
	if f.PromotedBefore != 0 {
		q.Add(" AND build.promotion_time < ?", f.PromotedBefore)
	}
	if f.PromotedAfter != 0 {
		q.Add(" AND build.promotion_time > ?", f.PromotedAfter)
	}
	if f.CGID != 0 {
		q.Add(" AND build.cg_id = ?", f.CGID)
	}
	if f.Type != "" {
		q.Add(" AND EXISTS (SELECT 1 FROM build_types JOIN btype ON btype.id = btype_id WHERE build_id = build.id AND btype.name = ?)", f.Type)
	}
	if f.Group != nil {
		q.Add(" AND build.id IN (SELECT build_id FROM maven_builds WHERE group_id = ?)", *f.Group)
	}
	if f.Artifact != nil {
		q.Add(" AND build.id IN (SELECT build_id FROM maven_builds WHERE artifact_id = ?)", *f.Artifact)
	}
	if f.MavenVersion != nil {
		q.Add(" AND build.id IN (SELECT build_id FROM maven_builds WHERE version = ?)", *f.MavenVersion)
	}
	if f.Platform != nil {
		q.Add(" AND build.id IN (SELECT build_id FROM win_builds WHERE platform = ?)", *f.Platform)
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
