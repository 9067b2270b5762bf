package build

import (
	"context"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// RootStates are the names of a root's states, by number.
var RootStates = [...]string{RootInit: "INIT", RootWaiting: "WAITING", RootBuilding: "BUILDING", RootExpired: "EXPIRED"}

// OpenRoot begins the record of a root that one of Koji's builders is about to
// fill. Unlike kura's own it tells what it put in later, and when it is done.
func OpenRoot(ctx context.Context, tx *db.Tx, n NewRoot) (int64, error) {
	const op = "build.OpenRoot"
	if err := account.CheckName(n.Arch); err != nil {
		return 0, err
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return 0, kura.E(op, err)
	}
	id, err := tx.Insert(ctx, `INSERT INTO buildroot (host_id, repo_id, task_id, arch, state, create_event, create_time)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, known(n.HostID), known(n.RepoID), known(n.TaskID), n.Arch, RootInit, ev, db.Now())
	return id, kura.E(op, err)
}

// RootOfHost gives a root that a host may change: its own, and that of the
// task, if one is given.
func RootOfHost(ctx context.Context, tx *db.Tx, id, host, task int64) (*Buildroot, error) {
	const op = "build.RootOfHost"
	b, err := GetBuildroot(ctx, tx, id)
	switch {
	case err != nil:
		return nil, err
	case b.HostID == nil || *b.HostID != host:
		return nil, kura.Errorf(op, kura.Denied, "Host %d not owner of buildroot %d", host, id)
	case task != 0 && (b.TaskID == nil || *b.TaskID != task):
		return nil, kura.Errorf(op, kura.Denied, "Task %d does not have lock on buildroot %d", task, id)
	}
	return b, nil
}

// SetState moves a root on. None goes back to its beginning, and one that has
// expired stays so.
func (b *Buildroot) SetState(ctx context.Context, tx *db.Tx, state int) error {
	const op = "build.SetState"
	switch {
	case state <= RootInit || state > RootExpired:
		return kura.Errorf(op, kura.Invalid, "Cannot change buildroot state to %d: it is one of %s", state, strings.Join(RootStates[1:], ", "))
	case b.State == RootExpired && state == RootExpired:
		return nil
	case b.State == RootExpired:
		return kura.Errorf(op, kura.Conflict, "buildroot %d is EXPIRED", b.ID)
	case state != RootExpired:
		_, err := tx.Exec(ctx, "UPDATE buildroot SET state = $2 WHERE id = $1 AND retire_event IS NULL", b.ID, state)
		return kura.E(op, err)
	}
	return kura.E(op, retire(ctx, tx, b.ID))
}

// Fill tells what stands in a root: all of it before it is built in, what came
// to it while it is (more).
func (b *Buildroot) Fill(ctx context.Context, tx *db.Tx, packages []Component, more bool) error {
	const op = "build.Fill"
	at := RootInit
	if more {
		at = RootBuilding
	}
	if b.State != at {
		return kura.Errorf(op, kura.Conflict, "buildroot %d in wrong state %d: packages are told in state %s", b.ID, b.State, RootStates[at])
	}
	if more && b.SetID != nil {
		have, err := componentsOf(ctx, tx, *b.SetID)
		if err != nil {
			return kura.E(op, err)
		}
		packages = append(packages, have...)
	}
	set, err := rootSet(ctx, tx, packages)
	if err != nil {
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "UPDATE buildroot SET set_id = $2 WHERE id = $1", b.ID, set)
	return kura.E(op, err)
}

func componentsOf(ctx context.Context, tx *db.Tx, set int64) ([]Component, error) {
	return db.All(ctx, tx, func(s db.Scanner) (c Component, err error) {
		return c, s.Scan(&c.Name, &c.Version, &c.Release, &c.Arch, &c.Epoch, &c.SigMD5, &c.Size, &c.BuildTime, &c.ExternalRepoID)
	}, `SELECT r.name, r.version, r.release, r.arch, r.epoch, r.payloadhash, r.size, r.buildtime, r.external_repo_id
		FROM root_set_rpm s JOIN rpminfo r ON r.id = s.rpm_id WHERE s.set_id = $1`, set)
}
