package koji

import (
	"context"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// maxDays bounds the life of a token: a hundred years.
const maxDays = 36500

// Tokens carries out what concerns tokens and passwords.
type Tokens struct{ Sessions *account.Sessions }

// Handlers are the methods.
func (h Tokens) Handlers() Handlers {
	return Handlers{
		"kura.createToken": h.create,
		"kura.listTokens":  h.list,
		"kura.revokeToken": h.revoke,
		"kura.setPassword": h.password,
	}
}

func (h Tokens) create(ctx context.Context, c *Call) (any, error) {
	name, days := c.Args.String("name"), c.Args.OptDouble("days")
	opts := optReader{opts: map[string]any{"scopes": c.Args.Any("scopes")}}
	scopes := opts.strings("scopes")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if opts.err != nil {
		return nil, opts.err
	}
	var life time.Duration
	if days != nil {
		if !(*days > 0 && *days <= maxDays) {
			return nil, kura.Errorf("koji.createToken", kura.Invalid, "a token lives for up to %d days, not for %v", maxDays, *days)
		}
		life = time.Duration(*days * float64(24*time.Hour))
	}
	t, secret, err := h.Sessions.OwnToken(ctx, c.Tx, c.Actor, name, scopes, life)
	if err != nil {
		return nil, err
	}
	return append(tokenStruct(t), xmlrpc.Member{Name: "token", Value: secret}), nil
}

func tokenStruct(t account.Token) xmlrpc.Struct {
	scopes := t.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	return record("id", t.ID, "name", t.Name, "scopes", scopes, "created", TimeTS(t.Created), "expires", TimeTS(t.Expires))
}

func (Tokens) list(ctx context.Context, c *Call) (any, error) {
	all, err := account.Tokens(ctx, c.Tx, c.Actor.ID)
	out := make([]xmlrpc.Struct, len(all))
	for i, t := range all {
		out[i] = tokenStruct(t)
	}
	return out, err
}

func (h Tokens) revoke(ctx context.Context, c *Call) (any, error) {
	id := c.Args.Int("id")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(h.Sessions.RevokeToken(ctx, c.Tx, c.Actor, id))
}

func (Tokens) password(ctx context.Context, c *Call) (any, error) {
	password := c.Args.String("password")
	user, err := userArg(ctx, c, "user")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return nothing(account.ChangePassword(ctx, c.Tx, c.Actor, user, password))
}
