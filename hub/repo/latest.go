package repo

import (
	"context"
	"fmt"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/file"
	"github.com/kura-build/kura/hub/tag"
)

// latestName is the link that leads to a tag's newest repository.
const latestName = "latest"

// pointLatest turns the link of a tag to its newest repository.
func pointLatest(ctx context.Context, tx *db.Tx, r *Repo) error {
	newest, err := List(ctx, tx, Filter{TagID: r.TagID, Dist: &r.Dist, States: []int{int(Ready)}, Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].ID != r.ID {
		return err
	}
	dir, _ := file.Split(r.Path())
	return file.Symlink(ctx, tx, file.Join(dir, latestName), fmt.Sprint(r.ID))
}

// maxEarlier is how many repositories are looked at for a file.
const maxEarlier = 50

// Earlier finds a file that was asked for below the link "latest" and is not in
// the newest repository: whoever read its repomd.xml while it led to an earlier
// one asks for that one's files, which are there until it is deleted. It gives
// where the file lies.
func Earlier(ctx context.Context, tx *db.Tx, path string) (string, error) {
	const op = "repo.Earlier"
	missing := kura.Errorf(op, kura.NotFound, "%s is not there", path)
	parts := strings.SplitN(path, "/", 4)
	if len(parts) < 4 || parts[2] != latestName || parts[0] != "repos" && parts[0] != "repos-dist" {
		return "", missing
	}
	t, err := tag.Get(ctx, tx, tag.ByName(parts[1]), 0)
	if err != nil {
		return "", kura.E(op, err)
	}
	dist := parts[0] == "repos-dist"
	all, err := List(ctx, tx, Filter{TagID: t.ID, Dist: &dist, States: []int{int(Ready), int(Expired)}, Limit: maxEarlier})
	if err != nil {
		return "", kura.E(op, err)
	}
	for _, r := range all {
		at := file.Join(r.Path(), parts[3])
		n, err := file.Stat(ctx, tx, at)
		if err == nil && n.Fixed() {
			return at, nil
		}
		if err != nil && !kura.Is(err, kura.NotFound) {
			return "", kura.E(op, err)
		}
	}
	return "", missing
}
