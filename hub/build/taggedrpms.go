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
	var out []*RPM
	for part := range slices.Chunk(builds, 500) {
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
func RPMParts(ctx context.Context, tx *db.Tx, builds []*Tagged, arches []string) iter.Seq2[[]*RPM, error] {
	return func(yield func([]*RPM, error) bool) {
		for part := range slices.Chunk(builds, 500) {
			got, err := rpmPart(ctx, tx, part, arches, func(q *db.Builder) { q.Add("SELECT " + briefRPM + " FROM rpminfo") }, scanBriefRPM)
			if !yield(got, kura.E("build.RPMs", err)) || err != nil {
				return
			}
		}
	}
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

func rpmPart(ctx context.Context, tx *db.Tx, builds []*Tagged, arches []string, from func(*db.Builder), scan func(db.Scanner) (*RPM, error)) ([]*RPM, error) {
	ids := make([]int64, 0, len(builds))
	for _, b := range builds {
		ids = append(ids, b.ID)
	}
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
	byBuild := make(map[int64][]*RPM, len(builds))
	for from := 0; from < len(got); {
		id, to := *got[from].BuildID, from+1
		for to < len(got) && *got[to].BuildID == id {
			to++
		}
		byBuild[id] = got[from:to]
		from = to
	}
	out := make([]*RPM, 0, len(got))
	for _, b := range builds {
		out = append(out, byBuild[b.ID]...)
	}
	return out, nil
}
