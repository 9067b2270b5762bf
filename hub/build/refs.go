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
	RPMs     []*RPM // of complete builds, made in roots in which this build's stood
	LastUsed int64  // when a root last held one of its rpms; 0 never
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
	err = tx.Row(ctx, `SELECT COALESCE(max(buildroot.create_time), 0) FROM rpminfo used
		JOIN root_set_rpm ON root_set_rpm.rpm_id = used.id JOIN buildroot ON buildroot.set_id = root_set_rpm.set_id
		WHERE used.build_id = $1`, id).Scan(&r.LastUsed)
	return &r, kura.E(op, err)
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
