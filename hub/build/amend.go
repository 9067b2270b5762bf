package build

import (
	"context"
	"strconv"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/event"
)

// SetOwner gives a build to another user.
func SetOwner(ctx context.Context, tx *db.Tx, id, owner int64) error {
	const op = "build.SetOwner"
	n, err := tx.Exec(ctx, "UPDATE build SET owner = $2 WHERE id = $1", id, owner)
	if err == nil && n == 0 {
		err = kura.Errorf(op, kura.NotFound, "No such build: %d", id)
	}
	if err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, event.Emit(ctx, tx, "build.owner", map[string]int64{"id": id, "owner": owner}))
}

// SetCompletion says when a build was complete, for one that was built
// elsewhere. The time is in microseconds.
func SetCompletion(ctx context.Context, tx *db.Tx, id, at int64) error {
	const op = "build.SetCompletion"
	return kura.E(op, untold(ctx, tx, id, func() error {
		n, err := tx.Exec(ctx, "UPDATE build SET completion_time = $2 WHERE id = $1", id, at)
		if err == nil && n == 0 {
			err = kura.Errorf(op, kura.NotFound, "No such build: %d", id)
		}
		return err
	}))
}

// AverageDuration gives how long builds of a package took, in microseconds:
// complete ones that a task made, since a time. found is false for none.
func AverageDuration(ctx context.Context, tx *db.Tx, pkg, since int64) (micros float64, found bool, err error) {
	var avg *float64
	err = tx.Row(ctx, `SELECT CAST(avg(build.completion_time - event.time) AS DOUBLE PRECISION) FROM build
		JOIN event ON event.id = build.create_event
		WHERE build.pkg_id = $1 AND build.state = 1 AND build.task_id IS NOT NULL AND build.completion_time > $2`, pkg, since).Scan(&avg)
	if err != nil || avg == nil {
		return 0, false, kura.E("build.AverageDuration", err)
	}
	return *avg, true, nil
}

// LastRelease gives the release of the newest build of a version that was not
// given up, or "".
func LastRelease(ctx context.Context, tx *db.Tx, name, version string) (string, error) {
	var release string
	_, err := tx.Get(ctx, []any{&release}, `SELECT build.release FROM build JOIN package ON package.id = build.pkg_id
		WHERE build.namespace = 0 AND package.name = $1 AND build.version = $2 AND build.state IN (0, 1, 2) AND build.draft = FALSE
		ORDER BY build.id DESC LIMIT 1`, name, version)
	return release, kura.E("build.LastRelease", err)
}

// NextRelease counts the last release of a version up.
func NextRelease(ctx context.Context, tx *db.Tx, name, version string, by int64) (string, error) {
	last, err := LastRelease(ctx, tx, name, version)
	if err != nil {
		return "", err
	}
	return countUp(last, by)
}

// countUp counts in the forms that people count in.
func countUp(release string, by int64) (string, error) {
	parts := strings.Split(release, ".")
	at := 0
	switch {
	case release == "":
		return strconv.FormatInt(by, 10), nil
	case len(parts) == 3:
		at = 2
	}
	n, err := strconv.ParseUint(parts[at], 10, 62)
	if err != nil || len(parts) > 3 {
		return "", kura.Errorf("build.NextRelease", kura.Build, "Unable to increment release value: %s", release)
	}
	parts[at] = strconv.FormatInt(int64(n)+by, 10)
	return strings.Join(parts, "."), nil
}
