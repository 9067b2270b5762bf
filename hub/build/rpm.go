package build

import (
	"context"
	"iter"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
)

// RPM is one package file, of a build or of an external repository.
type RPM struct {
	ID               int64
	BuildID          *int64
	BuildrootID      *int64
	ExternalRepoID   int64
	ExternalRepoName string
	Name             string
	Version          string
	Release          string
	Epoch            *int64
	Arch             string
	PayloadHash      string
	Size             int64
	BuildTime        int64
	MetadataOnly     bool
	Extra            *string
	Draft            bool
	Sum              string // sha256 of the file; empty for external ones
}

// NVR is name-version-release.
func (r *RPM) NVR() string { return r.Name + "-" + r.Version + "-" + r.Release }

// NVRA is name-version-release.arch.
func (r *RPM) NVRA() string { return r.NVR() + "." + r.Arch }

// File is the rpm's file name.
func (r *RPM) File() string { return r.NVRA() + ".rpm" }

// Path is where the rpm stands below its build's directory.
func (r *RPM) Path() string { return r.Arch + "/" + r.File() }

// SignedPath is where its copy signed with a key stands, below the build's
// directory.
func (r *RPM) SignedPath(key string) string { return "data/signed/" + key + "/" + r.Path() }

// SigPath is where the signature header of a key is kept, likewise.
func (r *RPM) SigPath(key string) string { return "data/sigcache/" + key + "/" + r.Path() + ".sig" }

const rpmColumns = `rpminfo.id, rpminfo.build_id, rpminfo.buildroot_id, rpminfo.external_repo_id,
	COALESCE(external_repo.name, 'INTERNAL'), rpminfo.name, rpminfo.version, rpminfo.release, rpminfo.epoch, rpminfo.arch,
	rpminfo.payloadhash, rpminfo.size, rpminfo.buildtime, rpminfo.metadata_only, rpminfo.extra, rpminfo.draft, rpminfo.sum`

const rpmJoins = " LEFT JOIN external_repo ON external_repo.id = rpminfo.external_repo_id"

func scanRPM(s db.Scanner) (*RPM, error) {
	r := &RPM{}
	var sum *string
	err := s.Scan(&r.ID, &r.BuildID, &r.BuildrootID, &r.ExternalRepoID, &r.ExternalRepoName, &r.Name, &r.Version, &r.Release,
		&r.Epoch, &r.Arch, &r.PayloadHash, &r.Size, &r.BuildTime, &r.MetadataOnly, &r.Extra, &r.Draft, &sum)
	if sum != nil {
		r.Sum = *sum
	}
	return r, err
}

// GetRPM gives an rpm by its id.
func GetRPM(ctx context.Context, tx *db.Tx, id int64) (*RPM, error) {
	got, err := db.All(ctx, tx, scanRPM, "SELECT "+rpmColumns+" FROM rpminfo"+rpmJoins+" WHERE rpminfo.id = $1", id)
	return one("build.GetRPM", got, err, "No such rpm: %d", id)
}

// RPMByNVRA gives an rpm of the distribution by its name-version-release.arch.
func RPMByNVRA(ctx context.Context, tx *db.Tx, n rpm.NVRA) (*RPM, error) {
	got, err := db.All(ctx, tx, scanRPM, "SELECT "+rpmColumns+" FROM rpminfo"+rpmJoins+` WHERE rpminfo.namespace = 0
		AND rpminfo.external_repo_id = 0 AND rpminfo.name = $1 AND rpminfo.version = $2 AND rpminfo.release = $3 AND rpminfo.arch = $4`,
		n.Name, n.Version, n.Release, n.Arch)
	return one("build.RPMByNVRA", got, err, "No such rpm: %s", n.String())
}

func one[T any](op string, got []*T, err error, format string, args ...any) (*T, error) {
	if err != nil {
		return nil, kura.E(op, err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf(op, kura.NotFound, format, args...)
	}
	return got[0], nil
}

// RPMFilter narrows ListRPMs; zero fields do not.
type RPMFilter struct {
	BuildID       int64
	BuildrootID   int64 // built in this root
	HostID        int64 // built on this host
	ComponentOf   int64 // stood in this root
	Image         int64 // is in this archive
	Arches        []string
	IDs           []int64
	Draft         *bool
	Limit, Offset int64
}

// ListRPMs gives rpms by their build, the root they were built in, or the root
// that they were part of, by name.
func ListRPMs(ctx context.Context, tx *db.Tx, f RPMFilter) ([]*RPM, error) {
	got, err := db.Find(ctx, tx, scanRPM, f.query())
	return got, kura.E("build.ListRPMs", err)
}

// StreamRPMs is ListRPMs while it is read: the transaction can do nothing else
// then.
func StreamRPMs(ctx context.Context, tx *db.Tx, f RPMFilter) iter.Seq2[*RPM, error] {
	return db.Stream(ctx, tx, scanRPM, f.query())
}

func (f *RPMFilter) query() *db.Builder {
	var q db.Builder
	q.Add("SELECT " + rpmColumns + " FROM rpminfo" + rpmJoins)
	if f.ComponentOf != 0 {
		q.Add(" JOIN root_set_rpm ON root_set_rpm.rpm_id = rpminfo.id JOIN buildroot ON buildroot.set_id = root_set_rpm.set_id")
	}
	if f.Image != 0 {
		q.Add(" JOIN archive_rpm_components held ON held.rpm_id = rpminfo.id")
	}
	if f.BuildID == 0 && f.BuildrootID == 0 && f.ComponentOf == 0 && f.Image == 0 && f.IDs == nil {
		q.Add(" WHERE rpminfo.namespace = 0") // all: those of the distribution
	} else {
		q.Add(" WHERE 1 = 1")
	}
	if f.ComponentOf != 0 {
		q.Add(" AND buildroot.id = ?", f.ComponentOf)
	}
	if f.Image != 0 {
		q.Add(" AND held.archive_id = ?", f.Image)
	}
	if f.BuildID != 0 {
		q.Add(" AND rpminfo.build_id = ?", f.BuildID)
	}
	if f.BuildrootID != 0 {
		q.Add(" AND rpminfo.buildroot_id = ?", f.BuildrootID)
	}
	if f.HostID != 0 {
		q.Add(" AND rpminfo.buildroot_id IN (SELECT id FROM buildroot WHERE host_id = ?)", f.HostID)
	}
	if f.Arches != nil {
		q.Add(" AND")
		db.In(&q, "rpminfo.arch", f.Arches)
	}
	if f.IDs != nil {
		q.Add(" AND")
		db.In(&q, "rpminfo.id", f.IDs)
	}
	if f.Draft != nil {
		q.Add(" AND rpminfo.draft = ?", *f.Draft)
	}
	q.Add(" ORDER BY rpminfo.name, rpminfo.version, rpminfo.release, rpminfo.arch, rpminfo.id")
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	return q.Page(limit, f.Offset)
}

// FindRPMs gives all rpms of a name-version-release.arch: the distribution's
// first, drafts after others, then those of external repositories, the newest
// first. A location
// narrows it to the external repository of that name.
func FindRPMs(ctx context.Context, tx *db.Tx, n rpm.NVRA) ([]*RPM, error) {
	var q db.Builder
	q.Add("SELECT "+rpmColumns+" FROM rpminfo"+rpmJoins+` WHERE rpminfo.namespace = 0
		AND rpminfo.name = ? AND rpminfo.version = ? AND rpminfo.release = ? AND rpminfo.arch = ?`, n.Name, n.Version, n.Release, n.Arch)
	if n.Location != "" {
		q.Add(" AND external_repo.name = ?", n.Location)
	}
	got, err := db.Find(ctx, tx, scanRPM, q.Add(" ORDER BY CASE WHEN rpminfo.external_repo_id <> 0 THEN 2 WHEN rpminfo.draft THEN 1 ELSE 0 END, rpminfo.id DESC"))
	return got, kura.E("build.FindRPMs", err)
}
