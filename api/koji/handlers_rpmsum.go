package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/build"
)

// rpmChecksums gives the checksums of an rpm's file as it is signed with each
// of its keys. What is not known already is computed, unless the client minds.
func (h Builds) rpmChecksums(ctx context.Context, c *Call) (any, error) {
	id, ok := c.Args.Any("rpm_id").(int64)
	if !ok {
		return nil, kura.Errorf("koji.getRPMChecksums", kura.Invalid, "rpm_id must be an integer")
	}
	kinds, cached := c.Args.Strings("checksum_types"), c.Args.Bool("cacheonly")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		kinds = []string{"md5", "sha256"}
	}
	r, err := findRPM(ctx, c.Tx, id)
	if err != nil {
		return nil, err
	}
	known, err := build.Sums(ctx, c.Tx, h.Blobs, r, kinds, cached)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for key, sums := range known {
		row := map[string]any{}
		for _, k := range kinds {
			row[k] = nil
			if s := sums[k]; s != "" {
				row[k] = s
			}
		}
		out[key] = row
	}
	return out, nil
}
