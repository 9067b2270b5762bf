package build

import (
	"context"
	"iter"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// RPMs gives the rpms of builds, in the order of the builds. Signed limits
// nothing; it is asked separately (SigsOf).
func RPMs(ctx context.Context, tx *db.Tx, builds []*Tagged, arches []string) ([]*RPM, error) {
	ids := make([]int64, len(builds))
	for i, b := range builds {
		ids[i] = b.ID
	}
	var out []*RPM
	for part := range slices.Chunk(ids, 500) {
		got, err := rpmPart(ctx, tx, part, arches, func(q *db.Builder) { q.Add("SELECT " + rpmColumns + " FROM rpminfo" + rpmJoins) }, scanRPM)
		if err != nil {
			return nil, kura.E("build.RPMs", err)
		}
		out = append(out, got...)
	}
	return out, nil
}

// RPMParts is RPMs in parts, each of some hundred builds, so that a long list
// need not be held, and without the sums of their files. Between two parts the
// transaction may be used.
func (l *TaggedList) RPMParts(ctx context.Context, tx *db.Tx, arches []string) iter.Seq2[[]*RPM, error] {
	return func(yield func([]*RPM, error) bool) {
		for from := 0; from < l.Len(); from += 500 {
			got, err := l.RPMs(ctx, tx, from, min(from+500, l.Len()), arches)
			if !yield(got, err) || err != nil {
				return
			}
		}
	}
}

// RPMs gives the rpms of builds from one place up to another, some hundred, in their
// order.
func (l *TaggedList) RPMs(ctx context.Context, tx *db.Tx, from, to int, arches []string) ([]*RPM, error) {
	ids := make([]int64, 0, to-from)
	for i := from; i < to; i++ {
		id, _, _ := l.Place(i)
		ids = append(ids, id)
	}
	got, err := rpmPart(ctx, tx, ids, arches, func(q *db.Builder) { q.Add("SELECT " + briefRPM + " FROM rpminfo") }, scanBriefRPM)
	return got, kura.E("build.RPMs", err)
}

// briefRPM is what is read of an rpm that is known to be of a build: it comes from no
// external repository.
const briefRPM = `rpminfo.id, rpminfo.build_id, rpminfo.buildroot_id, rpminfo.name, rpminfo.version, rpminfo.release, rpminfo.epoch,
	rpminfo.arch, rpminfo.payloadhash, rpminfo.size, rpminfo.buildtime, rpminfo.metadata_only, rpminfo.extra, rpminfo.draft`

func scanBriefRPM(s db.Scanner) (*RPM, error) {
	r := &RPM{ExternalRepoName: "INTERNAL"}
	return r, s.Scan(&r.ID, &r.BuildID, &r.BuildrootID, &r.Name, &r.Version, &r.Release, &r.Epoch,
		&r.Arch, &r.PayloadHash, &r.Size, &r.BuildTime, &r.MetadataOnly, &r.Extra, &r.Draft)
}

func rpmPart(ctx context.Context, tx *db.Tx, ids []int64, arches []string, from func(*db.Builder), scan func(db.Scanner) (*RPM, error)) ([]*RPM, error) {
	var q db.Builder
	from(&q)
	q.Add(" WHERE")
	db.In(&q, "rpminfo.build_id", ids)
	if arches != nil {
		q.Add(" AND")
		db.In(&q, "rpminfo.arch", arches)
	}
	got, err := db.Find(ctx, tx, scan, q.Add(" ORDER BY rpminfo.build_id, rpminfo.id"))
	if err != nil {
		return nil, err
	}
	byBuild := make(map[int64][]*RPM, len(ids))
	for from := 0; from < len(got); {
		id, to := *got[from].BuildID, from+1
		for to < len(got) && *got[to].BuildID == id {
			to++
		}
		byBuild[id] = got[from:to]
		from = to
	}
	out := make([]*RPM, 0, len(got))
	for _, id := range ids {
		out = append(out, byBuild[id]...)
	}
	return out, nil
}
