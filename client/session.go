package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kura-build/kura"
)

// session is what the hub gave us at login.
type session struct {
	id      int64
	key     string
	headers bool  // the hub takes the session from headers; older ones from the query
	callnum int64 // of the next call
}

// ticket is what one call shows of the session.
type ticket struct {
	id      int64
	key     string
	headers bool
	number  int64
}

func (s *session) next() *ticket {
	t := &ticket{id: s.id, key: s.key, headers: s.headers, number: s.callnum}
	s.callnum++
	return t
}

// LoggedIn reports whether there is a session, or a token.
func (h *Hub) LoggedIn() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.session != nil || h.token != ""
}

// Login opens a session by what the profile says, unless there is one. It is
// renewed without asking when it expires. A token needs none.
func (h *Hub) Login(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session != nil || h.token != "" {
		return nil
	}
	return h.login(ctx, false)
}

// Logout ends the session. A token stays good.
func (h *Hub) Logout(ctx context.Context) error {
	if !h.LoggedIn() || h.token != "" {
		return nil
	}
	_, err := h.Call(ctx, "logout")
	h.mu.Lock()
	h.session = nil
	h.mu.Unlock()
	return err
}

// authtype decides how to log in.
func (h *Hub) authtype() (string, error) {
	p := &h.profile
	switch p.AuthType {
	case "ssl", "password":
		return p.AuthType, nil
	case "":
		if p.Cert != "" {
			return "ssl", nil
		}
		if p.User != "" && p.Password != "" {
			return "password", nil
		}
		return "", kura.Errorf("client.Login", kura.Unauthenticated,
			"profile %q says nothing about who we are: add \"authtype = ssl\" and \"cert = FILE\", or \"token_file = FILE\"", p.Name)
	case "token":
		return "", kura.Errorf("client.Login", kura.Unauthenticated, "profile %q has authtype = token and no token: add \"token_file = FILE\", or set KURA_TOKEN", p.Name)
	case "noauth":
		return "", kura.Errorf("client.Login", kura.Unauthenticated, "profile %q is for looking only (authtype = noauth): use another profile", p.Name)
	}
	return "", kura.Errorf("client.Login", kura.Unauthenticated, "profile %q: authtype %q is not known here: use ssl, password or token", p.Name, p.AuthType)
}

func (h *Hub) login(ctx context.Context, renew bool) error {
	how, err := h.authtype()
	if err != nil {
		return err
	}
	timeout := h.profile.AuthTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	var m *message
	config := h.tls
	if how == "ssl" {
		kw := Keywords{"proxyuser": nil}
		if renew {
			kw["renew"] = true
		}
		m, err = newMessage("sslLogin", []any{kw})
		if err == nil {
			m.path = "/ssllogin"
			config, err = withCertificate(h.tls, &h.profile)
		}
	} else {
		kw := Keywords{"opts": nil}
		if renew {
			kw["renew"] = true
		}
		m, err = newMessage("login", []any{h.profile.User, h.profile.Password, kw})
	}
	if err != nil {
		return err
	}
	var old *ticket
	if renew && h.session != nil {
		old = h.session.next()
	}
	m.secure = how == "ssl"
	v, err := h.knock(ctx, connect(config, timeout), m, old, renew || h.reached)
	var b *broken
	if how == "ssl" && errors.As(err, &b) && b.status == http.StatusForbidden {
		v, err = h.knock(ctx, connect(elder(config), timeout), m, old, true)
	}
	if err != nil {
		return err
	}
	got := AsMap(v)
	s := &session{id: got.Int("session-id"), key: got.Str("session-key"), headers: got.Bool("header-auth")}
	if s.id == 0 || s.key == "" {
		return badAnswer(m.method, h.base.Redacted(), errors.New("it holds no session"))
	}
	if old != nil && s.id == h.session.id {
		s.callnum = h.session.callnum // hubs exist that go on counting after a renewal
	}
	h.session, h.reached = s, true
	return nil
}

// knock is repeat on a connection of its own.
func (h *Hub) knock(ctx context.Context, c *http.Client, m *message, s *ticket, reached bool) (any, error) {
	defer c.CloseIdleConnections()
	return h.repeat(ctx, c, m, s, reached)
}
