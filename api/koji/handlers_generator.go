package koji

import (
	"context"

	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/build"
)

func (Builds) grantGenerator(ctx context.Context, c *Call) (any, error) {
	g, create := account.Ref(c.Args.Ref("cg")), c.Args.Bool("create")
	u, err := userArg(ctx, c, "user")
	if err != nil {
		return nil, err
	}
	return nothing(build.GrantGenerator(ctx, c.Tx, c.Actor, u.ID, g, create))
}

func (Builds) revokeGenerator(ctx context.Context, c *Call) (any, error) {
	g := account.Ref(c.Args.Ref("cg"))
	u, err := userArg(ctx, c, "user")
	if err != nil {
		return nil, err
	}
	return nothing(build.RevokeGenerator(ctx, c.Tx, c.Actor, u.ID, g))
}

func (Builds) generators(ctx context.Context, c *Call) (any, error) {
	all, err := build.Generators(ctx, c.Tx)
	out := xmlrpc.Struct{}
	for _, g := range all {
		out = append(out, xmlrpc.Member{Name: g.Name, Value: record("id", g.ID, "users", g.Users)})
	}
	return out, err
}

// reserve begins a build for a content generator. What else it says of the build
// comes with the import.
func (Builds) reserve(ctx context.Context, c *Call) (any, error) {
	g, data := account.Ref(c.Args.Ref("cg")), c.Args.Map("data")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if truthy(data["draft"]) {
		return nil, fault(genericError, "Draft build is not supported")
	}
	r := optReader{opts: data}
	n := build.New{Name: r.string("name"), Version: r.string("version"), Release: r.string("release"), Epoch: r.optInt("epoch")}
	if r.err != nil {
		return nil, r.err
	}
	b, token, err := build.Reserve(ctx, c.Tx, c.Actor, g, n)
	if err != nil {
		return nil, err
	}
	return record("build_id", b.ID, "token", token), nil
}

func (Builds) refund(ctx context.Context, c *Call) (any, error) {
	g, id, token := account.Ref(c.Args.Ref("cg")), c.Args.Int("build_id"), c.Args.String("token")
	state := build.Failed
	if n := c.Args.OptInt("state"); n != nil {
		state = build.State(*n)
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(build.Refund(ctx, c.Tx, c.Actor, g, id, token, state))
}
