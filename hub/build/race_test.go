package build_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/db/dbtest"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/build/buildtest"
)

// Builders tell of equal roots, and builds of one new package begin, at the
// same moment.
func TestFirstsAtOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := buildtest.New(t, d)
		var g errgroup.Group
		for i := range 8 {
			g.Go(func() error {
				return s.Try(func(ctx context.Context, tx *db.Tx) error {
					var parts []build.Component
					for k := range 50 {
						parts = append(parts, build.Component{Name: fmt.Sprintf("lib%d", k), Version: "1", Release: "1", Arch: "x86_64",
							SigMD5: strings.Repeat("a", 32), ExternalRepoID: 7})
					}
					_, err := build.RecordRoot(ctx, tx, build.NewRoot{Arch: "x86_64", Packages: parts[i/4:]})
					return err
				})
			})
			g.Go(func() error {
				return s.Try(func(ctx context.Context, tx *db.Tx) error {
					_, err := build.Begin(ctx, tx, build.New{Name: "first", Version: fmt.Sprint(i), Release: "1", OwnerID: s.User.ID})
					return err
				})
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}
