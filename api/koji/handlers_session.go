package koji

import (
	"context"
	"slices"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// sessionInfo tells about the caller's session, or about all that a user has.
// Builders read from it since when they are logged in.
func (Accounts) sessionInfo(ctx context.Context, c *Call) (any, error) {
	details, all := c.Args.Bool("details"), truthy(c.Args.Any("user_id"))
	user := c.Actor.ID
	if all {
		u, err := userArg(ctx, c, "user_id")
		if err != nil {
			return nil, err
		}
		if user = u.ID; user != c.Actor.ID && !c.Actor.Has(account.Admin) {
			return nil, kura.Errorf("koji.getSessionInfo", kura.Denied, "only admins or owners may see all active sessions")
		}
	}
	sessions, err := account.ListSessions(ctx, c.Tx, user)
	if err != nil {
		return nil, err
	}
	if all {
		rows := make([]xmlrpc.Struct, len(sessions))
		for i, s := range sessions {
			rows[i] = sessionStruct(s, details)
		}
		return rows, nil
	}
	i := slices.IndexFunc(sessions, func(s account.SessionInfo) bool { return s.ID == c.Actor.Session })
	if i < 0 {
		return nil, nil // a token has no session
	}
	return sessionStruct(sessions[i], details), nil
}

func sessionStruct(s account.SessionInfo, details bool) xmlrpc.Struct {
	renew := moment(s.Renew)
	r := record("user_id", s.User, "expired", s.Expired, "master", deref(s.Master), "authtype", s.Authtype,
		"callnum", deref(s.Callnum), "start_time", TimeText(s.Start), "start_ts", TimeTS(s.Start),
		"update_time", TimeText(s.Update), "update_ts", TimeTS(s.Update),
		"renew_time", TimeText(renew), "renew_ts", TimeTS(renew), "exclusive", trueOrNil(s.Exclusive))
	if details {
		r = append(r, record("hostip", s.IP, "id", s.ID)...)
	}
	return r
}
