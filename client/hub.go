package client

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/format/xmlrpc"
)

// Hub is one hub and, after Login, one session there. Its methods may be
// called from many goroutines; the calls of a session go one after the other,
// because the hub insists on the order of their numbers. With a token there is
// no session: each call shows it, and has no number.
type Hub struct {
	// OnRetry hears of each repetition, before the pause. It may be nil.
	OnRetry func(method string, err error, pause time.Duration)
	// Limits bound what is read of one answer.
	Limits xmlrpc.Limits

	profile Profile
	base    *url.URL
	tls     *tls.Config
	token   string // empty: there are sessions
	http    *http.Client
	sleep   func(context.Context, time.Duration) error

	mu      sync.Mutex // guards what follows, and is held during the calls of a session
	session *session
	reached bool // the hub has answered before: trouble now is likely to pass
}

// New makes a Hub. Nothing is sent yet.
func New(p *Profile) (*Hub, error) {
	base, err := url.Parse(strings.TrimRight(p.Server, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, kura.Errorf("client.New", kura.Invalid, "profile %q: server %q is no http or https address", p.Name, p.Server)
	}
	c, err := trust(p)
	if err != nil {
		return nil, err
	}
	token, err := secretToken(p)
	if err != nil {
		return nil, err
	}
	h := &Hub{
		Limits:  xmlrpc.Limits{Bytes: 1 << 30, Depth: 64, Values: 1 << 25, String: 256 << 20},
		profile: *p, base: base, tls: c, token: token, sleep: sleep,
	}
	timeout := p.Timeout
	if timeout == 0 {
		timeout = time.Hour
	}
	h.http = connect(c, timeout)
	return h, nil
}

// Profile gives what the Hub was made with.
func (h *Hub) Profile() Profile { return h.profile }

// Close lets go of the connections. A session stays with the hub until Logout
// or its expiry.
func (h *Hub) Close() { h.http.CloseIdleConnections() }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
