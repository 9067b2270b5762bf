package build

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Maven is how Maven calls a build, or a file of one.
type Maven struct{ Group, Artifact, Version string }

func (m Maven) String() string { return m.Group + "-" + m.Artifact + "-" + m.Version }

// MavenOf gives a build's Maven data; found is false for a build that has none.
func MavenOf(ctx context.Context, tx *db.Tx, id int64) (m Maven, found bool, err error) {
	found, err = tx.Get(ctx, []any{&m.Group, &m.Artifact, &m.Version}, "SELECT group_id, artifact_id, version FROM maven_builds WHERE build_id = $1", id)
	return m, found, kura.E("build.MavenOf", err)
}

// SetMaven makes a build one of Maven's. What is said once stays.
func SetMaven(ctx context.Context, tx *db.Tx, id int64, m Maven) error {
	const op = "build.SetMaven"
	now, found, err := MavenOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if found {
		for _, f := range [][3]string{{"group_id", now.Group, m.Group}, {"artifact_id", now.Artifact, m.Artifact}, {"version", now.Version, m.Version}} {
			if f[1] != f[2] {
				return kura.Errorf(op, kura.Build, "%s mismatch (current: %s, new: %s)", f[0], f[1], f[2])
			}
		}
		return nil
	}
	if _, err := tx.Exec(ctx, "INSERT INTO maven_builds (build_id, group_id, artifact_id, version) VALUES ($1, $2, $3, $4)", id, m.Group, m.Artifact, m.Version); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, addType(ctx, tx, id, "maven"))
}

// WinOf gives the platform of a build for Windows.
func WinOf(ctx context.Context, tx *db.Tx, id int64) (platform string, found bool, err error) {
	found, err = tx.Get(ctx, []any{&platform}, "SELECT platform FROM win_builds WHERE build_id = $1", id)
	return platform, found, kura.E("build.WinOf", err)
}

// SetWin makes a build one for Windows, or for another platform of it.
func SetWin(ctx context.Context, tx *db.Tx, id int64, platform string) error {
	const op = "build.SetWin"
	if _, err := tx.Exec(ctx, `INSERT INTO win_builds (build_id, platform) VALUES ($1, $2)
		ON CONFLICT (build_id) DO UPDATE SET platform = excluded.platform`, id, platform); err != nil {
		return kura.E(op, err)
	}
	return kura.E(op, addType(ctx, tx, id, "win"))
}

// AddType makes a build one of a type, besides those that it is of already.
// maven and win have more to say: see SetMaven and SetWin.
func AddType(ctx context.Context, tx *db.Tx, id int64, name string) error {
	if err := CheckType(ctx, tx, name); err != nil {
		return err
	}
	return kura.E("build.AddType", addType(ctx, tx, id, name))
}

// Is reports whether a build is of a type.
func Is(ctx context.Context, tx *db.Tx, id int64, name string) (bool, error) {
	types, err := Types(ctx, tx, id)
	return slices.Contains(types, name), err
}
