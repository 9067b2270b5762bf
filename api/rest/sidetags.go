package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// sideView is a side tag: a tag that somebody made for builds of their own,
// with a target of the same name.
type sideView struct {
	ID    int64   `json:"id"`
	Name  string  `json:"name"`
	Owner *string `json:"owner,omitempty"`
}

func (s *Server) sideTags() {
	read(s, "list-side-tags", func(ctx context.Context, c *call, in *struct {
		Paging
		Base  string `query:"base" doc:"only those on top of this tag"`
		Owner string `query:"owner"`
	}) (page pageOf[sideView], err error) {
		var q tag.SideQuery
		if in.Owner != "" {
			u, err := account.Get(ctx, c.tx, account.ByName(in.Owner))
			if err != nil {
				return page, err
			}
			q.User = u.ID
		}
		if in.Base != "" {
			t, err := tag.Get(ctx, c.tx, tag.ByName(in.Base), 0)
			if err != nil {
				return page, err
			}
			q.Base = t.ID
		}
		all, err := tag.ListSide(ctx, c.tx, q)
		if err != nil {
			return page, err
		}
		slices.SortFunc(all, func(a, b tag.SideTag) int { return strings.Compare(a.Name, b.Name) })
		return cut(&in.Paging, all, func(t tag.SideTag) string { return t.Name }, func(t tag.SideTag) sideView { return sideView{t.ID, t.Name, t.User} })
	})
	write(s, "create-side-tag", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Base      string `json:"base" minLength:"1" doc:"the tag to inherit from"`
			Debuginfo bool   `json:"debuginfo,omitempty" doc:"its repositories have debuginfo"`
			Suffix    string `json:"suffix,omitempty" doc:"behind its name: one that is allowed here"`
		}
	}) (v tagView, err error) {
		n, err := s.Side.Create(ctx, c.tx, c.by, tag.ByName(in.Body.Base), in.Body.Debuginfo, in.Body.Suffix)
		if err != nil {
			return v, err
		}
		t, err := tag.Get(ctx, c.tx, tag.ByID(n.ID), 0)
		return viewTag(t), err
	})
	write(s, "edit-side-tag", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InTag
		Body struct {
			Debuginfo    *bool          `json:"debuginfo,omitempty"`
			Macros       map[string]any `json:"rpm_macros,omitempty" doc:"as far as the tag below allows them"`
			RemoveMacros []string       `json:"remove_rpm_macros,omitempty"`
			Extra        map[string]any `json:"extra,omitempty" doc:"with permission sidetag_admin"`
			RemoveExtra  []string       `json:"remove_extra,omitempty" doc:"with permission sidetag_admin"`
		}
	}) (v tagView, err error) {
		b := &in.Body
		ch := tag.SideChange{Debuginfo: b.Debuginfo, Macros: b.Macros, RemoveMacros: b.RemoveMacros, Extra: b.Extra, RemoveExtra: b.RemoveExtra,
			OtherExtra: b.Extra != nil || b.RemoveExtra != nil}
		if err := tag.EditSide(ctx, c.tx, c.by, tag.ByName(in.Tag), ch); err != nil {
			return v, err
		}
		t, err := tag.Get(ctx, c.tx, tag.ByName(in.Tag), 0)
		return viewTag(t), err
	})
	write(s, "remove-side-tag", http.StatusOK, func(ctx context.Context, c *call, in *InTag) (none, error) {
		return none{}, tag.RemoveSide(ctx, c.tx, c.by, tag.ByName(in.Tag))
	})
}
