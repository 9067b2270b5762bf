package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
)

// Notifications carries out what people want to be told, and what not.
type Notifications struct {
	Domain string // of mail addresses
}

// Handlers are the methods.
func (h Notifications) Handlers() Handlers {
	return Handlers{
		"getBuildNotifications":      h.list,
		"getBuildNotification":       h.get,
		"createNotification":         h.create,
		"updateNotification":         h.update,
		"deleteNotification":         h.delete,
		"getBuildNotificationBlocks": h.blocks,
		"getBuildNotificationBlock":  h.block,
		"createNotificationBlock":    h.createBlock,
		"deleteNotificationBlock":    h.deleteBlock,
	}
}

func notificationStruct(n notify.Notification) xmlrpc.Struct {
	return record("id", n.ID, "user_id", n.UserID, "package_id", deref(n.PackageID), "tag_id", deref(n.TagID), "success_only", n.SuccessOnly, "email", n.Email)
}

func blockStruct(b notify.Block) xmlrpc.Struct {
	return record("id", b.ID, "user_id", b.UserID, "package_id", deref(b.PackageID), "tag_id", deref(b.TagID))
}

// who is the user that a call names, or its caller.
func (Notifications) who(ctx context.Context, c *Call) (account.User, error) {
	ref := account.Ref(c.Args.Ref("userID"))
	if err := c.Args.Err(); err != nil {
		return account.User{}, err
	}
	if ref == (account.Ref{}) {
		if !c.Actor.LoggedIn() {
			return account.User{}, kura.Errorf("koji.notifications", kura.Invalid, "No such user: None")
		}
		ref.ID = c.Actor.ID
	}
	return account.Get(ctx, c.Tx, ref)
}

func (h Notifications) list(ctx context.Context, c *Call) (any, error) {
	u, err := h.who(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := notify.List(ctx, c.Tx, u.ID)
	rows := make([]xmlrpc.Struct, len(all))
	for i, n := range all {
		rows[i] = notificationStruct(n)
	}
	return rows, err
}

func (h Notifications) blocks(ctx context.Context, c *Call) (any, error) {
	u, err := h.who(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := notify.Blocks(ctx, c.Tx, u.ID)
	rows := make([]xmlrpc.Struct, len(all))
	for i, b := range all {
		rows[i] = blockStruct(b)
	}
	return rows, err
}

func (Notifications) get(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.Int("id"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	n, err := notify.Get(ctx, c.Tx, id)
	return lookedUp(strict, notificationStruct(n), err)
}

func (Notifications) block(ctx context.Context, c *Call) (any, error) {
	id, strict := c.Args.Int("id"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	b, err := notify.GetBlock(ctx, c.Tx, id)
	return lookedUp(strict, blockStruct(b), err)
}

// subject reads of which package and tag a call speaks; nil is of all.
func subject(ctx context.Context, c *Call) (pkg, in *int64, err error) {
	p, t := tagRef(c.Args, "package_id"), tagRef(c.Args, "tag_id")
	if err := c.Args.Err(); err != nil {
		return nil, nil, err
	}
	if p != (tag.Ref{}) {
		n, err := tag.GetPackage(ctx, c.Tx, p)
		if err != nil {
			return nil, nil, err
		}
		pkg = &n.ID
	}
	if t != (tag.Ref{}) {
		n, err := tag.Lookup(ctx, c.Tx, t)
		if err != nil {
			return nil, nil, err
		}
		in = &n.ID
	}
	return pkg, in, nil
}

// subscriber is the user for whom something is made.
func subscriber(ctx context.Context, c *Call) (account.User, error) {
	ref := account.Ref(c.Args.Ref("user_id"))
	if err := c.Args.Err(); err != nil {
		return account.User{}, err
	}
	u, err := account.Get(ctx, c.Tx, ref)
	if kura.Is(err, kura.NotFound) {
		err = fault(genericError, "No such user ID: %s", ref)
	}
	return u, err
}

func (h Notifications) create(ctx context.Context, c *Call) (any, error) {
	u, err := subscriber(ctx, c)
	if err != nil {
		return nil, err
	}
	pkg, in, err := subject(ctx, c)
	if err != nil {
		return nil, err
	}
	return nothing(notify.Create(ctx, c.Tx, c.Actor, u, pkg, in, c.Args.Bool("success_only"), h.Domain))
}

func (Notifications) createBlock(ctx context.Context, c *Call) (any, error) {
	u, err := subscriber(ctx, c)
	if err != nil {
		return nil, err
	}
	pkg, in, err := subject(ctx, c)
	if err != nil {
		return nil, err
	}
	return nothing(notify.CreateBlock(ctx, c.Tx, c.Actor, u, pkg, in))
}

func (Notifications) update(ctx context.Context, c *Call) (any, error) {
	id, only := c.Args.Int("id"), c.Args.Bool("success_only")
	pkg, in, err := subject(ctx, c)
	if err != nil {
		return nil, err
	}
	return nothing(notify.Update(ctx, c.Tx, c.Actor, id, pkg, in, only))
}

func (Notifications) delete(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(notify.Delete(ctx, c.Tx, c.Actor, id))
}

func (Notifications) deleteBlock(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(notify.DeleteBlock(ctx, c.Tx, c.Actor, id))
}
