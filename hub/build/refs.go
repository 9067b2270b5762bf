package build

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// References is what speaks of a build, for which it cannot be deleted.
type References struct {
	Tags     []TagRef
	RPMs     []*RPM     // of complete builds, made in roots in which this build's stood
	Archives []*Archive // the same of its archives
	Parts    []int64    // archives of complete builds that hold its rpms or archives
	LastUsed int64      // when a root last held one of its rpms; 0 never
}

// ReferencesTo gives what speaks of a build; of its rpms at most limit (0: all).
func ReferencesTo(ctx context.Context, tx *db.Tx, id, limit int64) (*References, error) {
	const op = "build.ReferencesTo"
	var r References
	var err error
	if r.Tags, err = TagsOf(ctx, tx, id, 0); err != nil {
		return nil, kura.E(op, err)
	}
	if limit == 0 {
		limit = -1
	}
	var q db.Builder
	q.Add("SELECT "+rpmColumns+" FROM rpminfo"+rpmJoins+` JOIN build ON build.id = rpminfo.build_id
		WHERE build.state = 1 AND rpminfo.buildroot_id IN (SELECT buildroot.id FROM rpminfo used
			JOIN root_set_rpm ON root_set_rpm.rpm_id = used.id JOIN buildroot ON buildroot.set_id = root_set_rpm.set_id
			WHERE used.build_id = ?) ORDER BY rpminfo.id`, id).Page(limit, 0)
	if r.RPMs, err = db.Find(ctx, tx, scanRPM, &q); err != nil {
		return nil, kura.E(op, err)
	}
	if r.Archives, r.Parts, err = archiveRefs(ctx, tx, id, limit); err != nil {
		return nil, kura.E(op, err)
	}
	err = tx.Row(ctx, `SELECT COALESCE(max(buildroot.create_time), 0) FROM rpminfo used
		JOIN root_set_rpm ON root_set_rpm.rpm_id = used.id JOIN buildroot ON buildroot.set_id = root_set_rpm.set_id
		WHERE used.build_id = $1`, id).Scan(&r.LastUsed)
	return &r, kura.E(op, err)
}

// archiveRefs gives the archives that were made where this build's were, and
// those that hold something of it.
func archiveRefs(ctx context.Context, tx *db.Tx, id, limit int64) (made []*Archive, parts []int64, err error) {
	var q db.Builder
	q.Add(archiveColumns+archiveTables+` JOIN build ON build.id = a.build_id WHERE build.state = 1 AND a.buildroot_id IN
		(SELECT held.buildroot_id FROM buildroot_archives held JOIN archiveinfo used ON used.id = held.archive_id WHERE used.build_id = ?) ORDER BY a.id`, id).Page(limit, 0)
	if made, err = db.Find(ctx, tx, scanArchive, &q); err != nil {
		return nil, nil, err
	}
	var p db.Builder
	p.Add(`SELECT a.id FROM archiveinfo a JOIN build ON build.id = a.build_id WHERE build.state = 1 AND a.id IN (
		SELECT c.archive_id FROM archive_rpm_components c JOIN rpminfo ON rpminfo.id = c.rpm_id WHERE rpminfo.build_id = ?
		UNION SELECT c.archive_id FROM archive_components c JOIN archiveinfo used ON used.id = c.component_id WHERE used.build_id = ?) ORDER BY a.id`, id, id).Page(limit, 0)
	parts, err = db.Find(ctx, tx, db.Column[int64], &p)
	return made, parts, err
}

func (r *References) archives() string {
	names := make([]string, len(r.Archives))
	for i, a := range r.Archives {
		names[i] = a.Filename
	}
	return strings.Join(names, ", ")
}

func (r *References) tags() string {
	names := make([]string, len(r.Tags))
	for i, t := range r.Tags {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

func (r *References) rpms() string {
	names := make([]string, len(r.RPMs))
	for i, p := range r.RPMs {
		names[i] = p.NVRA()
	}
	return strings.Join(names, ", ")
}

// RootOf is a root that made rpms of a build, and the tag that its repository
// was of, as it was at an event.
type RootOf struct {
	ID      int64 // 0: rpms that no root here made
	TagID   int64 // 0: no repository of a tag
	TagName string
	Event   int64
}

// Roots gives the roots that made a build's rpms.
func Roots(ctx context.Context, tx *db.Tx, id int64) ([]RootOf, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (r RootOf, err error) {
		return r, s.Scan(&r.ID, &r.TagID, &r.TagName, &r.Event)
	}, `SELECT DISTINCT COALESCE(r.buildroot_id, 0), COALESCE(tag.id, 0), COALESCE(tag.name, ''), COALESCE(repo.create_event, 0)
		FROM rpminfo r LEFT JOIN buildroot b ON b.id = r.buildroot_id LEFT JOIN repo ON repo.id = b.repo_id
		LEFT JOIN tag ON tag.id = repo.tag_id WHERE r.build_id = $1 ORDER BY 1`, id)
	return got, kura.E("build.Roots", err)
}
