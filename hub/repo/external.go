package repo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/repomd"
	"github.com/kura-build/kura/format/rpm"
	"github.com/kura-build/kura/hub/tag"
)

// External is what a repository takes from an external one for an architecture.
type External struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Arch string `json:"arch"`
	URL  string `json:"url"`
	Mode string `json:"mode"`
	Sum  string `json:"sum"` // of its repomd.xml; empty: it was never read
	dir  string
	look int64
}

// externals gives the external repositories of a tag at an event, by
// architecture and in the order in which they are merged, as they were last
// read.
func externals(ctx context.Context, tx *db.Tx, id, at int64) ([]External, error) {
	const op = "repo.externals"
	attached, err := tag.ExternalRepos(ctx, tx, id, at)
	if err != nil || len(attached) == 0 {
		return nil, err
	}
	conf, err := tag.GetBuildConfig(ctx, tx, tag.ByID(id), at)
	if err != nil {
		return nil, kura.E(op, err)
	}
	var out []External
	for _, arch := range canonical(conf.Arches) {
		for _, a := range attached {
			if a.MergeMode != attached[0].MergeMode {
				return nil, kura.Errorf(op, kura.Invalid, "the external repositories of tag %s are to be merged in different ways (%s is %s, %s is %s): give them one mode",
					conf.Name, attached[0].RepoName, attached[0].MergeMode, a.RepoName, a.MergeMode)
			}
			if a.Arches != nil && !slices.ContainsFunc(strings.Fields(*a.Arches), func(s string) bool { return rpm.CanonArch(s) == arch }) {
				continue
			}
			out = append(out, External{ID: a.RepoID, Name: a.RepoName, Arch: arch, URL: strings.NewReplacer("$arch", arch, "$basearch", arch).Replace(a.URL), Mode: a.MergeMode})
		}
	}
	for i := range out {
		e := &out[i]
		if _, err := tx.Get(ctx, []any{&e.Sum, &e.dir, &e.look}, "SELECT sum, dir, look_time FROM external_metadata WHERE url = $1", e.URL); err != nil {
			return nil, kura.E(op, err)
		}
	}
	return out, nil
}

// canonical gives a tag's architectures as repositories are filed by them.
func canonical(arches *string) (out []string) {
	if arches == nil {
		return nil
	}
	for a := range strings.FieldsSeq(*arches) {
		if a = rpm.CanonArch(a); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// shown encodes what external repositories a repository shows.
func shown(list []External) string {
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err) // texts and numbers
	}
	return string(b)
}

// Refresh looks whether the external repositories of a tag have changed, and
// reads those that have. Those that were looked at a moment ago are not asked.
// An error leaves what is known of them as it is.
func (m *Maker) Refresh(ctx context.Context, ref tag.Ref, at int64) error {
	const op = "repo.Refresh"
	var list []External
	err := m.db.View(ctx, func(tx *db.Tx) error {
		t, err := tag.Get(ctx, tx, ref, at)
		if err != nil {
			return err
		}
		list, err = externals(ctx, tx, t.ID, at)
		return err
	})
	if err != nil {
		return kura.E(op, err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	done := map[string]bool{}
	for _, e := range list {
		if done[e.URL] || db.Now()-e.look < m.LookAge.Microseconds() {
			continue
		}
		done[e.URL] = true
		g.Go(func() error {
			if err := m.far.look(gctx, e.URL); err != nil {
				return fmt.Errorf("external repository %s for %s: %w", e.Name, e.Arch, err)
			}
			return nil
		})
	}
	return kura.E(op, g.Wait())
}

// External gives the external repositories that a repository shows.
func (r *Repo) External() ([]External, error) {
	if r.externals == "" {
		return nil, nil
	}
	var out []External
	return out, kura.E("repo.External", json.Unmarshal([]byte(r.externals), &out))
}

// open gives an external repository's packages, as they were last read.
func (b *bases) external(e External) (*repomd.Indexed, error) {
	x, err := b.indexed(e.dir, indexName)
	if err == nil && x == nil {
		err = kura.Errorf("repo.external", kura.Other, "what was read of %s is of another version of this program", e.URL)
	}
	return x, err
}
