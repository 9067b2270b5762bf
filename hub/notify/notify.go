package notify

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Notification is a wish to hear of builds. A nil package or tag stands for all.
type Notification struct {
	ID          int64
	UserID      int64
	PackageID   *int64
	TagID       *int64
	SuccessOnly bool
	Email       string
}

const columns = "id, user_id, package_id, tag_id, success_only, email"

func scan(s db.Scanner) (n Notification, err error) {
	return n, s.Scan(&n.ID, &n.UserID, &n.PackageID, &n.TagID, &n.SuccessOnly, &n.Email)
}

// Get gives a notification by its number.
func Get(ctx context.Context, tx *db.Tx, id int64) (Notification, error) {
	got, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM build_notifications WHERE id = $1", id)
	return one("notify.Get", got, err, "No notification with ID %d found", id)
}

func one[T any](op string, got []T, err error, missing string, id int64) (v T, _ error) {
	if err == nil && len(got) == 0 {
		err = kura.Errorf(op, kura.NotFound, missing, id)
	}
	if err != nil {
		return v, kura.E(op, err)
	}
	return got[0], nil
}

// List gives a user's notifications.
func List(ctx context.Context, tx *db.Tx, user int64) ([]Notification, error) {
	got, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM build_notifications WHERE user_id = $1 ORDER BY id", user)
	return got, kura.E("notify.List", err)
}

// mine refuses what concerns another person, administrators apart.
func mine(op string, by account.Actor, owner int64, what string) error {
	if owner == by.ID || by.Has(account.Admin) {
		return nil
	}
	return kura.Errorf(op, kura.Invalid, "user %d cannot %s for user %d", by.ID, what, owner)
}

// Create makes a notification for a user; domain is that of mail addresses.
func Create(ctx context.Context, tx *db.Tx, by account.Actor, u account.User, pkg, tag *int64, successOnly bool, domain string) error {
	const op = "notify.Create"
	if u.ID != by.ID && !by.Has(account.Admin) {
		return kura.Errorf(op, kura.Invalid, "user %s cannot create notifications for user %s", by.Name, u.Name)
	}
	n := Notification{UserID: u.ID, PackageID: pkg, TagID: tag, SuccessOnly: successOnly, Email: u.Name + "@" + domain}
	if err := fresh(ctx, tx, n); err != nil {
		return kura.E(op, err)
	}
	_, err := tx.Exec(ctx, "INSERT INTO build_notifications (user_id, package_id, tag_id, success_only, email) VALUES ($1, $2, $3, $4, $5)",
		n.UserID, n.PackageID, n.TagID, n.SuccessOnly, n.Email)
	return kura.E(op, err)
}

// fresh refuses a notification that its user has already.
func fresh(ctx context.Context, tx *db.Tx, n Notification) error {
	all, err := List(ctx, tx, n.UserID)
	if err != nil {
		return err
	}
	for _, o := range all {
		if equal(o.PackageID, n.PackageID) && equal(o.TagID, n.TagID) && o.SuccessOnly == n.SuccessOnly {
			return kura.Errorf("notify.Create", kura.Exists, "notification already exists")
		}
	}
	return nil
}

func equal(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Update changes a notification.
func Update(ctx context.Context, tx *db.Tx, by account.Actor, id int64, pkg, tag *int64, successOnly bool) error {
	const op = "notify.Update"
	n, err := Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := mine(op, by, n.UserID, "update notifications"); err != nil {
		return err
	}
	n.PackageID, n.TagID, n.SuccessOnly = pkg, tag, successOnly
	if err := fresh(ctx, tx, n); err != nil {
		return kura.E(op, err)
	}
	_, err = tx.Exec(ctx, "UPDATE build_notifications SET package_id = $2, tag_id = $3, success_only = $4 WHERE id = $1", id, pkg, tag, successOnly)
	return kura.E(op, err)
}

// Delete ends a notification.
func Delete(ctx context.Context, tx *db.Tx, by account.Actor, id int64) error {
	const op = "notify.Delete"
	n, err := Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := mine(op, by, n.UserID, "delete notifications"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM build_notifications WHERE id = $1", id)
	return kura.E(op, err)
}
