package build

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Named is a record that is little more than its name.
type Named struct {
	ID   int64
	Name string
}

func scanNamed(s db.Scanner) (n Named, err error) { return n, s.Scan(&n.ID, &n.Name) }

// BTypes gives the types that builds can have.
func BTypes(ctx context.Context, tx *db.Tx) ([]Named, error) {
	got, err := db.All(ctx, tx, scanNamed, "SELECT id, name FROM btype ORDER BY id")
	return got, kura.E("build.BTypes", err)
}

// CheckType refuses a type that there is not.
func CheckType(ctx context.Context, tx *db.Tx, name string) error {
	var id int64
	found, err := tx.Get(ctx, []any{&id}, "SELECT id FROM btype WHERE name = $1", name)
	if err == nil && !found {
		err = kura.Errorf("build.CheckType", kura.Invalid, "unsupported build type: %s", name)
	}
	return kura.E("build.CheckType", err)
}

// Types gives the types of a build: rpm, image…
func Types(ctx context.Context, tx *db.Tx, id int64) ([]string, error) {
	got, err := db.All(ctx, tx, db.Column[string], "SELECT btype.name FROM build_types JOIN btype ON btype.id = btype_id WHERE build_id = $1 ORDER BY btype.id", id)
	return got, kura.E("build.Types", err)
}

func addType(ctx context.Context, tx *db.Tx, id int64, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO build_types (build_id, btype_id) SELECT $1, id FROM btype WHERE name = $2
		ON CONFLICT (build_id, btype_id) DO NOTHING`, id, name)
	return err
}
