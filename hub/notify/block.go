package notify

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Block is a wish not to hear of builds. A nil package or tag stands for all.
type Block struct {
	ID        int64
	UserID    int64
	PackageID *int64
	TagID     *int64
}

const blockColumns = "id, user_id, package_id, tag_id"

func scanBlock(s db.Scanner) (b Block, err error) {
	return b, s.Scan(&b.ID, &b.UserID, &b.PackageID, &b.TagID)
}

// GetBlock gives a block by its number.
func GetBlock(ctx context.Context, tx *db.Tx, id int64) (Block, error) {
	got, err := db.All(ctx, tx, scanBlock, "SELECT "+blockColumns+" FROM build_notifications_block WHERE id = $1", id)
	return one("notify.GetBlock", got, err, "No notification block with ID %d found", id)
}

// Blocks gives a user's blocks.
func Blocks(ctx context.Context, tx *db.Tx, user int64) ([]Block, error) {
	got, err := db.All(ctx, tx, scanBlock, "SELECT "+blockColumns+" FROM build_notifications_block WHERE user_id = $1 ORDER BY id", user)
	return got, kura.E("notify.Blocks", err)
}

// CreateBlock makes a block for a user.
func CreateBlock(ctx context.Context, tx *db.Tx, by account.Actor, u account.User, pkg, tag *int64) error {
	const op = "notify.CreateBlock"
	if u.ID != by.ID && !by.Has(account.Admin) {
		return kura.Errorf(op, kura.Invalid, "user %s cannot create notification blocks for user %s", by.Name, u.Name)
	}
	all, err := Blocks(ctx, tx, u.ID)
	if err != nil {
		return kura.E(op, err)
	}
	for _, b := range all {
		if equal(b.PackageID, pkg) && equal(b.TagID, tag) {
			return kura.Errorf(op, kura.Exists, "notification already exists")
		}
	}
	_, err = tx.Exec(ctx, "INSERT INTO build_notifications_block (user_id, package_id, tag_id) VALUES ($1, $2, $3)", u.ID, pkg, tag)
	return kura.E(op, err)
}

// DeleteBlock ends a block.
func DeleteBlock(ctx context.Context, tx *db.Tx, by account.Actor, id int64) error {
	const op = "notify.DeleteBlock"
	b, err := GetBlock(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := mine(op, by, b.UserID, "delete notification blocks"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM build_notifications_block WHERE id = $1", id)
	return kura.E(op, err)
}
