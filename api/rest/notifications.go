package rest

import (
	"context"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/notify"
	"github.com/kura-build/kura/hub/tag"
)

// notificationView is somebody's wish to hear of builds.
type notificationView struct {
	ID          int64  `json:"id"`
	PackageID   *int64 `json:"package_id,omitempty" doc:"none: all"`
	TagID       *int64 `json:"tag_id,omitempty" doc:"none: all"`
	SuccessOnly bool   `json:"success_only"`
	Email       string `json:"email"`
}

func viewNotification(n notify.Notification) notificationView {
	return notificationView{n.ID, n.PackageID, n.TagID, n.SuccessOnly, n.Email}
}

// blockView is somebody's wish not to hear of builds.
type blockView struct {
	ID        int64  `json:"id"`
	PackageID *int64 `json:"package_id,omitempty" doc:"none: all"`
	TagID     *int64 `json:"tag_id,omitempty" doc:"none: all"`
}

func viewBlock(b notify.Block) blockView { return blockView{b.ID, b.PackageID, b.TagID} }

// Subject says of which builds is told, or not.
type Subject struct {
	Package string `json:"package,omitempty" doc:"none: all"`
	Tag     string `json:"tag,omitempty" doc:"none: all"`
}

func (in *Subject) find(ctx context.Context, c *call) (pkg, of *int64, err error) {
	if in.Package != "" {
		p, err := tag.GetPackage(ctx, c.tx, tag.ByName(in.Package))
		if err != nil {
			return nil, nil, err
		}
		pkg = &p.ID
	}
	if in.Tag != "" {
		t, err := tag.Lookup(ctx, c.tx, tag.ByName(in.Tag))
		if err != nil {
			return nil, nil, err
		}
		of = &t.ID
	}
	return pkg, of, nil
}

// Whose says for whom something is, which only administrators may for others.
type Whose struct {
	User string `json:"user,omitempty" query:"user" doc:"none: the caller"`
}

func (in *Whose) find(ctx context.Context, c *call) (account.User, error) {
	switch {
	case in.User != "":
		return account.Get(ctx, c.tx, account.ByName(in.User))
	case !c.by.LoggedIn():
		return account.User{}, kura.Errorf("rest.notifications", kura.Invalid, "say whose: user, or log in")
	}
	return account.Get(ctx, c.tx, account.ByID(c.by.ID))
}

func (s *Server) notifications() {
	id := func(n notify.Notification) int64 { return n.ID }
	read(s, "list-notifications", func(ctx context.Context, c *call, in *struct {
		Paging
		Whose
	}) (page pageOf[notificationView], err error) {
		u, err := in.Whose.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := notify.List(ctx, c.tx, u.ID)
		if err != nil {
			return page, err
		}
		return numbered(&in.Paging, all, id, viewNotification)
	})
	read(s, "get-notification", func(ctx context.Context, c *call, in *ByNumber) (notificationView, error) {
		n, err := notify.Get(ctx, c.tx, in.ID)
		return viewNotification(n), err
	})
	type Wish struct {
		Subject
		SuccessOnly bool `json:"success_only,omitempty" doc:"not of failures"`
	}
	write(s, "create-notification", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Whose
			Wish
		}
	}) (v notificationView, err error) {
		u, err := in.Body.Whose.find(ctx, c)
		if err != nil {
			return v, err
		}
		pkg, of, err := in.Body.Subject.find(ctx, c)
		if err != nil {
			return v, err
		}
		if err := notify.Create(ctx, c.tx, c.by, u, pkg, of, in.Body.SuccessOnly, s.MailDomain); err != nil {
			return v, err
		}
		all, err := notify.List(ctx, c.tx, u.ID)
		if err != nil || len(all) == 0 {
			return v, err
		}
		return viewNotification(all[len(all)-1]), nil
	})
	write(s, "edit-notification", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		ByNumber
		Body Wish
	}) (v notificationView, err error) {
		pkg, of, err := in.Body.find(ctx, c)
		if err != nil {
			return v, err
		}
		err = notify.Update(ctx, c.tx, c.by, in.ID, pkg, of, in.Body.SuccessOnly)
		if err != nil {
			return v, err
		}
		n, err := notify.Get(ctx, c.tx, in.ID)
		return viewNotification(n), err
	})
	write(s, "delete-notification", http.StatusOK, func(ctx context.Context, c *call, in *ByNumber) (none, error) {
		return none{}, notify.Delete(ctx, c.tx, c.by, in.ID)
	})
	s.notificationBlocks()
}

func (s *Server) notificationBlocks() {
	read(s, "list-notification-blocks", func(ctx context.Context, c *call, in *struct {
		Paging
		Whose
	}) (page pageOf[blockView], err error) {
		u, err := in.Whose.find(ctx, c)
		if err != nil {
			return page, err
		}
		all, err := notify.Blocks(ctx, c.tx, u.ID)
		if err != nil {
			return page, err
		}
		return numbered(&in.Paging, all, func(b notify.Block) int64 { return b.ID }, viewBlock)
	})
	read(s, "get-notification-block", func(ctx context.Context, c *call, in *ByNumber) (blockView, error) {
		b, err := notify.GetBlock(ctx, c.tx, in.ID)
		return viewBlock(b), err
	})
	write(s, "create-notification-block", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Whose
			Subject
		}
	}) (v blockView, err error) {
		u, err := in.Body.Whose.find(ctx, c)
		if err != nil {
			return v, err
		}
		pkg, of, err := in.Body.Subject.find(ctx, c)
		if err != nil {
			return v, err
		}
		if err := notify.CreateBlock(ctx, c.tx, c.by, u, pkg, of); err != nil {
			return v, err
		}
		all, err := notify.Blocks(ctx, c.tx, u.ID)
		if err != nil || len(all) == 0 {
			return v, err
		}
		return viewBlock(all[len(all)-1]), nil
	})
	write(s, "delete-notification-block", http.StatusOK, func(ctx context.Context, c *call, in *ByNumber) (none, error) {
		return none{}, notify.DeleteBlock(ctx, c.tx, c.by, in.ID)
	})
}
