package build

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/event"
)

// State is Koji's state of a build.
type State int

// The states.
const (
	Building State = iota
	Complete
	Deleted
	Failed
	Canceled
)

var stateNames = [...]string{"BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED"}

func (s State) String() string { return stateNames[s] }

// Build is a build with the names that go with its ids.
type Build struct {
	ID             int64
	Namespace      int64
	PackageID      int64
	Name           string
	Version        string
	Release        string
	Epoch          *int64
	State          State
	TaskID         *int64
	OwnerID        int64
	OwnerName      string
	CreateEvent    int64
	CreateTime     int64 // of the event
	StartTime      *int64
	CompletionTime *int64
	VolumeID       int64
	VolumeName     string
	Source         *string
	Extra          json.RawMessage // nil for none
	Draft          bool
	CGID           *int64 // the content generator that imported it, or will
	CGName         *string
	PromotionTime  *int64 // of what was a draft
	PromoterID     *int64
	PromoterName   *string
}

// NVR is name-version-release.
func (b *Build) NVR() string { return b.Name + "-" + b.Version + "-" + b.Release }

const columns = `build.id, build.namespace, build.pkg_id, package.name, build.version, build.release, build.epoch,
	build.state, build.task_id, build.owner, users.name, build.create_event, event.time, build.start_time,
	build.completion_time, build.volume_id, volume.name, build.source, build.extra, build.draft, build.cg_id, content_generator.name,
	build.promotion_time, build.promoter, promoter.name`

const joins = ` JOIN package ON package.id = build.pkg_id JOIN users ON users.id = build.owner
	JOIN event ON event.id = build.create_event JOIN volume ON volume.id = build.volume_id
	LEFT JOIN content_generator ON content_generator.id = build.cg_id LEFT JOIN users promoter ON promoter.id = build.promoter`

func scanBuild(s db.Scanner) (*Build, error) {
	b := &Build{}
	var extra *string
	err := s.Scan(&b.ID, &b.Namespace, &b.PackageID, &b.Name, &b.Version, &b.Release, &b.Epoch,
		&b.State, &b.TaskID, &b.OwnerID, &b.OwnerName, &b.CreateEvent, &b.CreateTime, &b.StartTime,
		&b.CompletionTime, &b.VolumeID, &b.VolumeName, &b.Source, &extra, &b.Draft, &b.CGID, &b.CGName,
		&b.PromotionTime, &b.PromoterID, &b.PromoterName)
	if extra != nil {
		b.Extra = json.RawMessage(*extra)
	}
	return b, err
}

// Get gives a build by its id.
func Get(ctx context.Context, tx *db.Tx, id int64) (*Build, error) {
	got, err := db.All(ctx, tx, scanBuild, "SELECT "+columns+" FROM build"+joins+" WHERE build.id = $1", id)
	if err != nil {
		return nil, kura.E("build.Get", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("build.Get", kura.NotFound, "No such build: %d", id)
	}
	return got[0], nil
}

// ByNVR gives a build of the distribution by its name-version-release.
func ByNVR(ctx context.Context, tx *db.Tx, n rpm.NVR) (*Build, error) {
	return find(ctx, tx, 0, n)
}

func find(ctx context.Context, tx *db.Tx, namespace int64, n rpm.NVR) (*Build, error) {
	got, err := db.All(ctx, tx, scanBuild, "SELECT "+columns+" FROM build"+joins+
		" WHERE build.namespace = $1 AND package.name = $2 AND build.version = $3 AND build.release = $4",
		namespace, n.Name, n.Version, n.Release)
	if err != nil {
		return nil, kura.E("build.ByNVR", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("build.ByNVR", kura.NotFound, "No such build: %s-%s-%s", n.Name, n.Version, n.Release)
	}
	return got[0], nil
}

// New describes a build that begins.
type New struct {
	Namespace int64
	Name      string
	Version   string
	Release   string
	Epoch     *int64
	TaskID    *int64
	OwnerID   int64
	Source    *string
	Extra     json.RawMessage
	StartTime int64 // 0 = now
	Draft     bool
}

// Begin makes a build in state building. The number of a failed or cancelled
// build is used again; any other build of the same name-version-release is in
// the way.
func Begin(ctx context.Context, tx *db.Tx, n New) (*Build, error) {
	const op = "build.Begin"
	if err := checkNVR(n.Name, n.Version, n.Release); err != nil {
		return nil, kura.E(op, err)
	}
	pkg, err := packageID(ctx, tx, n.Name)
	if err != nil {
		return nil, kura.E(op, err)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return nil, kura.E(op, err)
	}
	start := n.StartTime
	if start == 0 {
		start = db.Now()
	}
	var extra *string
	if n.Extra != nil {
		s := string(n.Extra)
		extra = &s
	}
	insert := func(release string) (id int64, err error) {
		err = tx.Untold(func() error {
			id, err = tx.Insert(ctx, `INSERT INTO build (namespace, pkg_id, version, release, nvr, epoch, state, task_id, owner,
				create_event, start_time, source, extra, draft) SELECT $1, id, $3, $4, name || '-' || $3 || '-' || $4, $5, 0, $6, $7, $8, $9, $10, $11, $12
				FROM package WHERE id = $2 RETURNING id`,
				n.Namespace, pkg, n.Version, release, n.Epoch, n.TaskID, n.OwnerID, ev, start, n.Source, extra, n.Draft)
			return err
		})
		return id, err
	}
	if n.Draft {
		id, err := beginDraft(ctx, tx, n, insert)
		if err != nil {
			return nil, kura.E(op, err)
		}
		return changed(ctx, tx, op, id)
	}
	old, err := find(ctx, tx, n.Namespace, rpm.NVR{Name: n.Name, Version: n.Version, Release: n.Release})
	var id int64
	switch {
	case kura.Is(err, kura.NotFound):
		id, err = insert(n.Release)
		if kura.Is(err, kura.Exists) {
			err = kura.Errorf(op, kura.Build, "Build already exists (NVR: %s-%s-%s)", n.Name, n.Version, n.Release)
		}
	case err != nil:
	case old.State != Failed && old.State != Canceled:
		return nil, kura.Errorf(op, kura.Build, "Build already exists (id=%d, state=%s): %s", old.ID, old.State, old.NVR())
	default:
		id = old.ID
		err = untold(ctx, tx, id, func() error {
			if err := recycle(ctx, tx, old); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE build SET state = 0, epoch = $2, task_id = $3, owner = $4, create_event = $5,
				start_time = $6, completion_time = NULL, source = $7, extra = $8, draft = $9, cg_id = NULL WHERE id = $1`,
				id, n.Epoch, n.TaskID, n.OwnerID, ev, start, n.Source, extra, n.Draft)
			return err
		})
	}
	if err != nil {
		return nil, kura.E(op, err)
	}
	return changed(ctx, tx, op, id)
}

// SetState ends a build, or takes it back.
func SetState(ctx context.Context, tx *db.Tx, id int64, s State) (*Build, error) {
	const op = "build.SetState"
	var done *int64
	if s != Building {
		now := db.Now()
		done = &now
	}
	err := untold(ctx, tx, id, func() error {
		n, err := tx.Exec(ctx, "UPDATE build SET state = $2, completion_time = $3 WHERE id = $1", id, int(s), done)
		if err == nil && n == 0 {
			err = kura.Errorf(op, kura.NotFound, "No such build: %d", id)
		}
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	return changed(ctx, tx, op, id)
}

// SetSource records where a build's source came from, once that is known.
func SetSource(ctx context.Context, tx *db.Tx, id int64, source string) error {
	return kura.E("build.SetSource", untold(ctx, tx, id, func() error {
		_, err := tx.Exec(ctx, "UPDATE build SET source = $2 WHERE id = $1", id, source)
		return err
	}))
}

// StateChange is what the outbox says of a build.
type StateChange struct {
	ID     int64  `json:"id"`
	NVR    string `json:"nvr"`
	State  string `json:"state"`
	TaskID *int64 `json:"task_id"`
	Owner  string `json:"owner"`
}

func changed(ctx context.Context, tx *db.Tx, op string, id int64) (*Build, error) {
	b, err := Get(ctx, tx, id)
	if err != nil {
		return nil, kura.E(op, err)
	}
	err = event.Emit(ctx, tx, "build.state", StateChange{b.ID, b.NVR(), b.State.String(), b.TaskID, b.OwnerName})
	return b, kura.E(op, err)
}

func checkNVR(name, version, release string) error {
	for _, err := range []error{rpm.CheckName(name), rpm.CheckVersion(version), rpm.CheckRelease(release)} {
		if err != nil {
			return &kura.Error{Op: "build", Kind: kura.Invalid, Err: err}
		}
	}
	return nil
}

func packageID(ctx context.Context, tx *db.Tx, name string) (id int64, err error) {
	known := func() (bool, error) { return tx.Get(ctx, []any{&id}, "SELECT id FROM package WHERE name = $1", name) }
	if found, err := known(); err != nil || found {
		return id, err
	}
	id, err = tx.Insert(ctx, "INSERT INTO package (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id", name)
	if isNoRows(err) { // somebody else was first, just now
		_, err = known()
	}
	return id, err
}

// AddExtra puts a value into a build's extra data, beside what is there.
func AddExtra(ctx context.Context, tx *db.Tx, b *Build, key string, value any) error {
	const op = "build.AddExtra"
	extra := map[string]any{}
	if b.Extra != nil {
		if err := json.Unmarshal(b.Extra, &extra); err != nil {
			return kura.E(op, err)
		}
	}
	extra[key] = value
	text, err := json.Marshal(extra)
	if err != nil {
		return kura.E(op, err)
	}
	err = untold(ctx, tx, b.ID, func() error {
		_, err := tx.Exec(ctx, "UPDATE build SET extra = $2 WHERE id = $1", b.ID, string(text))
		return err
	})
	if err != nil {
		return kura.E(op, err)
	}
	b.Extra = text
	return nil
}
