package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// Root states, as Koji's.
const (
	RootInit = iota
	RootWaiting
	RootBuilding
	RootExpired
)

// Buildroot is the record of a root that something was built in.
type Buildroot struct {
	ID          int64
	SetID       *int64
	HostID      *int64
	HostName    string
	RepoID      *int64
	TaskID      *int64
	Arch        string
	State       int
	CreateEvent int64
	CreateTime  int64
	RetireEvent *int64
	RetireTime  *int64
	Emulated    bool
	Details     json.RawMessage

	External *External // of a root elsewhere: it has no host, no task and no times
}

// External is what a content generator says of where it built.
type External struct {
	CGID                            int64
	CGName, CGVersion               string
	ContainerType, HostOS, HostArch string
}

const rootColumns = `buildroot.id, buildroot.set_id, buildroot.host_id, COALESCE(host.name, ''), buildroot.repo_id, buildroot.task_id,
	buildroot.arch, buildroot.state, buildroot.create_event, buildroot.create_time, buildroot.retire_event, buildroot.retire_time,
	buildroot.emulated, buildroot.details, buildroot.cg_id, content_generator.name, buildroot.cg_version, buildroot.container_type,
	buildroot.host_os, buildroot.host_arch`

const rootJoins = " LEFT JOIN host ON host.id = host_id LEFT JOIN content_generator ON content_generator.id = buildroot.cg_id"

func scanRoot(s db.Scanner) (*Buildroot, error) {
	b := &Buildroot{}
	var details, generator, version, container, system, arch *string
	var cg *int64
	err := s.Scan(&b.ID, &b.SetID, &b.HostID, &b.HostName, &b.RepoID, &b.TaskID, &b.Arch, &b.State, &b.CreateEvent, &b.CreateTime,
		&b.RetireEvent, &b.RetireTime, &b.Emulated, &details, &cg, &generator, &version, &container, &system, &arch)
	if err == nil && cg != nil {
		b.External = &External{*cg, *generator, *version, *container, *system, *arch}
	}
	if details != nil {
		b.Details = json.RawMessage(*details)
	}
	return b, err
}

// GetBuildroot gives a root's record.
func GetBuildroot(ctx context.Context, tx *db.Tx, id int64) (*Buildroot, error) {
	got, err := db.All(ctx, tx, scanRoot, "SELECT "+rootColumns+" FROM buildroot"+rootJoins+" WHERE buildroot.id = $1", id)
	return one("build.GetBuildroot", got, err, "No such buildroot: %d", id)
}

// RootFilter narrows ListBuildroots; zero fields do not.
type RootFilter struct {
	HostID, TaskID, RepoID, RPMID, ArchiveID, ID int64
	TagID                                        int64 // made from a repository of this tag
	IDs                                          []int64
	State                                        []int
	Newest                                       bool  // the order is turned round
	After                                        int64 // only those behind this one in the order: for reading in parts
	Limit, Offset                                int64
}

// ListBuildroots gives records of roots, oldest first unless told otherwise.
func ListBuildroots(ctx context.Context, tx *db.Tx, f RootFilter) ([]*Buildroot, error) {
	var q db.Builder
	f.where(q.Add("SELECT " + rootColumns + " FROM buildroot" + rootJoins))
	q.Add(" ORDER BY buildroot.id")
	if f.RPMID != 0 || f.ArchiveID != 0 {
		q.Add(" + 0") // they are few: not by going through all roots in their order
	}
	if f.Newest {
		q.Add(" DESC")
	}
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	got, err := db.Find(ctx, tx, scanRoot, q.Page(limit, f.Offset))
	return got, kura.E("build.ListBuildroots", err)
}

// CountBuildroots says how many roots ListBuildroots would give without a limit.
func CountBuildroots(ctx context.Context, tx *db.Tx, f RootFilter) (int64, error) {
	var q db.Builder
	f.where(q.Add("SELECT count(*) FROM buildroot"))
	got, err := db.Find(ctx, tx, db.Column[int64], &q)
	if err != nil {
		return 0, kura.E("build.CountBuildroots", err)
	}
	return got[0], nil
}

func (f *RootFilter) where(q *db.Builder) {
	if f.RPMID != 0 {
		q.Add(" JOIN root_set_rpm ON root_set_rpm.set_id = buildroot.set_id AND root_set_rpm.rpm_id = ?", f.RPMID)
	}
	q.Add(" WHERE 1 = 1")
	if f.ID != 0 {
		q.Add(" AND buildroot.id = ?", f.ID)
	}
	if f.HostID != 0 {
		q.Add(" AND buildroot.host_id = ?", f.HostID)
	}
	if f.TaskID != 0 {
		q.Add(" AND buildroot.task_id = ?", f.TaskID)
	}
	if f.RepoID != 0 {
		q.Add(" AND buildroot.repo_id = ?", f.RepoID)
	}
	if f.ArchiveID != 0 {
		q.Add(" AND buildroot.id IN (SELECT buildroot_id FROM buildroot_archives WHERE archive_id = ?)", f.ArchiveID)
	}
	if f.State != nil {
		q.Add(" AND buildroot.cg_id IS NULL AND")
		db.In(q, "buildroot.state", f.State)
	}
	if f.IDs != nil {
		q.Add(" AND")
		db.In(q, "buildroot.id", f.IDs)
	}
	if f.TagID != 0 {
		q.Add(" AND buildroot.repo_id IN (SELECT id FROM repo WHERE tag_id = ?)", f.TagID)
	}
	switch {
	case f.After == 0:
	case f.Newest:
		q.Add(" AND buildroot.id < ?", f.After)
	default:
		q.Add(" AND buildroot.id > ?", f.After)
	}
}

// Component is a package that stood in a root, as its worker reported it.
type Component struct {
	Name, Version, Release, Arch string
	Epoch                        *int64
	SigMD5                       string
	Size, BuildTime              int64
	ExternalRepoID               int64 // 0: from the hub's own builds
}

func (c *Component) key() string {
	return fmt.Sprintf("%d/%s-%s-%s.%s/%s", c.ExternalRepoID, c.Name, c.Version, c.Release, c.Arch, c.SigMD5)
}

// NewRoot describes a root to record.
type NewRoot struct {
	HostID, RepoID, TaskID int64
	Arch                   string
	Emulated               bool
	Details                any
	Packages               []Component
}

// RecordRoot keeps what a root held. Roots with the same packages share one
// set. A package that the hub should know and does not, or knows with other
// contents, is refused: the worker did not build in what it was given.
func RecordRoot(ctx context.Context, tx *db.Tx, n NewRoot) (int64, error) {
	const op = "build.RecordRoot"
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, kura.E(op, err)
	}
	set, err := rootSet(ctx, tx, n.Packages)
	if err != nil {
		return 0, kura.E(op, err)
	}
	details, err := json.Marshal(n.Details)
	if err != nil {
		return 0, kura.E(op, err)
	}
	id, err := tx.Insert(ctx, `INSERT INTO buildroot (set_id, host_id, repo_id, task_id, arch, state, create_event, create_time, emulated, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		set, known(n.HostID), known(n.RepoID), known(n.TaskID), n.Arch, RootBuilding, ev, db.Now(), n.Emulated, string(details))
	return id, kura.E(op, err)
}

// known is an id for a column that may be empty.
func known(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// UpdateRoot replaces what a root's record says of its contents: more is
// installed into a root while a build asks for it.
func UpdateRoot(ctx context.Context, tx *db.Tx, id int64, n NewRoot) error {
	const op = "build.UpdateRoot"
	set, err := rootSet(ctx, tx, n.Packages)
	if err != nil {
		return kura.E(op, err)
	}
	details, err := json.Marshal(n.Details)
	if err != nil {
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "UPDATE buildroot SET set_id = $2, emulated = $3, details = $4 WHERE id = $1 AND retire_event IS NULL",
		id, set, n.Emulated, string(details))
	return kura.E(op, err)
}

// RetireRoots closes the records of a task that has ended.
func RetireRoots(ctx context.Context, tx *db.Tx, task int64) error {
	open, err := db.All(ctx, tx, db.Column[int64], "SELECT id FROM buildroot WHERE task_id = $1 AND retire_event IS NULL", task)
	for _, id := range open {
		if err == nil {
			err = retire(ctx, tx, id)
		}
	}
	return kura.E("build.RetireRoots", err)
}

func retire(ctx context.Context, tx *db.Tx, id int64) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE buildroot SET state = $2, retire_event = $3, retire_time = $4 WHERE id = $1 AND retire_event IS NULL",
		id, RootExpired, ev, db.Now())
	return err
}

func rootSet(ctx context.Context, tx *db.Tx, in []Component) (int64, error) {
	slices.SortFunc(in, func(a, b Component) int { return strings.Compare(a.key(), b.key()) })
	in = slices.CompactFunc(in, func(a, b Component) bool { return a.key() == b.key() })
	h := sha256.New()
	for i := range in {
		fmt.Fprintf(h, "%s\n", in[i].key())
	}
	hash := hex.EncodeToString(h.Sum(nil))
	var set int64
	known := func() (bool, error) {
		return tx.Get(ctx, []any{&set}, "SELECT id FROM root_set WHERE hash = $1", hash)
	}
	if found, err := known(); err != nil || found {
		return set, err
	}
	set, err := tx.Insert(ctx, "INSERT INTO root_set (hash, count) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING RETURNING id", hash, len(in))
	if isNoRows(err) { // another root of the same packages was recorded just now
		_, err = known()
		return set, err
	}
	if err != nil {
		return 0, err
	}
	for i := range in {
		id, err := component(ctx, tx, &in[i])
		if err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO root_set_rpm (set_id, rpm_id) VALUES ($1, $2) ON CONFLICT (set_id, rpm_id) DO NOTHING", set, id); err != nil {
			return 0, err
		}
	}
	return set, nil
}

// component finds the record of a package in a root, making one for a package
// of an external repository that is seen for the first time.
func component(ctx context.Context, tx *db.Tx, c *Component) (id int64, err error) {
	const op = "build.RecordRoot"
	nvra := c.Name + "-" + c.Version + "-" + c.Release + "." + c.Arch
	var hash string
	own, err := tx.Get(ctx, []any{&id, &hash}, `SELECT id, payloadhash FROM rpminfo WHERE namespace = 0 AND external_repo_id = 0
		AND name = $1 AND version = $2 AND release = $3 AND arch = $4 ORDER BY CASE WHEN payloadhash = $5 THEN 0 ELSE 1 END, id DESC LIMIT 1`,
		c.Name, c.Version, c.Release, c.Arch, c.SigMD5) // of drafts there may be several
	switch {
	case err != nil:
		return 0, err
	case own && hash == c.SigMD5: // an external repository may show a package of the hub's own
		return id, nil
	case c.ExternalRepoID != 0:
	case !own:
		return 0, kura.Errorf(op, kura.Invalid, "the root holds %s, which no build of this hub has", nvra)
	default:
		return 0, kura.Errorf(op, kura.Invalid, "the root holds a %s with other contents (%s) than the hub's (%s)", nvra, c.SigMD5, hash)
	}
	known := func() (bool, error) {
		return tx.Get(ctx, []any{&id}, `SELECT id FROM rpminfo WHERE external_repo_id = $1
			AND name = $2 AND version = $3 AND release = $4 AND arch = $5 AND payloadhash = $6`,
			c.ExternalRepoID, c.Name, c.Version, c.Release, c.Arch, c.SigMD5)
	}
	if found, err := known(); err != nil || found {
		return id, err
	}
	if err := checkNVR(c.Name, c.Version, c.Release); err != nil {
		return 0, err
	}
	err = tx.Untold(func() error { // it is of no build
		id, err = tx.Insert(ctx, `INSERT INTO rpminfo (external_repo_id, name, version, release, epoch, arch, payloadhash, size, buildtime)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id`,
			c.ExternalRepoID, c.Name, c.Version, c.Release, c.Epoch, c.Arch, c.SigMD5, c.Size, c.BuildTime)
		return err
	})
	if isNoRows(err) { // a root that is recorded at the same time has it too
		_, err = known()
	}
	return id, err
}

// AddExternalRPM makes a package of an external repository known before any
// root holds it. One that is known already is an error to who is strict, and to
// all if it had other contents.
func AddExternalRPM(ctx context.Context, tx *db.Tx, c Component, repo string, strict bool) error {
	const op = "build.AddExternalRPM"
	if err := checkNVR(c.Name, c.Version, c.Release); err != nil {
		return kura.E(op, err)
	}
	var hash string
	found, err := tx.Get(ctx, []any{&hash}, `SELECT payloadhash FROM rpminfo WHERE external_repo_id = $1 AND name = $2 AND version = $3 AND release = $4 AND arch = $5
		ORDER BY id DESC LIMIT 1`, c.ExternalRepoID, c.Name, c.Version, c.Release, c.Arch)
	if err != nil {
		return kura.E(op, err)
	}
	name := fmt.Sprintf("%s-%s-%s.%s@%s", c.Name, c.Version, c.Release, c.Arch, repo)
	switch {
	case found && strict:
		return kura.Errorf(op, kura.Exists, "external rpm already exists: %s", name)
	case found && hash != c.SigMD5:
		return kura.Errorf(op, kura.Conflict, "hash changed for external rpm: %s (%s -> %s)", name, hash, c.SigMD5)
	case found:
		return nil
	}
	_, err = component(ctx, tx, &c)
	return kura.E(op, err)
}
