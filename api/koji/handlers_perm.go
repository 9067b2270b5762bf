package koji

import (
	"context"
	"maps"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

func (Accounts) hasPerm(ctx context.Context, c *Call) (any, error) {
	perm, strict := c.Args.String("perm"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if strict {
		if _, err := account.GetPerm(ctx, c.Tx, account.ByName(perm)); err != nil {
			return nil, err
		}
	}
	return slices.Contains(c.Actor.PermNames(), perm), nil // what admin implies is not told
}

func (Accounts) allPerms(ctx context.Context, c *Call) (any, error) {
	perms, err := account.ListPerms(ctx, c.Tx)
	rows := make([]xmlrpc.Struct, len(perms))
	for i, p := range perms {
		var description any
		if p.Description.Valid {
			description = p.Description.String
		}
		rows[i] = record("id", p.ID, "name", p.Name, "description", description)
	}
	return rows, err
}

func (Accounts) userPerms(ctx context.Context, c *Call) (any, error) {
	groups := c.Args.Bool("with_groups")
	u, err := userArg(ctx, c, "userID")
	if err != nil {
		return nil, err
	}
	perms, err := account.PermsOf(ctx, c.Tx, u.ID, 0, groups)
	return slices.Sorted(maps.Keys(perms)), err
}

// userPermsInheritance names the groups that a permission comes through, and
// nil for the user itself.
func (Accounts) userPermsInheritance(ctx context.Context, c *Call) (any, error) {
	u, err := userArg(ctx, c, "userID")
	if err != nil {
		return nil, err
	}
	perms, err := account.PermsOf(ctx, c.Tx, u.ID, 0, true)
	out := map[string]any{}
	for perm, groups := range perms {
		sources := make([]any, len(groups))
		for i, g := range groups {
			sources[i] = orNil(g)
		}
		out[perm] = sources
	}
	return out, err
}

func (Accounts) grant(ctx context.Context, c *Call) (any, error) {
	const op = "koji.grantPermission"
	perm, create, description := c.Args.Ref("permission"), c.Args.Bool("create"), c.Args.OptString("description")
	u, err := userArg(ctx, c, "userinfo")
	if err != nil {
		return nil, err
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if description != nil && !create {
		return nil, kura.Errorf(op, kura.Invalid, "Description should be specified only with create.")
	}
	ref := account.Ref(perm)
	if create {
		if err := createPerm(ctx, c, ref, description); err != nil {
			return nil, err
		}
	}
	return nothing(account.Grant(ctx, c.Tx, c.Actor, account.ByID(u.ID), ref))
}

// createPerm makes a permission that is not there yet; one that is gets the
// description.
func createPerm(ctx context.Context, c *Call, ref account.Ref, description *string) error {
	text := ""
	if description != nil {
		text = *description
	}
	_, err := account.GetPerm(ctx, c.Tx, ref)
	switch {
	case kura.Is(err, kura.NotFound) && ref.Name != "":
		_, err = account.CreatePerm(ctx, c.Tx, ref.Name, text)
	case err == nil && text != "":
		err = account.DescribePerm(ctx, c.Tx, ref, text)
	}
	return err
}

func (Accounts) revoke(ctx context.Context, c *Call) (any, error) {
	perm := c.Args.Ref("permission")
	u, err := userArg(ctx, c, "userinfo")
	if err != nil {
		return nil, err
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(account.Revoke(ctx, c.Tx, c.Actor, account.ByID(u.ID), account.Ref(perm)))
}

func (Accounts) describe(ctx context.Context, c *Call) (any, error) {
	perm, description := c.Args.Ref("permission"), c.Args.String("description")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(account.DescribePerm(ctx, c.Tx, account.Ref(perm), description))
}

func (Accounts) newGroup(ctx context.Context, c *Call) (any, error) {
	name := c.Args.String("name")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	g, err := account.NewGroup(ctx, c.Tx, name)
	return g.ID, err
}

func (Accounts) addMember(ctx context.Context, c *Call) (any, error) {
	group, user, strict := c.Args.Ref("group"), c.Args.Ref("user"), c.Args.Bool("strict")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	err := account.AddMember(ctx, c.Tx, c.Actor, account.Ref(group), account.Ref(user))
	if !strict && kura.Is(err, kura.Exists) {
		err = nil
	}
	return nothing(err)
}

func (Accounts) dropMember(ctx context.Context, c *Call) (any, error) {
	group, user := c.Args.Ref("group"), c.Args.Ref("user")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	return nothing(account.DropMember(ctx, c.Tx, c.Actor, account.Ref(group), account.Ref(user)))
}

func (Accounts) members(ctx context.Context, c *Call) (any, error) {
	group := c.Args.Ref("group")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	users, err := account.Members(ctx, c.Tx, account.Ref(group))
	if err != nil {
		return nil, err
	}
	rows := make([]xmlrpc.Struct, len(users))
	for i, u := range users {
		p, err := account.Principals(ctx, c.Tx, u.ID)
		if err != nil {
			return nil, err
		}
		rows[i] = record("id", u.ID, "name", u.Name, "usertype", u.Type, "krb_principals", p)
	}
	return rows, nil
}

func (Accounts) groups(ctx context.Context, c *Call) (any, error) {
	u, err := userArg(ctx, c, "user")
	if err != nil {
		return nil, err
	}
	in, err := account.GroupsOf(ctx, c.Tx, u.ID)
	rows := make([]xmlrpc.Struct, len(in))
	for i, g := range in {
		rows[i] = record("id", g.ID, "name", g.Name)
	}
	return rows, err
}
