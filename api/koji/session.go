package koji

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/format/xmlrpc"
	"github.com/kura-build/kura/hub/account"
)

// Sessions is what the front needs of the room of accounts; see
// account.Sessions for the contracts.
type Sessions interface {
	Check(ctx context.Context, tx *db.Tx, c account.Credentials) (account.Actor, error)
	Advance(ctx context.Context, tx *db.Tx, session, callnum int64, again bool) error
	Touch(ctx context.Context, tx *db.Tx, session int64) error
	CheckToken(ctx context.Context, tx *db.Tx, secret, ip string) (account.Actor, error)
	Recall(c account.Credentials, token string, at db.State) (account.Actor, bool)
	Remember(c account.Credentials, token string, at db.State, a account.Actor)

	Password(ctx context.Context, tx *db.Tx, name, password, ip string) (account.User, error)
	Certificate(ctx context.Context, tx *db.Tx, name string) (account.User, error)
	Principal(ctx context.Context, tx *db.Tx, principal string) (account.User, error)

	Open(ctx context.Context, tx *db.Tx, user account.User, authtype int, ip string) (account.Opened, error)
	Renew(ctx context.Context, tx *db.Tx, user account.User, c account.Credentials) (account.Opened, error)
	Subsession(ctx context.Context, tx *db.Tx, a account.Actor) (account.Opened, error)
	MakeExclusive(ctx context.Context, tx *db.Tx, a account.Actor, force bool) error
	MakeShared(ctx context.Context, tx *db.Tx, a account.Actor) error
	Logout(ctx context.Context, tx *db.Tx, a account.Actor, session int64) error
	LogoutChild(ctx context.Context, tx *db.Tx, a account.Actor, session int64) error
}

// who checks the session or the token of a call, once. A login may come with
// an expired session: that is how clients renew it.
func (s *Server) who(ctx context.Context, tx *db.Tx, q *request) (a account.Actor, err error) {
	switch {
	case q.known:
		return q.actor, nil
	case !q.cred.given():
		return account.Actor{IP: q.remote}, nil
	case q.cred.token != "":
		a, err = s.Sessions.CheckToken(ctx, tx, q.cred.token, q.remote)
	default:
		a, err = s.Sessions.Check(ctx, tx, q.cred.Credentials)
		if isLogin(q.method) && kura.Is(err, kura.Expired) {
			return account.Actor{IP: q.remote}, nil
		}
		q.stale = err == nil && a.Stale
	}
	if err == nil && q.looked {
		s.Sessions.Remember(q.cred.Credentials, q.cred.token, q.state, a)
	}
	return a, err
}

// advance notes the call's number in a transaction that writes: it counts if
// the call is committed, and a client that repeats the call is told so.
func (s *Server) advance(ctx context.Context, tx *db.Tx, q *request, a account.Actor) error {
	if a.Session == 0 {
		return nil
	}
	if q.cred.Callnum != nil {
		m := s.api.methods[q.method]
		if err := s.Sessions.Advance(ctx, tx, a.Session, *q.cred.Callnum, m != nil && m.Repeat); err != nil {
			return err
		}
	}
	if q.stale {
		q.stale = false
		return s.Sessions.Touch(ctx, tx, a.Session)
	}
	return nil
}

// touch notes that a session lives, when only reading calls have come for a
// while. The client does not wait for it.
func (s *Server) touch(ctx context.Context, w http.ResponseWriter, q *request) {
	if !q.stale {
		return
	}
	_ = http.NewResponseController(w).Flush() // without it, the client would wait
	err := s.DB.Update(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		return s.Sessions.Touch(ctx, tx, q.cred.Session)
	})
	if err != nil {
		s.Log.WarnContext(ctx, "session not touched", "session", q.cred.Session, "err", err)
	}
}

func isLogin(method string) bool { return method == "login" || method == "sslLogin" }

// Arguments of the methods that are declared with *args and **opts.
const (
	loginArgs     = "Session.login(self, user, password, opts=None, renew=False, exclusive=False)"
	sslLoginArgs  = "Session.sslLogin(self, proxyuser=None, proxyauthtype=None, renew=False, exclusive=None)"
	exclusiveArgs = "Session.makeExclusive(self, force=False)"
)

// rebind binds *args and **opts of a call to another signature.
func rebind(c *Call, signature string) (*Args, error) {
	sig, err := parseSignature(signature)
	if err != nil {
		return nil, err
	}
	return sig.bind(c.Args.Rest, c.Args.Keywords)
}

func (s *Server) sessionHandlers() Handlers {
	return Handlers{
		"login":    s.login,
		"sslLogin": s.sslLogin,
		"logout": func(ctx context.Context, c *Call) (any, error) {
			var id int64
			if n := c.Args.OptInt("session_id"); n != nil {
				id = *n
			}
			if err := c.Args.Err(); err != nil {
				return nil, err
			}
			return nil, s.Sessions.Logout(ctx, c.Tx, c.Actor, id)
		},
		"logoutChild": func(ctx context.Context, c *Call) (any, error) {
			id := c.Args.Int("session_id")
			if err := c.Args.Err(); err != nil {
				return nil, err
			}
			return nil, s.Sessions.LogoutChild(ctx, c.Tx, c.Actor, id)
		},
		"subsession": func(ctx context.Context, c *Call) (any, error) {
			o, err := s.Sessions.Subsession(ctx, c.Tx, c.Actor)
			return opened(o), err
		},
		"exclusiveSession": func(ctx context.Context, c *Call) (any, error) {
			args, err := rebind(c, exclusiveArgs)
			if err != nil {
				return nil, err
			}
			return nil, s.Sessions.MakeExclusive(ctx, c.Tx, c.Actor, args.Bool("force"))
		},
		"sharedSession": func(ctx context.Context, c *Call) (any, error) {
			return nil, s.Sessions.MakeShared(ctx, c.Tx, c.Actor)
		},
	}
}

func opened(o account.Opened) xmlrpc.Struct {
	return xmlrpc.Struct{
		{Name: "session-id", Value: o.ID},
		{Name: "session-key", Value: o.Key},
		{Name: "header-auth", Value: true},
	}
}

// login checks the password in a transaction that only reads, since that takes
// its time on purpose.
func (s *Server) login(ctx context.Context, c *Call) (any, error) {
	args, err := rebind(c, loginArgs)
	if err != nil {
		return nil, err
	}
	name, password := args.String("user"), args.String("password")
	if args.Err() != nil || password == "" {
		return nil, fault(authError, "invalid username or password")
	}
	if c.Actor.LoggedIn() {
		return nil, fault(authError, "Already logged in")
	}
	var user account.User
	err = s.DB.View(ctx, func(tx *db.Tx) error {
		user, err = s.Sessions.Password(ctx, tx, name, password, c.request.remote)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.start(ctx, c, args, account.AuthPassword, func(*db.Tx) (account.User, error) { return user, nil })
}

// sslLogin takes the word of the transport for who it is, or, from those that
// may log others in, the client's.
func (s *Server) sslLogin(ctx context.Context, c *Call) (any, error) {
	args, err := rebind(c, sslLoginArgs)
	if err != nil {
		return nil, err
	}
	proxied, proxyType := args.OptString("proxyuser"), args.OptInt("proxyauthtype")
	if err := args.Err(); err != nil {
		return nil, err
	}
	if c.Actor.LoggedIn() {
		return nil, fault(authError, "Already logged in")
	}
	id, ok := s.Identify(c.request.http)
	if !ok {
		return nil, fault(authError, "could not verify client: None")
	}
	if proxied != nil && *proxied != "" {
		if id, err = s.proxy(id, *proxied, proxyType); err != nil {
			return nil, err
		}
	}
	return s.start(ctx, c, args, id.Authtype, func(tx *db.Tx) (account.User, error) {
		if id.Authtype == account.AuthGSSAPI && strings.Contains(id.Name, "@") {
			return s.Sessions.Principal(ctx, tx, id.Name)
		}
		return s.Sessions.Certificate(ctx, tx, id.Name)
	})
}

// proxy lets those that the configuration names log others in: a web front,
// for one.
func (s *Server) proxy(id Identity, user string, authtype *int64) (Identity, error) {
	trusted := s.ProxyDNs
	if id.Authtype == account.AuthGSSAPI {
		trusted = s.ProxyPrincipals
	}
	if !slices.Contains(trusted, id.DN) {
		return id, fault(authError, "%s is not authorized to login other users", id.DN)
	}
	id.Name = user
	if authtype == nil {
		return id, nil
	}
	if t := *authtype; t != int64(id.Authtype) && !s.AllowProxyAuthType {
		return id, fault(authError, "Proxy must use same auth mechanism as hub (behaviour "+
			"can be overriden via AllowProxyAuthType hub option)")
	} else if t != account.AuthCertificate && t != account.AuthGSSAPI {
		return id, fault(authError, "Proxied authtype %d is not valid for sslLogin", t)
	}
	id.Authtype = int(*authtype)
	return id, nil
}

// start gives the user a session, or the old one a new key.
func (s *Server) start(ctx context.Context, c *Call, args *Args, authtype int,
	user func(*db.Tx) (account.User, error)) (any, error) {
	old, ip := c.request.cred, c.request.remote
	var o account.Opened
	err := s.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := user(tx)
		if err != nil {
			return err
		}
		if args.Bool("renew") && old.Session != 0 {
			o, err = s.Sessions.Renew(ctx, tx, u, old.Credentials)
		} else {
			o, err = s.Sessions.Open(ctx, tx, u, authtype, ip)
		}
		if err != nil || !args.Bool("exclusive") {
			return err
		}
		a, err := s.Sessions.Check(ctx, tx, account.Credentials{Session: o.ID, Key: o.Key, IP: ip})
		if err != nil || a.Exclusive {
			return err
		}
		return s.Sessions.MakeExclusive(ctx, tx, a, false)
	})
	return opened(o), err
}
