package tag

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// Access says whether an actor may tag builds with a tag: it is not locked, and
// the actor holds the permission that it asks for (being an admin is not enough
// for that). override says whether force would help, reason why not.
func Access(ctx context.Context, tx *db.Tx, a account.Actor, tag Ref) (ok, override bool, reason string, err error) {
	t, err := Get(ctx, tx, tag, 0)
	if err != nil {
		return false, false, "", err
	}
	override = a.Has(account.Admin)
	switch {
	case t.Locked:
		return false, override, "tag is locked", nil
	case t.Perm != nil && !a.Holds(*t.Perm):
		return false, override, "tag requires " + *t.Perm + " permission", nil
	}
	return true, override, "", nil
}

// CheckAccess is Access as an error; force lets admins past.
func CheckAccess(ctx context.Context, tx *db.Tx, a account.Actor, tag Ref, force bool) error {
	ok, override, reason, err := Access(ctx, tx, a, tag)
	if err != nil || ok || override && force {
		return err
	}
	return kura.Errorf("tag.CheckAccess", kura.Denied, "%s (%s)", reason, tag)
}
