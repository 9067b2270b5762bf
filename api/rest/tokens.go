package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// tokenView is a token of the caller's, by which programs log in.
type tokenView struct {
	ID      int64      `json:"id"`
	Name    string     `json:"name" doc:"what it is for"`
	Scopes  []string   `json:"scopes" doc:"the permissions that it may use of the caller's; * is all of them"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty" doc:"none: never"`
	Secret  string     `json:"token,omitempty" doc:"the token itself: in the answer to its making, and nowhere else"`
}

func viewToken(t account.Token) tokenView {
	v := tokenView{ID: t.ID, Name: t.Name, Scopes: append([]string{}, t.Scopes...), Created: db.Time(t.Created)}
	if t.Expires != 0 {
		v.Expires = when(&t.Expires)
	}
	return v
}

// withoutSecret is what is kept for who repeats a request.
func (t tokenView) withoutSecret() any { t.Secret = ""; return t }

func (s *Server) tokens() {
	read(s, "list-tokens", func(ctx context.Context, c *call, in *Paging) (page pageOf[tokenView], err error) {
		all, err := account.Tokens(ctx, c.tx, c.by.ID)
		if err != nil {
			return page, err
		}
		return numbered(in, all, func(t account.Token) int64 { return t.ID }, viewToken)
	})
	write(s, "create-token", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name   string   `json:"name" minLength:"1" doc:"what it is for"`
			Scopes []string `json:"scopes,omitempty" doc:"permissions that it may use of the caller's; none: only what everybody may"`
			Days   int      `json:"days,omitempty" minimum:"1" maximum:"36500" doc:"how long it lives; none: as long as the login that makes it"`
		}
	}) (v tokenView, err error) {
		t, secret, err := s.Sessions.OwnToken(ctx, c.tx, c.by, in.Body.Name, in.Body.Scopes, time.Duration(in.Body.Days)*24*time.Hour)
		if err != nil {
			return v, err
		}
		v = viewToken(t)
		v.Secret = secret
		return v, nil
	})
	write(s, "revoke-token", http.StatusOK, func(ctx context.Context, c *call, in *ByNumber) (none, error) {
		return none{}, s.Sessions.RevokeToken(ctx, c.tx, c.by, in.ID)
	})
}
