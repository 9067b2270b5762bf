package build

import (
	"context"
	"crypto/subtle"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Generated is a build that a content generator has made elsewhere.
type Generated struct {
	New
	Reserved   int64  // the build that was reserved for it; 0 none
	Token      string // shows that it was
	Generator  Named
	Completion int64 // microseconds
}

// BeginGenerated takes up the reserved build, or makes one in state building.
func BeginGenerated(ctx context.Context, tx *db.Tx, g Generated) (*Build, error) {
	const op = "build.BeginGenerated"
	if g.Reserved == 0 {
		if g.Token != "" {
			return nil, kura.Errorf(op, kura.Invalid, "Reservation token given, but no build_id in metadata")
		}
		b, err := Begin(ctx, tx, g.New)
		if err == nil {
			err = setGenerator(ctx, tx, b.ID, g.Generator)
		}
		if err != nil {
			return nil, kura.E(op, err)
		}
		return Get(ctx, tx, b.ID)
	}
	b, err := Get(ctx, tx, g.Reserved)
	if err != nil {
		return nil, err
	}
	if err := holdsToken(ctx, tx, b, g.Generator, g.Token); err != nil {
		return nil, err
	}
	switch {
	case b.TaskID != nil && (g.TaskID == nil || *b.TaskID != *g.TaskID):
		return nil, kura.Errorf(op, kura.Conflict, "Build is owned by task %d", *b.TaskID)
	case b.State != Building:
		return nil, kura.Errorf(op, kura.Conflict, "Build ID %d is not in BUILDING state", b.ID)
	case b.NVR() != rpm.NVR{Name: g.Name, Version: g.Version, Release: g.Release}.String():
		return nil, kura.Errorf(op, kura.Invalid, "Build (%d) NVR is different", b.ID)
	case g.Epoch != nil && (b.Epoch == nil || *b.Epoch != *g.Epoch):
		return nil, kura.Errorf(op, kura.Invalid, "Build (%d) epoch is different", b.ID)
	}
	var extra *string
	if g.Extra != nil {
		text := string(g.Extra)
		extra = &text
	}
	err = untold(ctx, tx, b.ID, func() error {
		_, err := tx.Exec(ctx, "UPDATE build SET owner = $2, source = $3, task_id = $4, extra = $5 WHERE id = $1", b.ID, g.OwnerID, g.Source, g.TaskID, extra)
		return err
	})
	if err != nil {
		return nil, kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM build_reservations WHERE build_id = $1", b.ID); err != nil {
		return nil, kura.E(op, err)
	}
	return Get(ctx, tx, b.ID)
}

// holdsToken refuses who cannot show the token of a reservation, or is another
// content generator.
func holdsToken(ctx context.Context, tx *db.Tx, b *Build, g Named, token string) error {
	const op = "build.Reservation"
	var kept string
	found, err := tx.Get(ctx, []any{&kept}, "SELECT token FROM build_reservations WHERE build_id = $1", b.ID)
	switch {
	case err != nil:
		return kura.E(op, err)
	case !found || subtle.ConstantTimeCompare([]byte(kept), []byte(token)) != 1:
		return kura.Errorf(op, kura.Invalid, "Token doesn't match build ID %d", b.ID)
	case b.CGID == nil || *b.CGID != g.ID:
		return kura.Errorf(op, kura.Invalid, "Build ID %d is not reserved by this CG", b.ID)
	}
	return nil
}

// EndGenerated completes a build that was made elsewhere. One that was not
// reserved was complete when its maker says.
func EndGenerated(ctx context.Context, tx *db.Tx, b *Build, g Generated) (*Build, error) {
	b, err := SetState(ctx, tx, b.ID, Complete)
	if err != nil || g.Reserved != 0 {
		return b, err
	}
	if err := SetCompletion(ctx, tx, b.ID, g.Completion); err != nil {
		return nil, err
	}
	return Get(ctx, tx, b.ID)
}

// Elsewhere is a root that a content generator built in.
type Elsewhere struct {
	External
	Arch     string
	Extra    json.RawMessage
	Tools    map[string]string // versions by names
	RPMs     []*RPM
	Archives []int64
}

// RecordElsewhere keeps what is said of a root elsewhere.
func RecordElsewhere(ctx context.Context, tx *db.Tx, e Elsewhere) (int64, error) {
	const op = "build.RecordElsewhere"
	if err := account.CheckName(e.Arch); err != nil {
		return 0, err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, kura.E(op, err)
	}
	var packages []Component
	for _, r := range e.RPMs {
		packages = append(packages, Component{Name: r.Name, Version: r.Version, Release: r.Release, Arch: r.Arch, Epoch: r.Epoch,
			SigMD5: r.PayloadHash, Size: r.Size, BuildTime: r.BuildTime, ExternalRepoID: r.ExternalRepoID})
	}
	set, err := rootSet(ctx, tx, packages)
	if err != nil {
		return 0, kura.E(op, err)
	}
	var details *string
	if e.Extra != nil && string(e.Extra) != "null" {
		text := string(e.Extra)
		details = &text
	}
	id, err := tx.Insert(ctx, `INSERT INTO buildroot (set_id, arch, state, create_event, create_time, retire_event, retire_time, details,
		cg_id, cg_version, container_type, host_os, host_arch) VALUES ($1, $2, $3, $4, $5, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
		set, e.Arch, RootExpired, ev, db.Now(), details, e.CGID, e.CGVersion, e.ContainerType, e.HostOS, e.HostArch)
	if err != nil {
		return 0, kura.E(op, err)
	}
	for tool, version := range e.Tools {
		if _, err := tx.Exec(ctx, "INSERT INTO buildroot_tools_info (buildroot_id, tool, version) VALUES ($1, $2, $3)", id, tool, version); err != nil {
			return 0, kura.E(op, err)
		}
	}
	return id, HeldArchives(ctx, tx, id, e.Archives, false)
}

// HeldArchives records that archives were in a root: because the project wants
// them, or because the root does.
func HeldArchives(ctx context.Context, tx *db.Tx, root int64, archives []int64, project bool) error {
	for _, a := range archives {
		if _, err := tx.Exec(ctx, `INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep) VALUES ($1, $2, $3)
			ON CONFLICT (buildroot_id, archive_id) DO NOTHING`, root, a, project); err != nil {
			return kura.E("build.HeldArchives", err)
		}
	}
	return nil
}

// SetRPMExtra keeps what else its maker says of a build's rpm, as JSON.
func SetRPMExtra(ctx context.Context, tx *db.Tx, r *RPM, extra json.RawMessage) error {
	return kura.E("build.SetRPMExtra", untold(ctx, tx, *r.BuildID, func() error {
		_, err := tx.Exec(ctx, "UPDATE rpminfo SET extra = $2 WHERE id = $1", r.ID, string(extra))
		return err
	}))
}
