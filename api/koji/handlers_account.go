package koji

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// Accounts carries out what concerns users, groups and permissions.
type Accounts struct{}

// Handlers are the methods.
func (h Accounts) Handlers() Handlers {
	return Handlers{
		"getLoggedInUser":         h.loggedIn,
		"getUser":                 h.get,
		"createUser":              h.create,
		"listUsers":               h.list,
		"editUser":                h.edit,
		"enableUser":              h.status(account.Normal),
		"disableUser":             h.status(account.Blocked),
		"addUserKrbPrincipal":     h.principal(account.AddPrincipal),
		"removeUserKrbPrincipal":  h.principal(account.RemovePrincipal),
		"getPerms":                func(_ context.Context, c *Call) (any, error) { return c.Actor.PermNames(), nil },
		"hasPerm":                 h.hasPerm,
		"getAllPerms":             h.allPerms,
		"getUserPerms":            h.userPerms,
		"getUserPermsInheritance": h.userPermsInheritance,
		"grantPermission":         h.grant,
		"revokePermission":        h.revoke,
		"editPermission":          h.describe,
		"newGroup":                h.newGroup,
		"addGroupMember":          h.addMember,
		"dropGroupMember":         h.dropMember,
		"getGroupMembers":         h.members,
		"getUserGroups":           h.groups,
		"getSessionInfo":          h.sessionInfo,
	}
}

// userArg finds the user that an argument names: by id, name, principal, or a
// struct with one of them. nil is the caller.
func userArg(ctx context.Context, c *Call, name string) (account.User, error) {
	const op = "koji.user"
	v := c.Args.Any(name)
	if m, ok := v.(map[string]any); ok && m["id"] == nil && m["name"] == nil {
		if p, ok := m["krb_principal"].(string); ok {
			v = p
		}
	}
	switch v := v.(type) {
	case nil:
		if c.Actor.ID == 0 {
			return account.User{}, kura.Errorf(op, kura.Invalid, "No user provided")
		}
		return account.Get(ctx, c.Tx, account.ByID(c.Actor.ID))
	case string:
		return account.Get(ctx, c.Tx, account.ByName(v))
	}
	ref := c.Args.Ref(name)
	if err := c.Args.Err(); err != nil {
		return account.User{}, err
	}
	return account.Get(ctx, c.Tx, account.Ref(ref))
}

// userStruct is how Koji shows a user, without its principals.
func userStruct(u account.User) xmlrpc.Struct {
	return record("id", u.ID, "name", u.Name, "status", u.Status, "usertype", u.Type)
}

func withPrincipals(ctx context.Context, tx *db.Tx, u account.User) (xmlrpc.Struct, []string, error) {
	p, err := account.Principals(ctx, tx, u.ID)
	return append(userStruct(u), xmlrpc.Member{Name: "krb_principals", Value: p}), p, err
}

func (Accounts) loggedIn(ctx context.Context, c *Call) (any, error) {
	if c.Actor.ID == 0 {
		return nil, nil
	}
	u, err := account.Get(ctx, c.Tx, account.ByID(c.Actor.ID))
	if err != nil {
		return nil, err
	}
	s, principals, err := withPrincipals(ctx, c.Tx, u)
	var first any
	if len(principals) > 0 {
		first = principals[0]
	}
	return append(s, xmlrpc.Member{Name: "authtype", Value: c.Actor.Authtype},
		xmlrpc.Member{Name: "krb_principal", Value: first}), err
}

func (Accounts) get(ctx context.Context, c *Call) (any, error) {
	strict, principals, groups := c.Args.Bool("strict"), c.Args.Bool("krb_princs"), c.Args.Bool("groups")
	u, err := userArg(ctx, c, "userInfo")
	if err != nil {
		return lookedUp(strict, nil, err)
	}
	s := userStruct(u)
	if principals {
		if s, _, err = withPrincipals(ctx, c.Tx, u); err != nil {
			return nil, err
		}
	}
	if groups {
		in, err := account.GroupsOf(ctx, c.Tx, u.ID)
		if err != nil {
			return nil, err
		}
		names := make([]string, len(in))
		for i, g := range in {
			names[i] = g.Name
		}
		s = append(s, xmlrpc.Member{Name: "groups", Value: names})
	}
	return s, nil
}

func (Accounts) create(ctx context.Context, c *Call) (any, error) {
	name, status, principal := c.Args.String("username"), c.Args.OptInt("status"), c.Args.OptString("krb_principal")
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	u, err := account.Create(ctx, c.Tx, name, account.Person)
	if err == nil && principal != nil && *principal != "" {
		err = account.AddPrincipal(ctx, c.Tx, u.ID, *principal)
	}
	if err == nil && status != nil {
		err = account.SetStatus(ctx, c.Tx, u.ID, int(*status))
	}
	return u.ID, err
}

func (Accounts) list(ctx context.Context, c *Call) (any, error) {
	q := account.Query{Inherited: c.Args.Bool("inherited_perm")}
	for _, t := range c.Args.Ints("userType") {
		q.Types = append(q.Types, int(t))
	}
	if p := c.Args.OptString("prefix"); p != nil {
		q.Prefix = *p
	}
	if p := c.Args.OptString("perm"); p != nil {
		q.Perm = *p
	}
	opts := c.Args.QueryOpts()
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	users, err := account.List(ctx, c.Tx, q)
	if err != nil {
		return nil, err
	}
	return usersWithPrincipals(ctx, c.Tx, users, opts)
}

// usersWithPrincipals cuts the list before it asks for the principals of those
// who are left.
func usersWithPrincipals(ctx context.Context, tx *db.Tx, users []account.User, opts QueryOpts) (any, error) {
	rows := make([]xmlrpc.Struct, len(users))
	for i, u := range users {
		rows[i] = append(userStruct(u), xmlrpc.Member{Name: "krb_principals"})
	}
	asList := opts.AsList
	opts.AsList = false
	v, err := opts.Apply(rows)
	page, ok := v.([]xmlrpc.Struct)
	if err != nil || !ok {
		return v, err
	}
	for _, row := range page {
		p, err := account.Principals(ctx, tx, row[0].Value.(int64))
		if err != nil {
			return nil, err
		}
		row[len(row)-1].Value = p
	}
	return QueryOpts{AsList: asList, Limit: -1}.Apply(page)
}

func (Accounts) status(status int) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		u, err := userArg(ctx, c, "username")
		if err != nil {
			return nil, err
		}
		return nothing(account.SetStatus(ctx, c.Tx, u.ID, status))
	}
}

func (Accounts) principal(change func(context.Context, *db.Tx, int64, string) error) Handler {
	return func(ctx context.Context, c *Call) (any, error) {
		principal := c.Args.String("krb_principal")
		u, err := userArg(ctx, c, "user")
		if err != nil {
			return nil, err
		}
		if err := c.Args.Err(); err != nil {
			return nil, err
		}
		err = change(ctx, c.Tx, u.ID, principal)
		if kura.Is(err, kura.NotFound) {
			return nil, fault(authError, "cannot remove Kerberos Principal: %s with user %s", principal, u.Name)
		}
		return u.ID, err
	}
}

// edit renames a user, and changes its principals by pairs of old and new.
func (Accounts) edit(ctx context.Context, c *Call) (any, error) {
	name, pairs := c.Args.OptString("name"), c.Args.List("krb_principal_mappings")
	u, err := userArg(ctx, c, "userInfo")
	if err != nil {
		return nil, err
	}
	if err := c.Args.Err(); err != nil {
		return nil, err
	}
	if name != nil && *name != "" {
		if err := account.Rename(ctx, c.Tx, u.ID, *name); err != nil {
			return nil, err
		}
	}
	for _, step := range []struct {
		member string
		change func(context.Context, *db.Tx, int64, string) error
	}{{"old", account.RemovePrincipal}, {"new", account.AddPrincipal}} {
		for _, p := range pairs {
			m, ok := p.(map[string]any)
			if !ok {
				return nil, kura.Errorf("koji.editUser", kura.Invalid, "krb_principal_mappings: want structs of old and new, got %s", typeName(p))
			}
			principal, _ := m[step.member].(string)
			if principal == "" {
				continue
			}
			if err := step.change(ctx, c.Tx, u.ID, principal); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}
