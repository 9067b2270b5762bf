package tag

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// BuildConfig is a tag's settings with those that it inherits.
type BuildConfig struct {
	Tag
	ArchesFrom *Name           // whose architectures they are; nil: its own, or none
	ExtraFrom  map[string]Name // whose extra values, for those inherited
}

// GetBuildConfig gives what builds for a tag go by. The nearest tag that says
// something about a setting decides; a blocked extra value hides those behind.
func GetBuildConfig(ctx context.Context, tx *db.Tx, ref Ref, at int64) (BuildConfig, error) {
	t, err := Get(ctx, tx, ref, at)
	if err != nil {
		return BuildConfig{}, err
	}
	steps, err := Inheritance(ctx, tx, t.ID, at)
	if err != nil {
		return BuildConfig{}, err
	}
	c := BuildConfig{Tag: t, ExtraFrom: map[string]Name{}}
	c.Extra = maps.Clone(t.Extra)
	hidden := map[string]bool{}
	for _, k := range t.BlockedExtra {
		hidden[k] = true
	}
	for _, s := range steps {
		if s.NoConfig {
			continue
		}
		up, err := Get(ctx, tx, ByID(s.Parent), at)
		if kura.Is(err, kura.NotFound) {
			continue // a record from elsewhere: inheritance from a deleted tag
		}
		if err != nil {
			return BuildConfig{}, err
		}
		from := Name{ID: up.ID, Name: up.Name}
		if c.Arches == nil && up.Arches != nil {
			c.Arches, c.ArchesFrom = up.Arches, &from
		}
		for k, v := range up.Extra {
			if _, has := c.Extra[k]; !has && !hidden[k] {
				c.Extra[k], c.ExtraFrom[k] = v, from
			}
		}
		for _, k := range up.BlockedExtra {
			if _, has := c.Extra[k]; !has {
				hidden[k] = true
			}
		}
	}
	c.BlockedExtra = slices.Sorted(maps.Keys(hidden))
	return c, nil
}
