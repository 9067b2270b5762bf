package notify

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// Rules are what an installation has decided of its mail.
type Rules struct {
	Domain  string // what follows the @ of people's addresses
	Web     string // where the pages lie, for links
	Success bool   // owners hear of success too, not only of failure
}

// recipients gives the addresses of those who are to hear of a build in a tag,
// or in none: who asked for it, the build's owner, and the owner of its package
// in that tag, but for those who do not want to. As Koji has it, what people
// asked for counts for people and groups that are not blocked.
func (r *Rules) recipients(ctx context.Context, tx *db.Tx, b *build.Build, tagID *int64, good bool) ([]string, error) {
	const op = "notify.recipients"
	to, err := subscribers(ctx, tx, b.PackageID, tagID, good)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if r.Success || !good {
		owners, err := r.owners(ctx, tx, b, tagID)
		if err != nil {
			return nil, kura.E(op, err)
		}
		to = append(to, owners...)
	}
	var out []string
	for _, t := range to {
		if slices.Contains(out, t.Email) {
			continue
		}
		blocks, err := Blocks(ctx, tx, t.UserID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(blocks, func(w Block) bool { return covers(w.PackageID, &b.PackageID) && covers(w.TagID, tagID) }) {
			out = append(out, t.Email)
		}
	}
	return out, nil
}

// covers reports whether a wish for one or for all is for this one.
func covers(wish, id *int64) bool { return wish == nil || id != nil && *wish == *id }

// subscribers are those who asked to hear of such a build.
func subscribers(ctx context.Context, tx *db.Tx, pkg int64, tagID *int64, good bool) ([]Notification, error) {
	var b db.Builder
	b.Add(`SELECT n.id, n.user_id, n.package_id, n.tag_id, n.success_only, n.email FROM build_notifications n
		JOIN users u ON u.id = n.user_id
		WHERE u.status = ? AND u.usertype IN (?, ?) AND (n.package_id = ? OR n.package_id IS NULL)`,
		account.Normal, account.Person, account.Group, pkg)
	if tagID != nil {
		b.Add(" AND (n.tag_id = ? OR n.tag_id IS NULL)", *tagID)
	} else {
		b.Add(" AND n.tag_id IS NULL")
	}
	if !good {
		b.Add(" AND NOT n.success_only")
	}
	return db.Find(ctx, tx, scan, b.Add(" ORDER BY n.id"))
}

// owners are the owner of the build and that of its package in the tag.
func (r *Rules) owners(ctx context.Context, tx *db.Tx, b *build.Build, tagID *int64) ([]Notification, error) {
	ids := []int64{b.OwnerID}
	if tagID != nil {
		entries, err := tag.ListedPackages(ctx, tx, tag.ListQuery{Tag: *tagID, Package: b.PackageID, Inherit: true})
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.Blocked {
				ids = append(ids, e.OwnerID)
			}
		}
	}
	var out []Notification
	for _, id := range ids {
		u, err := account.Get(ctx, tx, account.ByID(id))
		if err != nil {
			return nil, err
		}
		if u.Status == account.Normal && u.Type == account.Person {
			out = append(out, Notification{UserID: u.ID, Email: u.Name + "@" + r.Domain})
		}
	}
	return out, nil
}
