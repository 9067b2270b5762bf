package db_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
)

func TestVersion(t *testing.T) {
	ctx := context.Background()
	for name, address := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "k.db"), "postgres": dbtest.PostgresURL(t)} {
		d, err := db.Open(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		have, want, err := d.Version(ctx)
		if err != nil || have != 0 || want < 8 {
			t.Errorf("%s, empty: %d of %d, %v", name, have, want, err)
		}
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if have, want, err = d.Version(ctx); err != nil || have != want {
			t.Errorf("%s, migrated: %d of %d, %v", name, have, want, err)
		}
	}
}
